"""A message when nobody is there: offered honestly, by choice, and never instead of a human."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from hotline import events as e
from hotline.call import LegAnswered, LegEnded
from hotline.contact import ContactState as S
from hotline.events import AlarmKind, Priority, Reason, Result, Termination
from hotline.ids import RecordingId
from hotline.overflow import Overflow
from tests.unit.scene import CALLER, Scene

Act = Callable[[Scene], Awaitable[None]]
OFFER = ("nobody_there", "nobody_message")
SENTENCE = ("message_intro", "beep")
ONE = RecordingId("recording-1")
PARTNER = Overflow(name="north", to="sip:help@192.0.2.20", when_unstaffed=True, attempts=2)


def play(act: Act, *partners: Overflow, flow: str = "main", voicemail: bool = True) -> Scene:
    async def whole() -> Scene:
        scene = Scene(flow=flow, overflow=partners, voicemail=voicemail)
        await act(scene)
        return scene

    return asyncio.run(whole())


async def nobody_is_there(s: Scene) -> None:
    await s.wait_in_line()
    await s.hear_out()
    await s.wait_for(1, unstaffed=True)


async def choose_message(s: Scene) -> None:
    await nobody_is_there(s)
    await s.press("5")


async def speak(s: Scene, seconds: float = 5) -> None:
    await choose_message(s)
    await s.hear_out()
    await s.advance(seconds)


# --- the offer -----------------------------------------------------------------------


def test_caller_hears_honestly_that_nobody_is_there_and_may_leave_a_message() -> None:
    scene = play(nobody_is_there)
    assert scene.audio.playing[CALLER] == OFFER
    assert scene.state is S.QUEUED


def test_it_is_said_in_place_of_the_position_until_somebody_comes() -> None:
    async def act(s: Scene) -> None:
        await nobody_is_there(s)
        await s.hear_out()
        assert s.audio.playing[CALLER] == ("music",)
        await s.wait_for(9, unstaffed=True)
        assert s.audio.playing[CALLER] == OFFER
        await s.hear_out()
        await s.wait_for(45)
        assert s.audio.playing[CALLER] == ("position_next",)

    play(act)


def test_where_messages_are_off_nobody_is_offered_one() -> None:
    async def act(s: Scene) -> None:
        await nobody_is_there(s)
        await s.press("5")

    scene = play(act, voicemail=False)
    assert scene.state is S.QUEUED
    assert scene.audio.playing[CALLER] == ("music",)


def test_partner_is_tried_before_a_message_is_offered() -> None:
    async def act(s: Scene) -> None:
        await nobody_is_there(s)
        await s.wait_for(3, unstaffed=True)
        assert s.audio.playing[CALLER] == ("music",)
        await s.hear(LegEnded(leg=s.partner_leg, reason=Reason.DECLINED, status=486))
        await s.wait_for(1, unstaffed=True)
        assert s.audio.playing[CALLER] == OFFER

    play(act, PARTNER)


def test_crisis_is_never_asked_for_a_message_nor_sent_to_one() -> None:
    async def act(s: Scene) -> None:
        await nobody_is_there(s)
        await s.press("0")
        await s.hear_out()
        await s.wait_for(10, unstaffed=True)
        assert s.audio.playing[CALLER] == ("crisis_wait",)
        await s.press("5")
        assert s.audio.playing[CALLER] == ("crisis_wait",)
        await s.hear_out()
        assert s.audio.playing[CALLER] == ("music",)

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.queue.waiting[scene.conversation.contact.id].priority is Priority.CRISIS


def test_crisis_from_the_first_moment_hears_nothing_of_a_message() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("0")
        await s.hear_out()
        await s.wait_for(3, unstaffed=True)
        await s.press("5")

    assert play(act).audio.playing[CALLER] == ("music",)


def test_words_that_are_being_said_are_heard_to_their_end_first() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.wait_for(1, unstaffed=True)
        assert s.audio.playing[CALLER] == ("please_wait",)
        await s.hear_out()
        assert s.audio.playing[CALLER] == OFFER

    play(act)


def test_danger_key_is_the_danger_key_whatever_else_it_could_be() -> None:
    async def act(s: Scene) -> None:
        flow = s.welcome.flow
        keyed = flow.model_copy(update={"danger": flow.danger.model_copy(update={"key": "5"})})
        s.welcome = replace(s.welcome, flow=keyed)
        await nobody_is_there(s)
        await s.press("5")

    scene = play(act)
    assert scene.queue.waiting[scene.conversation.contact.id].priority is Priority.CRISIS
    assert scene.audio.playing[CALLER] == ("danger_confirmed",)


def test_key_means_nothing_before_it_was_offered() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.press("5")

    assert play(act).audio.playing[CALLER] == ("please_wait",)


# --- the message ---------------------------------------------------------------------


def test_caller_keeps_the_place_until_the_tone_is_over() -> None:
    scene = play(choose_message)
    assert scene.audio.playing[CALLER] == SENTENCE
    assert scene.state is S.QUEUED
    assert scene.conversation.contact.id in scene.queue.waiting
    assert scene.recorder.started == 0


def test_after_the_tone_the_callers_track_is_recorded_and_the_line_left() -> None:
    scene = play(speak)
    assert scene.state is S.MESSAGE
    assert scene.recorder.running == {ONE}
    assert scene.last(e.RecordingStarted).counselor_track == ""
    assert scene.queue.said[-1] == ("leave served", scene.conversation.contact.id)
    assert CALLER not in scene.telephone.ended


def test_message_of_one_who_refused_recording_is_recorded_for_the_sentence_says_so() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("811")
        await s.hear_out()
        await s.wait_for(1, unstaffed=True)
        await s.press("5")
        await s.hear_out()

    assert play(act).state is S.MESSAGE


async def by_key(s: Scene) -> None:
    await s.press("#")


async def by_silence(s: Scene) -> None:
    s.recorder.quiet = 6.0
    await s.advance(1)


async def by_length(s: Scene) -> None:
    for _ in range(175):
        await s.advance(1)


@pytest.mark.parametrize("end", [by_key, by_silence, by_length])
def test_message_ends_by_key_by_silence_or_when_it_is_too_long(end: Act) -> None:
    async def act(s: Scene) -> None:
        await speak(s)
        assert s.recorder.running
        await end(s)
        assert s.recorder.running == set()
        assert s.audio.playing[CALLER] == ("message_kept",)
        assert s.state is S.MESSAGE
        await s.hear_out()

    scene = play(act)
    assert scene.state is S.MESSAGE_LEFT
    assert scene.termination == Termination(Result.MESSAGE_LEFT, Reason.SERVED)
    assert CALLER in scene.telephone.ended
    assert scene.last(e.MessageLeft).recording == ONE
    assert scene.journal.names[-2:] == ["RecordingStopped", "MessageLeft"]
    assert scene.conversation.over


def test_caller_who_pauses_goes_on_speaking() -> None:
    async def act(s: Scene) -> None:
        await speak(s)
        s.recorder.quiet = 5.0
        await s.advance(3)
        assert s.recorder.running
        s.recorder.quiet = 0.0
        await s.advance(3)

    assert play(act).recorder.running == {ONE}


def test_caller_who_hangs_up_while_speaking_has_left_the_message() -> None:
    async def act(s: Scene) -> None:
        await speak(s, 7)
        await s.caller_hangs_up()

    scene = play(act)
    assert scene.termination == Termination(Result.MESSAGE_LEFT, Reason.CALLER_HUNG_UP)
    assert scene.last(e.MessageLeft).seconds == 7.0
    assert scene.recorder.running == set()


def test_caller_who_hangs_up_during_the_thanks_has_left_the_message() -> None:
    async def act(s: Scene) -> None:
        await speak(s)
        await s.press("#")
        await s.caller_hangs_up()

    scene = play(act)
    assert scene.termination == Termination(Result.MESSAGE_LEFT, Reason.CALLER_HUNG_UP)
    assert scene.journal.names.count("RecordingStopped") == 1


@pytest.mark.parametrize("at", ["sentence", "tone"])
def test_caller_who_says_nothing_has_abandoned(at: str) -> None:
    async def act(s: Scene) -> None:
        await choose_message(s)
        if at == "tone":
            await s.hear_out()
        await s.caller_hangs_up()

    scene = play(act)
    assert scene.termination == Termination(Result.ABANDONED, Reason.CALLER_HUNG_UP)
    assert scene.recorder.running == set()


@pytest.mark.parametrize("when", ["sentence", "speaking", "thanks"])
def test_danger_key_leads_to_a_human_in_the_original_place(when: str) -> None:
    async def act(s: Scene) -> None:
        await choose_message(s)
        if when != "sentence":
            await s.hear_out()
            await s.advance(5)
        if when == "thanks":
            await s.press("#")
        await s.press("0")
        assert s.audio.playing[CALLER] == ("danger_confirmed",)
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))

    scene = play(act)
    assert scene.state is S.TALKING
    assert "MessageLeft" not in scene.journal.names
    again = scene.last(e.ContactQueued)
    assert again.priority is Priority.CRISIS
    assert scene.conversation._in_line.since == scene.journal.events[0].at


def test_shutdown_closes_the_track_of_a_message() -> None:
    async def act(s: Scene) -> None:
        await speak(s)
        s.conversation.fail(Reason.SHUTDOWN)

    scene = play(act)
    assert scene.termination == Termination(Result.FAILED, Reason.SHUTDOWN)
    assert scene.recorder.running == set()
    assert scene.journal.names[-2:] == ["RecordingStopped", "ContactFailed"]


# --- somebody comes after all --------------------------------------------------------


def test_counselor_who_answers_during_the_sentence_has_the_caller() -> None:
    async def act(s: Scene) -> None:
        await choose_message(s)
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))
        await s.hear_out()
        await s.wait_for(9)

    scene = play(act)
    assert scene.state is S.TALKING
    assert "MessageStarted" not in scene.journal.names


def test_tone_that_ends_while_a_phone_rings_begins_no_message() -> None:
    async def act(s: Scene) -> None:
        await choose_message(s)
        await s.be_offered()
        await s.hear_out()
        assert s.audio.playing[CALLER] == ("please_wait",)
        await s.hear(LegAnswered(leg=s.counselor_leg))

    scene = play(act)
    assert scene.state is S.TALKING


async def partner_rings_again(s: Scene) -> None:
    """It declined at first, a message was offered, and now it rings for the second time."""
    await nobody_is_there(s)
    await s.hear(LegEnded(leg=s.partner_leg, reason=Reason.DECLINED, status=486))
    await s.wait_for(61, unstaffed=True)
    assert len(s.telephone.dialled) == 2


def test_partner_who_answers_during_the_sentence_has_the_caller() -> None:
    async def act(s: Scene) -> None:
        await partner_rings_again(s)
        await s.press("5")
        await s.hear(LegAnswered(leg=s.partner_leg))
        await s.hear_out()
        await s.press("#")

    scene = play(act, PARTNER)
    assert scene.state is S.FORWARDED
    assert scene.recorder.started == 0


def test_no_partner_is_dialled_while_the_sentence_is_said() -> None:
    async def act(s: Scene) -> None:
        await nobody_is_there(s)
        await s.hear(LegEnded(leg=s.partner_leg, reason=Reason.DECLINED, status=486))
        await s.wait_for(1, unstaffed=True)
        await s.press("5")
        await s.wait_for(90, unstaffed=True)

    scene = play(act, PARTNER)
    assert len(scene.telephone.dialled) == 1
    assert scene.audio.playing[CALLER] == SENTENCE


def test_partner_who_rings_is_hung_up_when_the_message_begins() -> None:
    async def act(s: Scene) -> None:
        await partner_rings_again(s)
        await s.press("5")
        await s.hear_out()
        assert s.partner_leg in s.telephone.ended
        await s.hear(LegAnswered(leg=s.partner_leg))

    scene = play(act, PARTNER)
    assert scene.state is S.MESSAGE
    assert scene.audio.bridges == set()


# --- faults --------------------------------------------------------------------------


def test_message_that_cannot_be_recorded_keeps_the_caller_in_line() -> None:
    async def act(s: Scene) -> None:
        s.recorder.full = True
        await choose_message(s)
        await s.hear_out()

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.audio.playing[CALLER] == ("message_impossible",)
    assert scene.conversation.contact.id in scene.queue.waiting
    assert AlarmKind.RECORDING_FAILED in scene.alarms.standing


def test_nobody_is_recorded_who_was_not_told() -> None:
    async def act(s: Scene) -> None:
        s.prompts.missing.add("message_intro")
        await choose_message(s)
        await s.wait_for(9, unstaffed=True)

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.recorder.started == 0
    assert AlarmKind.PROMPT_MISSING in scene.alarms.standing


def test_missing_thanks_end_the_call_all_the_same() -> None:
    async def act(s: Scene) -> None:
        s.prompts.missing.add("message_kept")
        await speak(s)
        await s.press("#")

    assert play(act).state is S.MESSAGE_LEFT


def test_recorder_that_gives_up_leaves_what_was_said() -> None:
    async def act(s: Scene) -> None:
        await speak(s)
        s.conversation.recording_stopped(ONE, "disk")
        s.conversation.recording_stopped(ONE, "disk")
        assert s.audio.playing[CALLER] == ("message_kept",)
        await s.hear_out()

    scene = play(act)
    assert scene.state is S.MESSAGE_LEFT
    assert scene.journal.names.count("RecordingFailed") == 1
    assert "RecordingStopped" not in scene.journal.names


# --- a closed line -------------------------------------------------------------------


async def closed(s: Scene) -> None:
    await s.ring_in()
    await s.press("5")


def test_closed_line_leads_to_a_message_without_the_queue() -> None:
    async def act(s: Scene) -> None:
        await closed(s)
        assert s.audio.playing[CALLER] == SENTENCE
        await s.hear_out()
        await s.advance(5)
        await s.press("#")
        await s.hear_out()

    scene = play(act, flow="closed_message")
    assert scene.termination.result is Result.MESSAGE_LEFT
    assert "ContactQueued" not in scene.journal.names
    assert scene.last(e.MenuFinished).outcome == "message"


def test_closed_line_without_voicemail_leads_to_a_human_instead() -> None:
    scene = play(closed, flow="closed_message", voicemail=False)
    assert scene.state is S.QUEUED


@pytest.mark.parametrize("broken", ["sentence", "disk"])
def test_closed_lines_message_that_fails_leads_to_a_human(broken: str) -> None:
    async def act(s: Scene) -> None:
        s.recorder.full = broken == "disk"
        if broken == "sentence":
            s.prompts.missing.add("message_intro")
        await closed(s)
        if broken == "disk":
            await s.hear_out()

    scene = play(act, flow="closed_message")
    assert scene.state is S.QUEUED
    assert scene.audio.playing[CALLER] == ("please_wait",)


def test_danger_key_during_the_sentence_of_a_closed_line_reaches_a_human() -> None:
    async def act(s: Scene) -> None:
        await closed(s)
        await s.press("0")

    scene = play(act, flow="closed_message")
    assert scene.queue.waiting[scene.conversation.contact.id].priority is Priority.CRISIS
    assert scene.audio.playing[CALLER] == ("danger_confirmed",)
