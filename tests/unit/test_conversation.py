"""One contact's life, with fakes around it: what is journalled, said, bridged and promised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hotline import events as e
from hotline.call import DigitPressed, LegAnswered, LegHeld, LegResumed
from hotline.contact import ContactState as S
from hotline.events import AlarmKind, Priority, Reason, Result, Termination
from hotline.ids import RecordingId
from tests.unit.scene import CALLER, Scene

Act = Callable[[Scene], Awaitable[None]]


def play(act: Act, *, flow: str = "main") -> Scene:
    """Run one scene in a loop of its own."""

    async def whole() -> Scene:
        scene = Scene(flow=flow)
        await act(scene)
        return scene

    return asyncio.run(whole())


def test_caller_rings_is_answered_and_hears_the_notice() -> None:
    scene = play(lambda s: s.ring_in())
    assert scene.telephone.said == [("ring", CALLER), ("answer", CALLER)]
    assert "notice" in scene.audio.playing[CALLER]
    assert scene.journal.names == ["InviteReceived", "CallAnswered"]


def test_menu_choice_decides_what_the_queue_is_asked_for() -> None:
    scene = play(lambda s: s.wait_in_line())
    waiting = scene.queue.waiting[scene.conversation.contact.id]
    assert (waiting.topic, waiting.skills, waiting.priority) == (
        "emotion",
        ("emotion",),
        Priority.NORMAL,
    )
    assert scene.state is S.QUEUED
    assert waiting.arrived_at == scene.journal.events[0].at


def test_danger_key_during_the_notice_queues_a_crisis_at_once() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("0")

    scene = play(act)
    assert scene.queue.waiting[scene.conversation.contact.id].priority is Priority.CRISIS


def test_danger_key_while_waiting_raises_the_priority_and_keeps_the_arrival() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.advance(30)
        await s.press("0")

    scene = play(act)
    waiting = scene.queue.waiting[scene.conversation.contact.id]
    assert waiting.priority is Priority.CRISIS
    assert waiting.arrived_at == scene.journal.events[0].at


def test_danger_key_while_a_phone_rings_counts_when_the_offer_is_missed() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        await s.press("0")
        await s.advance(20)
        await s.counselor_ends(Reason.WITHDRAWN, 487)

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.queue.waiting[scene.conversation.contact.id].priority is Priority.CRISIS


def test_silence_through_the_whole_menu_leads_to_a_human() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        for _ in range(12):
            await s.hear_out()
            await s.advance(10)

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.last(e.MenuFinished).outcome == "silence"


def test_missing_prompt_leads_to_a_human_unrecorded_and_raises_an_alarm() -> None:
    async def act(s: Scene) -> None:
        s.prompts.missing.add("notice")
        await s.ring_in()
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))

    scene = play(act)
    assert scene.state is S.TALKING
    assert scene.recorder.started == 0
    assert AlarmKind.PROMPT_MISSING in scene.alarms.standing


def test_answered_offer_bridges_both_and_records_two_tracks() -> None:
    async def act(s: Scene) -> None:
        await s.talk()

    scene = play(act)
    assert scene.audio.bridges == {frozenset({CALLER, scene.counselor_leg})}
    assert CALLER not in scene.audio.playing
    assert scene.journal.names[-3:] == ["ContactOffered", "ContactAnswered", "RecordingStarted"]


def test_refused_recording_is_served_unrecorded() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("811")
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))

    scene = play(act)
    assert scene.state is S.TALKING
    assert scene.recorder.started == 0
    assert "ConsentRefused" in scene.journal.names


@pytest.mark.parametrize(
    ("reason", "status", "event", "told"),
    [
        (Reason.DECLINED, 486, "OfferDeclined", "give_back declined"),
        (Reason.UNREACHABLE, 480, "OfferFailed", "give_back unreachable"),
    ],
)
def test_offer_that_comes_to_nothing_goes_back_to_its_place(
    reason: Reason, status: int, event: str, told: str
) -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        await s.counselor_ends(reason, status)

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.journal.names[-1] == event
    assert scene.queue.said[-1] == (told, "1")


def test_phone_that_is_not_answered_in_time_is_hung_up_and_missed() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        await s.advance(20)
        assert s.counselor_leg in s.telephone.ended
        await s.counselor_ends(Reason.WITHDRAWN, 487)

    scene = play(act)
    assert scene.journal.names[-1] == "OfferMissed"
    assert scene.queue.said[-1] == ("give_back missed", "1")


def test_offer_that_lost_its_lease_hangs_up_the_counselor_and_keeps_the_caller() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        s.queue.valid = False
        await s.hear(LegAnswered(leg=s.counselor_leg))
        await s.counselor_ends(Reason.COUNSELOR_HUNG_UP)

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.journal.names[-1] == "OfferWithdrawn"
    assert CALLER not in scene.telephone.ended


def test_offer_for_a_caller_who_hung_up_is_given_back() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.caller_hangs_up()
        await s.be_offered()

    scene = play(act)
    assert scene.queue.said[-1] == ("give_back withdrawn", "1")
    assert scene.telephone.dialled == []


@pytest.mark.parametrize("depth", ["menu", "queue", "offer"])
def test_caller_who_leaves_before_a_conversation_has_abandoned(depth: str) -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        if depth != "menu":
            await s.press("#11")
        if depth == "offer":
            await s.be_offered()
        await s.caller_hangs_up()

    scene = play(act)
    assert scene.termination == Termination(Result.ABANDONED, Reason.CALLER_HUNG_UP)
    assert scene.state is S.ABANDONED
    if depth == "offer":
        assert scene.counselor_leg in scene.telephone.ended
    if depth != "menu":
        assert scene.queue.said[-1] == ("leave", scene.conversation.contact.id)


@pytest.mark.parametrize("reason", [Reason.CALLER_HUNG_UP, Reason.RTP_SILENCE])
def test_caller_who_ends_the_conversation_completes_it(reason: Reason) -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await s.caller_hangs_up(reason)
        await s.counselor_ends(Reason.COUNSELOR_HUNG_UP)

    scene = play(act)
    assert scene.termination == Termination(Result.COMPLETED, reason)
    assert scene.journal.names[-2:] == ["RecordingStopped", "CallerLeft"]
    assert scene.recorder.running == set()
    assert scene.audio.bridges == set()
    assert scene.counselor_leg in scene.telephone.ended
    assert scene.queue.said[-1] == ("finish", "1")
    assert scene.conversation.over


def test_counselor_who_hangs_up_completes_the_contact() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await s.counselor_ends(Reason.COUNSELOR_HUNG_UP)

    scene = play(act)
    assert scene.termination == Termination(Result.COMPLETED, Reason.COUNSELOR_HUNG_UP)
    assert CALLER in scene.telephone.ended


def test_lost_counselor_leg_keeps_the_caller_in_the_queue() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await s.counselor_ends(Reason.RTP_SILENCE)

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.audio.playing[CALLER] == ("counselor_lost",)
    assert scene.queue.said[-1] == ("finish and requeue", "1")
    assert CALLER not in scene.telephone.ended


def test_counselor_hold_gives_the_caller_music_and_resume_gives_the_voice_back() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        await s.hear(LegHeld(leg=s.counselor_leg))
        assert s.audio.playing[CALLER] == ("music",)
        assert s.audio.bridges == set()
        await s.hear(LegResumed(leg=s.counselor_leg))

    scene = play(act)
    assert scene.audio.bridges == {frozenset({CALLER, scene.counselor_leg})}
    assert CALLER not in scene.audio.playing
    assert scene.journal.names[-2:] == ["ContactHeld", "ContactResumed"]


def test_full_disk_costs_the_recording_not_the_call() -> None:
    async def act(s: Scene) -> None:
        s.recorder.full = True
        await s.talk()

    scene = play(act)
    assert scene.state is S.TALKING
    assert scene.journal.names[-1] == "RecordingFailed"
    assert AlarmKind.RECORDING_FAILED in scene.alarms.standing


def test_recording_that_the_recorder_gave_up_is_journalled_once() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        s.conversation.recording_stopped(RecordingId("recording-1"), "disk")
        s.conversation.recording_stopped(RecordingId("recording-1"), "disk")
        await s.caller_hangs_up()

    scene = play(act)
    assert scene.journal.names[-2:] == ["RecordingFailed", "CallerLeft"]


def test_absent_queue_keeps_the_music_and_is_asked_again_when_back() -> None:
    async def act(s: Scene) -> None:
        s.conversation.begin()
        await s.hear(LegAnswered(leg=CALLER))
        s.queue.away = True
        await s.press("#11")
        await s.turn()
        assert s.state is S.QUEUED
        assert s.audio.playing[CALLER] == ("please_wait",)
        s.queue.away = False
        while not s.queue.waiting:
            s.timers.advance(1)
            await s.turn()

    scene = play(act)
    assert scene.conversation.contact.id in scene.queue.waiting


def test_counselor_who_answers_while_redis_is_away_talks_and_redis_is_told_later() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        s.queue.away = True
        s.conversation.leg_event(LegAnswered(leg=s.counselor_leg))
        await s.turn()
        await s.turn()
        assert s.state is S.TALKING
        s.queue.away = False
        while ("accept", "1") not in s.queue.said:
            s.timers.advance(1)
            await s.turn()

    scene = play(act)
    assert scene.audio.bridges == {frozenset({CALLER, scene.counselor_leg})}


def test_counselor_who_answers_does_not_wait_behind_what_redis_was_not_told_yet() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        s.queue.away = True
        s.conversation.leg_event(DigitPressed(leg=CALLER, digit="0"))  # asks for another place
        await s.turn()
        s.conversation.leg_event(LegAnswered(leg=s.counselor_leg))
        for _ in range(4):
            await s.turn()
        assert s.state is S.TALKING
        s.conversation.cancel()
        s.queue.away = False

    scene = play(act)
    assert scene.audio.bridges == {frozenset({CALLER, scene.counselor_leg})}


def test_queue_that_forgot_the_caller_is_told_again() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        s.queue.waiting.clear()
        await s.advance(45)

    scene = play(act)
    assert scene.conversation.contact.id in scene.queue.waiting


def test_blocked_caller_is_refused_after_the_message() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        for _ in range(4):
            await s.hear_out()
            await s.advance(10)

    scene = play(act, flow="blocked")
    assert scene.termination == Termination(Result.REFUSED, Reason.BLOCKED)
    assert CALLER in scene.telephone.ended


def test_blocked_caller_in_danger_reaches_a_human() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("0")

    scene = play(act, flow="blocked")
    assert scene.queue.waiting[scene.conversation.contact.id].priority is Priority.CRISIS


def test_shutdown_ends_a_conversation_with_its_reason() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        s.conversation.fail(Reason.SHUTDOWN)
        await s.settle()

    scene = play(act)
    assert scene.termination == Termination(Result.FAILED, Reason.SHUTDOWN)
    assert scene.queue.said[-1] == ("finish", "1")


def test_fault_in_the_menu_leads_to_a_human() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        s.conversation.rescue()
        await s.settle()

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.last(e.MenuFinished).outcome == "fault"
