"""A message when nobody is there: offered honestly, by choice, and never instead of a human."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline import events as e
from hotline.call import LegAnswered, LegEnded
from hotline.contact import ContactState as S
from hotline.events import Priority, Reason, Result, Termination
from tests.unit.message_scene import (
    OFFER,
    ONE,
    PARTNER,
    SENTENCE,
    Act,
    choose_message,
    nobody_is_there,
    play,
    speak,
)
from tests.unit.scene import CALLER, Scene

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
