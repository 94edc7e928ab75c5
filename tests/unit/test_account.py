"""A conversation that tells the queue again what is so, and is told that it had been given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hotline import events as e
from hotline.call import LegAnswered, LegEnded
from hotline.contact import ContactState as S
from hotline.events import AlarmKind, CounselorState, Reason
from hotline.ids import CounselorId
from tests.unit.scene import Scene

ONE = CounselorId("1001")


def play(act: Callable[[Scene], Awaitable[None]]) -> Scene:
    async def run() -> Scene:
        scene = Scene()
        await act(scene)
        await scene.settle()
        return scene

    return asyncio.run(run())


async def lose(scene: Scene) -> None:
    """The queue has lost the contact and set its counselor free."""
    await scene.queue.leave(scene.conversation.contact.id)
    scene.queue.states[ONE] = CounselorState.READY


def test_heartbeat_says_what_the_contact_does_and_under_which_offer() -> None:
    async def act(s: Scene) -> None:
        said = []
        for step in (s.ring_in, lambda: s.press("#11"), s.be_offered):
            await step()
            said.append(
                (
                    s.conversation.carried[s.conversation.contact.id].state,
                    s.conversation.carried[s.conversation.contact.id].seq,
                )
            )
        assert [state for state, _ in said] == [S.GREETED, S.QUEUED, S.OFFERED]
        assert [seq for _, seq in said] == sorted({seq for _, seq in said})
        offer = s.conversation.carried[s.conversation.contact.id].offer
        await s.hear(LegAnswered(leg=s.counselor_leg))
        carried = s.conversation.carried[s.conversation.contact.id]
        assert (carried.state, carried.offer) == (S.TALKING, offer)
        assert offer is not None
        await s.counselor_ends(Reason.RTP_SILENCE)
        assert s.conversation.carried[s.conversation.contact.id].offer is None

    play(act)


def test_talk_that_the_queue_has_lost_is_told_to_it_again_and_an_operator_hears_of_it() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await lose(s)
        s.conversation.tell_again(s.conversation.contact.id)

    scene = play(act)
    assert scene.queue.states[ONE] is CounselorState.TALKING
    ((kind, detail),) = scene.alarms.told
    assert kind is AlarmKind.STUCK_STATE_MENDED
    assert "talks with counselor 1001" in detail
    assert scene.state is S.TALKING


def test_talk_that_the_queue_knows_after_all_is_no_news() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        s.conversation.tell_again(s.conversation.contact.id)

    assert play(act).alarms.told == []


def test_contact_whose_last_word_is_on_its_way_says_nothing_else() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        s.queue.away = True
        await s.hear(LegEnded(leg=s.counselor_leg, reason=Reason.RTP_SILENCE, status=200))
        s.conversation.tell_again(s.conversation.contact.id)
        s.queue.away = False
        s.timers.advance(1)

    scene = play(act)
    assert "restate" not in dict(scene.queue.said)
    assert list(scene.queue.waiting) == [scene.conversation.contact.id]


def test_talk_of_which_the_queue_is_about_to_hear_is_not_told_twice() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        s.queue.away = True
        await s.hear(LegAnswered(leg=s.counselor_leg))
        while s.state is not S.TALKING:
            await s.turn()
        s.conversation.tell_again(s.conversation.contact.id)
        s.queue.away = False
        while not s.conversation._errands.idle:
            s.timers.advance(1)
            await s.turn()

    scene = play(act)
    assert "restate" not in dict(scene.queue.said)
    assert scene.queue.states[ONE] is CounselorState.TALKING


def test_phone_that_must_not_ring_any_more_stops_and_the_caller_waits_on() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        await lose(s)
        s.queue.states[ONE] = CounselorState.NOT_READY
        s.conversation.tell_again(s.conversation.contact.id)

    scene = play(act)
    assert scene.counselor_leg in scene.telephone.ended
    assert scene.state is S.QUEUED
    assert scene.journal.names[-1] == "OfferWithdrawn"


def test_offer_that_is_delivered_twice_rings_once_and_disturbs_no_talk() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        offer = await s.be_offered()
        s.conversation.offer_made(offer)
        await s.hear(LegAnswered(leg=s.counselor_leg))
        s.conversation.offer_made(offer)

    scene = play(act)
    assert len(scene.telephone.dialled) == 1
    assert scene.state is S.TALKING
    assert not [said for said, _ in scene.queue.said if said.startswith("give_back")]


def test_contact_that_had_been_given_up_says_once_that_it_lives_and_is_recorded_anew() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        before = s.conversation.contact.seq
        s.conversation.revive(before + 1)
        s.conversation.revive(before + 1)
        revived = s.last(e.ContactRevived)
        assert isinstance(revived, e.ContactRevived)
        assert (revived.seq, revived.state, revived.counselor) == (before + 2, "talking", ONE)

    scene = play(act)
    assert scene.journal.names[-3:] == ["ContactRevived", "RecordingStopped", "RecordingStarted"]
    assert scene.journal.names.count("ContactRevived") == 1
    assert scene.recorder.running == {"recording-2"}
    assert [kind for kind, _ in scene.alarms.told] == [AlarmKind.STUCK_STATE_MENDED]


def test_contact_that_is_over_is_not_revived() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.caller_hangs_up()
        s.conversation.revive(9)

    assert "ContactRevived" not in play(act).journal.names
