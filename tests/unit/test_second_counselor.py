"""A second counselor is in a conversation: who hears whom, who leaves first, what is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline import events as e
from hotline.call import LegHeld, LegResumed
from hotline.contact import ContactState
from hotline.conversation.escalation import BRIEFING_SECONDS
from hotline.events import AlarmKind, Priority, Reason, Result, Termination
from hotline.events import CounselorState as S
from tests.unit.escalation_scene import PROFESSIONAL, VOLUNTEER, EscalationScene, play
from tests.unit.scene import CALLER

NETWORK = [Reason.COUNSELOR_HUNG_UP, Reason.RTP_SILENCE, Reason.SESSION_EXPIRED]


# --- joining --------------------------------------------------------------------------


def test_who_picks_up_hears_a_word_alone_while_the_two_talk_on() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        s.audio.playing.clear()
        await s.ring()
        await s.pick_up()

    scene = play(act)
    assert scene.hear_each_other(CALLER, scene.volunteer_leg)
    assert scene.audio.playing == {scene.professional_leg: ("escalation_briefing", "about_emotion")}
    assert scene.does(PROFESSIONAL) is S.TALKING
    assert scene.does(VOLUNTEER) is S.TALKING
    assert scene.last(e.CounselorJoined).counselor == PROFESSIONAL


def test_then_all_three_hear_each_other_and_are_recorded() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()

    scene = play(act)
    assert scene.all_three
    assert scene.recorder.joined == [("recording-1", scene.professional_leg)]
    assert scene.audio.playing[scene.volunteer_leg] == ("escalation_joined",)
    assert CALLER not in scene.audio.playing


@pytest.mark.parametrize("fault", ["no prompt", "never finished"])
def test_word_that_fails_keeps_nobody_out(fault: str) -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        if fault == "no prompt":
            s.prompts.missing |= {"escalation_briefing", "about_emotion"}
        await s.pick_up()
        if fault == "never finished":
            await s.advance(BRIEFING_SECONDS)

    assert play(act).all_three


def test_topic_without_a_prompt_of_its_own_costs_only_that_word() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        s.prompts.missing.add("about_emotion")
        await s.pick_up()

    scene = play(act)
    assert scene.audio.playing[scene.professional_leg] == ("escalation_briefing",)
    assert AlarmKind.PROMPT_MISSING in scene.alarms.standing


def test_counselor_who_picks_up_joins_though_redis_is_away() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        s.queue.away = True
        await s.pick_up()
        for _ in range(5):
            await s.turn()
        assert s.last(e.CounselorJoined)
        await s.hear_briefing()
        assert s.all_three
        await s.end(s.volunteer_leg)
        s.queue.away = False
        await s.advance(2)

    scene = play(act)
    assert scene.does(PROFESSIONAL) is S.TALKING
    assert scene.does(VOLUNTEER) is S.WRAP_UP


# --- somebody leaves ------------------------------------------------------------------


@pytest.mark.parametrize("reason", NETWORK)
def test_first_counselor_leaves_and_the_second_goes_on(reason: Reason) -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        await s.end(s.volunteer_leg, reason)

    scene = play(act)
    assert scene.hear_each_other(CALLER, scene.professional_leg)
    assert scene.state is ContactState.TALKING
    assert scene.does(VOLUNTEER) is S.WRAP_UP
    assert scene.does(PROFESSIONAL) is S.TALKING
    parted = scene.last(e.CounselorParted)
    assert (parted.counselor, parted.stays, parted.reason) == (VOLUNTEER, PROFESSIONAL, reason)
    assert scene.queue.waiting == {}
    assert len(scene.recorder.running) == 1
    assert "RecordingStopped" not in scene.journal.names


def test_chord_lets_the_first_counselor_leave() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        await s.escalate()
        assert s.volunteer_leg in s.telephone.ended
        await s.end(s.volunteer_leg, Reason.SERVED)

    scene = play(act)
    assert scene.hear_each_other(CALLER, scene.professional_leg)
    assert scene.state is ContactState.TALKING


def test_chord_of_the_second_counselor_does_not_hang_up_anybody() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        await s.keys("*7", s.professional_leg)

    scene = play(act)
    assert scene.all_three
    assert scene.professional_leg not in scene.telephone.ended


def test_first_counselor_who_leaves_during_the_word_leaves_no_silence() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        await s.pick_up()
        await s.end(s.volunteer_leg)

    scene = play(act)
    assert scene.hear_each_other(CALLER, scene.professional_leg)
    assert scene.professional_leg not in scene.audio.playing


@pytest.mark.parametrize("reason", NETWORK)
@pytest.mark.parametrize("briefed", [True, False])
def test_second_counselor_leaves_and_the_first_keeps_the_caller(
    reason: Reason, briefed: bool
) -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        await s.pick_up()
        if briefed:
            await s.hear_briefing()
        await s.end(s.professional_leg, reason)

    scene = play(act)
    assert scene.hear_each_other(CALLER, scene.volunteer_leg)
    assert scene.does(VOLUNTEER) is S.TALKING
    assert scene.does(PROFESSIONAL) is S.WRAP_UP
    parted = scene.last(e.CounselorParted)
    assert (parted.counselor, parted.stays) == (PROFESSIONAL, VOLUNTEER)
    assert scene.audio.playing[scene.volunteer_leg] == ("escalation_parted",)
    assert scene.conversation.escalation.request is None


@pytest.mark.parametrize("joined", [True, False])
def test_caller_who_leaves_ends_it_for_both(joined: bool) -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        await s.pick_up()
        if joined:
            await s.hear_briefing()
        await s.caller_hangs_up()

    scene = play(act)
    assert scene.termination == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
    assert {scene.volunteer_leg, scene.professional_leg} <= set(scene.telephone.ended)
    assert scene.does(VOLUNTEER) is S.WRAP_UP
    assert scene.does(PROFESSIONAL) is S.WRAP_UP
    assert scene.audio.bridges == set()
    assert scene.recorder.running == set()
    assert scene.conversation.over


@pytest.mark.parametrize("rings", [True, False])
def test_caller_who_leaves_while_somebody_is_asked_withdraws_the_request(rings: bool) -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        if rings:
            await s.ring()
        await s.caller_hangs_up()

    scene = play(act)
    assert scene.queue.waiting == {}
    assert scene.does(PROFESSIONAL) is S.READY
    assert scene.last(e.EscalationWithdrawn).by == "system"
    assert scene.journal.names[-1] == "CallerLeft"
    assert scene.conversation.over


def test_fault_of_ours_ends_all_three_once() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        s.conversation.fail(Reason.SHUTDOWN)
        await s.settle()

    scene = play(act)
    assert scene.termination == Termination(Result.FAILED, Reason.SHUTDOWN)
    assert {CALLER, scene.volunteer_leg, scene.professional_leg} <= set(scene.telephone.ended)
    assert scene.does(PROFESSIONAL) is S.WRAP_UP


@pytest.mark.parametrize("rings", [True, False])
@pytest.mark.parametrize("reason", [Reason.COUNSELOR_HUNG_UP, Reason.RTP_SILENCE])
def test_caller_whose_counselor_leaves_too_early_is_not_cut_off_but_goes_before_others(
    reason: Reason, rings: bool
) -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        if rings:
            await s.ring()
        await s.end(s.volunteer_leg, reason)

    scene = play(act)
    assert scene.state is ContactState.QUEUED
    assert CALLER not in scene.telephone.ended
    assert scene.audio.playing[CALLER] == ("escalation_wait",)
    waiting = scene.queue.waiting[scene.contact]
    assert set(scene.queue.waiting) == {scene.contact}
    assert waiting.priority is Priority.HIGH_RISK
    assert waiting.arrived_at == scene.journal.events[0].at
    assert scene.does(VOLUNTEER) is S.WRAP_UP
    assert scene.does(PROFESSIONAL) is S.READY


def test_next_counselor_after_a_hand_over_may_be_lost_and_the_caller_waits_again() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        await s.end(s.volunteer_leg)
        await s.end(s.professional_leg, Reason.RTP_SILENCE)

    scene = play(act)
    assert set(scene.queue.waiting) == {scene.contact}
    assert scene.does(PROFESSIONAL) is S.WRAP_UP
    assert scene.audio.playing[CALLER] == ("counselor_lost",)


def test_professional_may_ask_for_somebody_else_in_turn() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        professional = s.professional_leg
        await s.end(s.volunteer_leg)
        await s.keys("*7", professional)

    scene = play(act)
    assert set(scene.queue.waiting) == {scene.request(2)}
    assert scene.last(e.EscalationRequested).counselor == PROFESSIONAL


def test_professional_who_hangs_up_in_the_end_completes_the_contact() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        await s.end(s.volunteer_leg)
        await s.end(s.professional_leg)

    scene = play(act)
    assert scene.last(e.CounselorLeft).counselor == PROFESSIONAL
    assert scene.does(PROFESSIONAL) is S.WRAP_UP
    assert scene.conversation.over


def test_limit_of_a_care_plan_is_told_to_whoever_has_the_caller() -> None:
    async def act(s: EscalationScene) -> None:
        s.welcome = replace(s.welcome, seconds=600)
        await s.join()
        await s.advance(500)
        await s.end(s.volunteer_leg)
        s.audio.playing.clear()
        await s.advance(40)

    scene = play(act)
    assert scene.audio.playing == {scene.professional_leg: ("care_limit",)}


def test_recorder_that_fails_keeps_nobody_out() -> None:
    async def act(s: EscalationScene) -> None:
        s.recorder.join = refuse  # type: ignore[method-assign]  # any fault at all
        await s.join()

    def refuse(*_: object) -> None:
        raise OSError("no more files")

    scene = play(act)
    assert scene.all_three
    assert AlarmKind.RECORDING_FAILED in scene.alarms.standing


# --- hold -----------------------------------------------------------------------------


def test_first_counselors_hold_leaves_the_other_two_in_conversation() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        await s.hear(LegHeld(leg=s.volunteer_leg))
        assert s.hear_each_other(CALLER, s.professional_leg)
        assert CALLER not in s.audio.playing
        await s.hear(LegResumed(leg=s.volunteer_leg))

    assert play(act).all_three


def test_hold_of_both_counselors_is_music_to_the_caller() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        await s.hear(LegHeld(leg=s.volunteer_leg))
        await s.hear(LegHeld(leg=s.professional_leg))
        assert s.audio.playing[CALLER] == ("music",)
        await s.hear(LegResumed(leg=s.professional_leg))

    scene = play(act)
    assert CALLER not in scene.audio.playing
    assert scene.hear_each_other(CALLER, scene.professional_leg)


def test_caller_on_hold_hears_the_second_counselor_when_they_join() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.hear(LegHeld(leg=s.volunteer_leg))
        await s.ring()
        await s.pick_up()
        assert s.audio.playing[CALLER] == ("music",)
        await s.hear_briefing()

    scene = play(act)
    assert CALLER not in scene.audio.playing
    assert scene.hear_each_other(CALLER, scene.professional_leg)


# --- help -----------------------------------------------------------------------------


def test_help_is_told_to_the_supervisors_and_confirmed_to_the_counselor_alone() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.keys("*9")

    scene = play(act)
    assert scene.last(e.HelpRequested).counselor == VOLUNTEER
    [(kind, detail)] = scene.alarms.told
    assert kind is AlarmKind.HELP_REQUESTED
    assert VOLUNTEER in detail
    assert scene.contact in detail
    assert scene.audio.playing == {scene.volunteer_leg: ("help_requested",)}


def test_second_counselor_may_ask_for_help_as_well() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        await s.keys("*9", s.professional_leg)

    assert play(act).last(e.HelpRequested).counselor == PROFESSIONAL
