"""A message gives way: to whoever comes after all, and to a human when it fails."""

from __future__ import annotations

import pytest

from hotline import events as e
from hotline.call import LegAnswered, LegEnded
from hotline.contact import ContactState as S
from hotline.events import AlarmKind, Priority, Reason, Result
from tests.unit.message_scene import (
    ONE,
    PARTNER,
    SENTENCE,
    choose_message,
    nobody_is_there,
    play,
    speak,
)
from tests.unit.scene import CALLER, Scene

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
