"""Partners' lines: dialled beside our counselors, first to answer wins, and back when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hotline import events as e
from hotline.call import LegAnswered, LegEnded, LegRang
from hotline.contact import ContactState as S
from hotline.events import AlarmKind, Priority, Reason, Result, Termination
from hotline.overflow import Overflow
from tests.unit.scene import CALLER, Scene

Act = Callable[[Scene], Awaitable[None]]


def a_partner(name: str = "north", **facts: object) -> Overflow:
    to = "sip:help@192.0.2.20"
    return Overflow.model_validate({"name": name, "to": to, "after": 60, **facts})


AT_ONCE: dict[str, object] = {"after": None, "when_unstaffed": True}


def play(act: Act, *partners: Overflow, voicemail: bool = False) -> Scene:
    async def whole() -> Scene:
        scene = Scene(overflow=partners or [a_partner()], voicemail=voicemail)
        await act(scene)
        return scene

    return asyncio.run(whole())


def rung(scene: Scene) -> list[str]:
    return [whom for whom, _, _ in scene.telephone.dialled]


async def partner_rings(s: Scene) -> None:
    await s.wait_in_line()
    await s.wait_for(61)
    await s.hear(LegRang(leg=s.partner_leg))


async def partner_answers(s: Scene) -> None:
    await s.hear(LegAnswered(leg=s.partner_leg))


async def partner_ends(s: Scene, reason: Reason, status: int = 486) -> None:
    await s.hear(LegEnded(leg=s.partner_leg, reason=reason, status=status))


async def forwarded(s: Scene) -> None:
    await partner_rings(s)
    await partner_answers(s)


# --- when ----------------------------------------------------------------------------


def test_partner_is_dialled_after_the_wait_and_the_caller_notices_nothing() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.hear_out()
        await s.wait_for(59)
        assert rung(s) == []
        await s.wait_for(2)

    scene = play(act)
    assert rung(scene) == ["partner.north"]
    assert scene.state is S.QUEUED
    assert scene.conversation.contact.id in scene.queue.waiting
    assert scene.audio.bridges == set()
    dialled = scene.last(e.PartnerDialled)
    assert (dialled.partner, dialled.attempt, dialled.because) == ("north", 1, "waiting")


def test_where_nobody_is_staffed_the_partner_is_dialled_at_once() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.wait_for(3)
        assert rung(s) == []
        await s.wait_for(1, unstaffed=True)

    scene = play(act, a_partner(**AT_ONCE))
    assert scene.last(e.PartnerDialled).because == "unstaffed"


def test_partner_who_does_not_take_such_callers_is_passed_over() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.wait_for(61)

    assert rung(play(act, a_partner(topics=["family"]))) == []
    assert rung(play(act, a_partner(topics=["family"]), a_partner("south"))) == ["partner.south"]


def test_partners_ring_one_after_the_other_in_their_order() -> None:
    async def act(s: Scene) -> None:
        await partner_rings(s)
        await s.wait_for(5)
        assert rung(s) == ["partner.north"]
        await partner_ends(s, Reason.DECLINED)
        await s.wait_for(1)

    assert rung(play(act, a_partner(), a_partner("south"))) == ["partner.north", "partner.south"]


def test_crisis_goes_to_the_partner_as_well_and_is_offered_to_everybody_meanwhile() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press("0")
        await s.wait_for(1, unstaffed=True)
        assert rung(s) == ["partner.north"]
        assert s.queue.waiting[s.conversation.contact.id].priority is Priority.CRISIS
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))

    scene = play(act, a_partner(**AT_ONCE))
    assert scene.state is S.TALKING
    assert scene.audio.bridges == {frozenset({CALLER, scene.counselor_leg})}


def test_partner_never_takes_the_last_legs_from_our_own_counselors() -> None:
    async def act(s: Scene) -> None:
        object.__setattr__(s.ways, "room", lambda: False)
        await s.wait_in_line()
        await s.wait_for(61)
        assert rung(s) == []
        object.__setattr__(s.ways, "room", lambda: True)
        await s.wait_for(1)

    assert rung(play(act)) == ["partner.north"]


# --- who answers first ---------------------------------------------------------------


def test_partner_who_answers_has_the_caller_and_the_contact_is_out_of_line() -> None:
    scene = play(forwarded)
    assert scene.state is S.FORWARDED
    assert scene.audio.bridges == {frozenset({CALLER, scene.partner_leg})}
    assert CALLER not in scene.audio.playing
    assert scene.queue.said[-1] == ("leave served", scene.conversation.contact.id)
    assert scene.recorder.started == 0
    assert scene.journal.names[-2:] == ["PartnerDialled", "ContactForwarded"]


def test_partner_who_is_faster_than_the_counselor_ends_the_offer_without_blame() -> None:
    async def act(s: Scene) -> None:
        await partner_rings(s)
        await s.be_offered()
        await partner_answers(s)
        await s.counselor_ends(Reason.WITHDRAWN, 487)

    scene = play(act)
    assert scene.state is S.FORWARDED
    assert scene.audio.bridges == {frozenset({CALLER, scene.partner_leg})}
    assert scene.counselor_leg in scene.telephone.ended
    assert scene.journal.names[-2:] == ["OfferWithdrawn", "ContactForwarded"]
    assert ("give_back withdrawn", "1") in scene.queue.said
    assert scene.conversation.contact.id not in scene.queue.waiting


def test_counselor_who_is_faster_than_the_partner_has_the_caller() -> None:
    async def act(s: Scene) -> None:
        await partner_rings(s)
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))
        await partner_answers(s)
        await partner_ends(s, Reason.WITHDRAWN, 487)

    scene = play(act)
    assert scene.state is S.TALKING
    assert scene.audio.bridges == {frozenset({CALLER, scene.counselor_leg})}
    assert scene.partner_leg in scene.telephone.ended
    failed = scene.last(e.PartnerFailed)
    assert (failed.reason, failed.status) == (Reason.WITHDRAWN, 487)
    assert AlarmKind.PARTNER_FAILED not in scene.alarms.standing


def test_partner_who_answers_while_the_queue_is_asked_about_the_counselor_comes_too_late() -> None:
    async def act(s: Scene) -> None:
        await partner_rings(s)
        await s.be_offered()
        s.conversation.leg_event(LegAnswered(leg=s.counselor_leg))
        s.conversation.leg_event(LegAnswered(leg=s.partner_leg))
        await s.settle()

    scene = play(act)
    assert scene.state is S.TALKING
    assert scene.audio.bridges == {frozenset({CALLER, scene.counselor_leg})}


def test_offer_that_was_void_when_the_counselor_answered_costs_no_attempt_at_the_partner() -> None:
    async def act(s: Scene) -> None:
        await partner_rings(s)
        await s.be_offered()
        s.queue.valid = False
        await s.hear(LegAnswered(leg=s.counselor_leg))
        await s.counselor_ends(Reason.WITHDRAWN, 487)
        assert s.state is S.QUEUED
        await s.wait_for(61)

    scene = play(act, a_partner(attempts=1))
    assert rung(scene) == ["partner.north", "1001", "partner.north"]


# --- failing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "status", "told"),
    [
        (Reason.DECLINED, 486, Reason.DECLINED),
        (Reason.UNREACHABLE, 503, Reason.UNREACHABLE),
        (Reason.WITHDRAWN, 487, Reason.NO_ANSWER),
        (Reason.COUNSELOR_HUNG_UP, 200, Reason.DECLINED),
    ],
)
def test_partner_who_fails_is_tried_again_later_with_an_alarm(
    reason: Reason, status: int, told: Reason
) -> None:
    async def act(s: Scene) -> None:
        await partner_rings(s)
        music = s.audio.playing[CALLER]
        await partner_ends(s, reason, status)
        assert s.audio.playing[CALLER] == music
        assert s.last(e.PartnerFailed).reason is told
        assert AlarmKind.PARTNER_FAILED in s.alarms.standing
        await s.wait_for(59)
        assert rung(s) == ["partner.north"]
        await s.wait_for(2)
        assert s.last(e.PartnerDialled).attempt == 2
        await partner_ends(s, reason, status)
        await s.wait_for(200)

    scene = play(act)
    assert scene.state is S.QUEUED
    assert rung(scene) == ["partner.north"] * 2
    assert scene.conversation.contact.id in scene.queue.waiting


def test_partner_who_does_not_answer_is_hung_up_in_time() -> None:
    async def act(s: Scene) -> None:
        await partner_rings(s)
        await s.wait_for(28)
        assert s.partner_leg not in s.telephone.ended
        await s.wait_for(2)
        assert s.partner_leg in s.telephone.ended
        await partner_ends(s, Reason.WITHDRAWN, 487)

    scene = play(act)
    assert scene.last(e.PartnerFailed).reason is Reason.NO_ANSWER


def test_alarm_is_over_when_a_partner_answers() -> None:
    async def act(s: Scene) -> None:
        await partner_rings(s)
        await partner_ends(s, Reason.DECLINED)
        await s.wait_for(61)
        await partner_answers(s)

    assert AlarmKind.PARTNER_FAILED not in play(act).alarms.standing


def test_lost_partner_gives_the_caller_back_to_the_original_place_with_a_sentence() -> None:
    async def act(s: Scene) -> None:
        await forwarded(s)
        await s.advance(300)
        await partner_ends(s, Reason.RTP_SILENCE, 200)

    scene = play(act)
    waiting = scene.queue.waiting[scene.conversation.contact.id]
    assert waiting.arrived_at == scene.journal.events[0].at
    assert scene.state is S.QUEUED
    assert scene.audio.playing[CALLER] == ("partner_lost",)
    assert scene.audio.bridges == set()
    assert CALLER not in scene.telephone.ended
    assert scene.last(e.PartnerLost).reason is Reason.RTP_SILENCE
    assert AlarmKind.PARTNER_FAILED in scene.alarms.standing


def test_caller_whose_partner_was_lost_is_served_by_a_counselor() -> None:
    async def act(s: Scene) -> None:
        await forwarded(s)
        await partner_ends(s, Reason.UNREACHABLE, 503)
        await s.be_offered()
        await s.hear(LegAnswered(leg=s.counselor_leg))
        await s.caller_hangs_up()

    scene = play(act)
    assert scene.termination == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)


# --- endings -------------------------------------------------------------------------


def test_partner_who_hangs_up_completes_the_contact_for_a_reason_of_its_own() -> None:
    async def act(s: Scene) -> None:
        await forwarded(s)
        await partner_ends(s, Reason.COUNSELOR_HUNG_UP, 200)

    scene = play(act)
    assert scene.termination == Termination(Result.COMPLETED, Reason.PARTNER_HUNG_UP)
    assert CALLER in scene.telephone.ended
    assert scene.audio.bridges == set()
    assert scene.conversation.over


def test_caller_who_hangs_up_on_the_partner_completes_the_contact() -> None:
    async def act(s: Scene) -> None:
        await forwarded(s)
        await s.caller_hangs_up()

    scene = play(act)
    assert scene.termination == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
    assert scene.partner_leg in scene.telephone.ended
    said = [said for said, _ in scene.queue.said if said.startswith("leave")]
    assert said == ["leave served", "leave"]


def test_caller_who_hangs_up_while_the_partner_rings_has_abandoned() -> None:
    async def act(s: Scene) -> None:
        await partner_rings(s)
        await s.caller_hangs_up()
        await partner_ends(s, Reason.WITHDRAWN, 487)
        await s.wait_for(100)

    scene = play(act)
    assert scene.termination == Termination(Result.ABANDONED, Reason.CALLER_HUNG_UP)
    assert scene.partner_leg in scene.telephone.ended
    assert rung(scene) == ["partner.north"]


def test_shutdown_ends_a_forwarded_contact_with_its_reason() -> None:
    async def act(s: Scene) -> None:
        await forwarded(s)
        s.conversation.fail(Reason.SHUTDOWN)

    scene = play(act)
    assert scene.termination == Termination(Result.FAILED, Reason.SHUTDOWN)
    assert scene.partner_leg in scene.telephone.ended


@pytest.mark.parametrize(("keys", "recorded"), [("#11", 1), ("811", 0)])
def test_talk_with_a_partner_is_recorded_where_setting_and_caller_agree(
    keys: str, recorded: int
) -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        await s.press(keys)
        await s.wait_for(61)
        await partner_answers(s)
        assert len(s.recorder.running) == recorded
        await partner_ends(s, Reason.COUNSELOR_HUNG_UP, 200)

    scene = play(act, a_partner(record=True))
    assert scene.recorder.running == set()
    assert scene.journal.names.count("RecordingStopped") == recorded
