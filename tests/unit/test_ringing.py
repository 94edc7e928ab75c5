"""An offer that comes to nothing: whose fault it was, and what becomes of the counselor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from hotline.call import LegEnded, LegEvent, LegRang, LegTried
from hotline.contact import ContactState as S
from hotline.conversation.seat import AGAIN_SECONDS
from hotline.events import AlarmKind, CounselorState, Reason
from hotline.ids import CounselorId
from tests.fakes import an_offer
from tests.unit.scene import Scene

COUNSELOR = CounselorId("1001")
WITHDRAWN = ("give_back withdrawn", "1")


def play(act: Callable[[Scene], Awaitable[None]]) -> Scene:
    """Run one scene that begins with an offer, dialled towards an edge that is silent as yet."""

    async def whole() -> Scene:
        scene = Scene()
        await scene.wait_in_line()
        await scene.be_offered(edge=False)
        await act(scene)
        return scene

    return asyncio.run(whole())


async def ring_in_vain(scene: Scene) -> None:
    await scene.advance(20)
    assert scene.counselor_leg in scene.telephone.ended
    await scene.counselor_ends(Reason.WITHDRAWN, 487)


async def fail(scene: Scene, reason: Reason, status: int) -> None:
    """The leg ends by itself; what the queue will be told of it is not waited for."""
    scene.conversation.leg_event(LegEnded(leg=scene.counselor_leg, reason=reason, status=status))
    await scene.turn()


async def pause(scene: Scene) -> None:
    scene.timers.advance(AGAIN_SECONDS)
    await scene.settle()


def test_edge_that_says_nothing_at_all_takes_no_counselor_off_ready() -> None:
    scene = play(ring_in_vain)
    assert scene.state is S.QUEUED
    assert scene.journal.names[-1] == "OfferWithdrawn"
    assert scene.queue.said[-1] == WITHDRAWN
    assert scene.queue.states[COUNSELOR] is CounselorState.READY
    assert AlarmKind.EDGE_AWAY in scene.alarms.standing


@pytest.mark.parametrize("sign", [LegTried, LegRang])
def test_phone_that_nobody_answers_is_missed_once_the_edge_said_a_word(
    sign: type[LegEvent],
) -> None:
    async def act(s: Scene) -> None:
        await s.hear(sign(leg=s.counselor_leg))
        await ring_in_vain(s)

    scene = play(act)
    assert scene.journal.names[-1] == "OfferMissed"
    assert scene.queue.said[-1] == ("give_back missed", "1")
    assert scene.alarms.told == []


def test_edge_that_speaks_again_ends_the_alarm() -> None:
    async def act(s: Scene) -> None:
        await ring_in_vain(s)
        assert AlarmKind.EDGE_AWAY in s.alarms.standing
        await s.be_offered(2)

    assert play(act).alarms.standing == {}


def test_offer_with_no_time_left_to_hear_the_edge_raises_no_alarm() -> None:
    async def act(s: Scene) -> None:
        await ring_in_vain(s)
        s.alarms.clear_alarm(AlarmKind.EDGE_AWAY)
        soon = s.clock.now() + timedelta(seconds=1)
        s.queue.claim(late := an_offer(s.conversation.contact.id, expires_at=soon, number=2))
        s.conversation.offer_made(late)
        await s.advance(1)
        await s.counselor_ends(Reason.WITHDRAWN, 487)

    scene = play(act)
    assert scene.queue.said[-1] == ("give_back withdrawn", "2")
    assert scene.alarms.standing == {}


@pytest.mark.parametrize(
    ("reason", "status", "alarms"),
    [
        (Reason.OVER_CAPACITY, 503, set()),
        (Reason.FAULT, 500, set()),
        (Reason.SHUTDOWN, 503, set()),
        (Reason.UNREACHABLE, 503, {AlarmKind.EDGE_AWAY}),  # could not be sent
        (Reason.UNREACHABLE, 408, {AlarmKind.EDGE_AWAY}),  # our own transaction ran out
    ],
)
def test_offer_that_we_could_not_dial_goes_back_after_a_pause_without_blame(
    reason: Reason, status: int, alarms: set[AlarmKind]
) -> None:
    async def act(s: Scene) -> None:
        await fail(s, reason, status)
        assert s.state is S.QUEUED
        assert WITHDRAWN not in s.queue.said
        await pause(s)

    scene = play(act)
    assert scene.journal.names[-1] == "OfferWithdrawn"
    assert scene.queue.said[-1] == WITHDRAWN
    assert scene.queue.states[COUNSELOR] is CounselorState.READY
    assert set(scene.alarms.standing) == alarms


@pytest.mark.parametrize("status", [408, 480, 503])
def test_phone_that_the_edge_could_not_reach_makes_its_counselor_not_ready(status: int) -> None:
    async def act(s: Scene) -> None:
        await s.hear(LegTried(leg=s.counselor_leg))
        await fail(s, Reason.UNREACHABLE, status)

    scene = play(act)
    assert scene.queue.said[-1] == ("give_back unreachable", "1")
    assert scene.queue.states[COUNSELOR] is CounselorState.NOT_READY
    assert scene.alarms.told == []


def test_phone_that_rings_and_of_which_the_edge_says_408_is_nobodys_fault() -> None:
    async def act(s: Scene) -> None:
        await s.hear(LegRang(leg=s.counselor_leg))
        await fail(s, Reason.UNREACHABLE, 408)
        await s.settle()

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.queue.said[-1] == WITHDRAWN
    assert scene.queue.states[COUNSELOR] is CounselorState.READY
    assert scene.alarms.told == []


def test_caller_who_hangs_up_in_the_pause_leaves_the_counselor_ready() -> None:
    async def act(s: Scene) -> None:
        await fail(s, Reason.OVER_CAPACITY, 503)
        hung_up = asyncio.ensure_future(s.caller_hangs_up())
        await s.turn()
        await pause(s)
        await hung_up

    scene = play(act)
    assert scene.state is S.ABANDONED
    assert scene.conversation.over
    assert scene.queue.waiting == {}
    assert scene.queue.states[COUNSELOR] is CounselorState.READY
