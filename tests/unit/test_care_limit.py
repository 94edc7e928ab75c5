"""A contact with a care plan: who is asked first, how long it may last, and what it never costs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from hotline import events as e
from hotline.call import LegAnswered
from hotline.contact import ContactState
from hotline.events import AlarmKind, Priority, Reason, Result, Termination
from hotline.ids import CounselorId
from tests.unit.scene import CALLER, Scene


def play(act: Callable[[Scene], Awaitable[None]], *, flow: str = "main", **known: object) -> Scene:
    """Run one scene in a loop of its own, with a caller of whom this is `known`."""

    async def whole() -> Scene:
        scene = Scene(flow=flow)
        scene.welcome = replace(scene.welcome, **known)
        await act(scene)
        return scene

    return asyncio.run(whole())


def test_dedicated_counselor_and_high_risk_reach_the_queue() -> None:
    scene = play(lambda s: s.wait_in_line(), asked_for=CounselorId("1001"), high_risk=True)
    waiting = scene.queue.waiting[scene.conversation.contact.id]
    assert (waiting.asked_for, waiting.priority) == ("1001", Priority.HIGH_RISK)
    assert scene.last(e.ContactQueued).priority is Priority.HIGH_RISK


def test_caller_at_high_risk_in_danger_is_a_crisis() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.press("0")

    scene = play(act, asked_for=CounselorId("1001"), high_risk=True)
    waiting = scene.queue.waiting[scene.conversation.contact.id]
    assert (waiting.asked_for, waiting.priority) == ("1001", Priority.CRISIS)


def test_fault_in_the_menu_forgets_nothing_that_is_known() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        s.conversation.rescue()
        await s.settle()

    scene = play(act, asked_for=CounselorId("1001"), high_risk=True)
    waiting = scene.queue.waiting[scene.conversation.contact.id]
    assert (waiting.asked_for, waiting.priority) == ("1001", Priority.HIGH_RISK)


@pytest.mark.parametrize(
    ("flow", "refusal"), [("care", Reason.CARE_PLAN), ("closed", Reason.CLOSED)]
)
def test_caller_who_is_turned_away_ends_with_the_reason(flow: str, refusal: Reason) -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        for _ in range(4):
            await s.hear_out()
            await s.advance(10)

    scene = play(act, flow=flow, refusal=refusal)
    assert scene.termination == Termination(Result.REFUSED, refusal)
    assert CALLER in scene.telephone.ended


@pytest.mark.parametrize("flow", ["care", "closed"])
def test_caller_who_is_turned_away_reaches_a_human_in_danger(flow: str) -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("0")

    scene = play(act, flow=flow)
    assert scene.queue.waiting[scene.conversation.contact.id].priority is Priority.CRISIS


def test_counselor_alone_hears_a_minute_before_the_limit() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await s.advance(539)
        assert s.counselor_leg not in s.audio.playing
        await s.advance(1)

    scene = play(act, seconds=600)
    assert scene.audio.playing[scene.counselor_leg] == ("care_limit",)
    assert CALLER not in scene.audio.playing


def test_limit_is_journalled_once_and_cuts_nobody_off() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await s.advance(1200)

    scene = play(act, seconds=600)
    reached = [one for one in scene.journal.events if isinstance(one, e.CareLimitReached)]
    assert [(one.counselor, one.seconds) for one in reached] == [("1001", 600)]
    assert scene.state is ContactState.TALKING
    assert scene.audio.bridges == {frozenset({CALLER, scene.counselor_leg})}


def test_conversation_that_ends_in_time_says_nothing_and_is_counted() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await s.advance(500)
        await s.caller_hangs_up()
        await s.advance(1200)

    scene = play(act, seconds=600)
    assert scene.queue.talked_seconds == {scene.conversation.contact.id: 500}
    assert "CareLimitReached" not in scene.journal.names
    assert scene.counselor_leg not in scene.audio.playing


def test_limit_is_one_for_both_stretches_when_a_counselor_is_lost() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await s.advance(500)
        await s.counselor_ends(Reason.RTP_SILENCE)
        await s.advance(300)
        await s.be_offered(2)
        await s.hear(LegAnswered(leg=s.counselor_leg))
        await s.advance(99)
        assert "CareLimitReached" not in s.journal.names
        await s.advance(1)

    scene = play(act, seconds=600)
    assert scene.journal.names[-1] == "CareLimitReached"


@pytest.mark.parametrize("when", ["menu", "queue"])
def test_whoever_is_in_danger_has_no_limit(when: str) -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("0" if when == "menu" else "#110")
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))
        await s.advance(3600)
        await s.caller_hangs_up()

    scene = play(act, seconds=600)
    assert "ContactAnswered" in scene.journal.names
    assert "CareLimitReached" not in scene.journal.names
    assert scene.queue.talked_seconds == {}


def test_conversation_without_a_limit_is_not_counted() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await s.advance(5000)
        await s.caller_hangs_up()

    assert play(act).queue.talked_seconds == {}


def test_missing_warning_costs_an_alarm_not_the_call() -> None:
    async def act(s: Scene) -> None:
        s.prompts.missing.add("care_limit")
        await s.talk()
        await s.advance(700)

    scene = play(act, seconds=600)
    assert scene.state is ContactState.TALKING
    assert AlarmKind.PROMPT_MISSING in scene.alarms.standing
