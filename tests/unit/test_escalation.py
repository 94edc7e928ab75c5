"""A second counselor is asked for: by whom, in what line, and what is told when nobody comes."""

from __future__ import annotations

import pytest

from hotline import events as e
from hotline.call import DigitPressed, LegEnded
from hotline.contact import ContactState
from hotline.conversation.escalation import NEWS_SECONDS
from hotline.events import CounselorState as S
from hotline.events import Reason
from tests.unit.escalation_scene import PROFESSIONAL, VOLUNTEER, EscalationScene, play
from tests.unit.scene import CALLER

# --- asking ---------------------------------------------------------------------------


def test_chord_puts_a_request_in_line_and_the_two_talk_on() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.advance(30)
        await s.escalate()

    scene = play(act)
    request = scene.queue.waiting[scene.request()]
    assert request.arrived_at == scene.clock.now()
    assert request.topic == "emotion"
    assert scene.last(e.EscalationRequested).by == "counselor"
    assert scene.last(e.EscalationRequested).counselor == VOLUNTEER
    assert scene.hear_each_other(CALLER, scene.volunteer_leg)
    assert scene.audio.playing == {scene.volunteer_leg: ("escalation_requested",)}
    assert scene.state is ContactState.TALKING
    assert scene.does(VOLUNTEER) is S.TALKING


def test_order_does_the_same_once_and_says_who_and_why() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        for _ in range(2):
            s.conversation.escalation.ask(by="operator:li", reason="she asked for it")
            await s.settle()

    scene = play(act)
    assert scene.journal.names.count("EscalationRequested") == 1
    assert scene.last(e.EscalationRequested).by == "operator:li"
    assert scene.last(e.EscalationRequested).reason == "she asked for it"
    assert set(scene.queue.waiting) == {scene.request()}


def test_order_for_a_caller_who_waits_changes_nothing() -> None:
    async def act(s: EscalationScene) -> None:
        await s.wait_in_line()
        s.conversation.escalation.ask(by="operator:li", reason="")
        await s.settle()

    assert "EscalationRequested" not in play(act).journal.names


def test_keys_of_the_caller_never_count() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.keys("*7*9", CALLER)
        await s.keys("*")
        await s.keys("7", CALLER)

    scene = play(act)
    assert "EscalationRequested" not in scene.journal.names
    assert "HelpRequested" not in scene.journal.names


def test_keys_of_two_phones_make_no_chord_together() -> None:
    async def act(s: EscalationScene) -> None:
        await s.join()
        await s.keys("*")
        await s.keys("9", s.professional_leg)

    assert "HelpRequested" not in play(act).journal.names


def test_chord_before_a_conversation_means_nothing() -> None:
    async def act(s: EscalationScene) -> None:
        await s.wait_in_line()
        await s.be_offered()
        for key in "*7":
            await s.hear(DigitPressed(leg=s.counselor_leg, digit=key))

    assert "EscalationRequested" not in play(act).journal.names


def test_chord_again_withdraws_the_request() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.escalate()

    scene = play(act)
    assert scene.queue.waiting == {}
    assert scene.last(e.EscalationWithdrawn).by == "counselor"
    assert scene.audio.playing == {scene.volunteer_leg: ("escalation_withdrawn",)}
    assert scene.conversation.escalation.request is None


def test_withdrawn_while_a_phone_rings_stops_the_ringing_and_frees_the_counselor() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        await s.escalate()
        await s.end(s.professional_leg, Reason.WITHDRAWN)

    scene = play(act)
    assert scene.professional_leg in scene.telephone.ended
    assert scene.does(PROFESSIONAL) is S.READY
    assert scene.journal.names[-2:] == ["OfferWithdrawn", "EscalationWithdrawn"]
    assert scene.hear_each_other(CALLER, scene.volunteer_leg)


def test_second_request_in_one_conversation_has_another_id() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.escalate()
        await s.escalate()

    assert set(play(act).queue.waiting) == {"contact-of-caller-leg+2"}


def test_offer_for_a_request_that_is_over_is_given_back() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        offer = await s.ring()
        await s.escalate()
        s.conversation.offer_made(offer)
        await s.settle()

    scene = play(act)
    assert scene.queue.said[-1] == ("give_back withdrawn", "2")
    assert len(scene.telephone.dialled) == 2


def test_request_made_while_redis_is_away_stands_in_line_when_it_is_back() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        s.queue.away = True
        await s.escalate()
        s.queue.away = False
        await s.advance(2)

    assert play(act).request() in play(act).queue.waiting


def test_request_that_redis_forgot_is_put_in_line_again() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        s.queue.waiting.clear()
        s.conversation.tell_again(s.request())
        await s.settle()

    scene = play(act)
    assert set(scene.queue.waiting) == {scene.request()}


# --- nobody comes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "status", "event", "then"),
    [
        (Reason.DECLINED, 486, "OfferDeclined", S.NOT_READY),
        (Reason.UNREACHABLE, 480, "OfferFailed", S.NOT_READY),
    ],
)
def test_offer_in_vain_is_told_to_the_counselor_alone_and_the_request_stands(
    reason: Reason, status: int, event: str, then: S
) -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        await s.hear(LegEnded(leg=s.professional_leg, reason=reason, status=status))

    scene = play(act)
    assert scene.journal.names[-1] == event
    assert scene.does(PROFESSIONAL) is then
    assert set(scene.queue.waiting) == {scene.request()}
    assert scene.audio.playing == {scene.volunteer_leg: ("escalation_unanswered",)}
    assert scene.hear_each_other(CALLER, scene.volunteer_leg)


def test_phone_that_rings_in_vain_is_missed_and_the_next_one_may_ring() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        await s.advance(20)
        await s.end(s.professional_leg, Reason.WITHDRAWN)
        s.queue.states[PROFESSIONAL] = S.READY
        await s.ring(3)
        await s.pick_up()
        await s.hear_briefing()

    scene = play(act)
    assert "OfferMissed" in scene.journal.names
    assert scene.all_three


def test_who_asked_and_hears_nothing_for_a_while_is_told_so_once() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        s.audio.playing.clear()
        await s.advance(NEWS_SECONDS - 1)
        assert s.audio.playing == {}
        await s.advance(1)
        assert s.audio.playing == {s.volunteer_leg: ("escalation_unanswered",)}
        s.audio.playing.clear()
        await s.advance(3 * NEWS_SECONDS)

    assert play(act).audio.playing == {}


def test_nothing_is_said_of_the_waiting_while_a_phone_rings() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        s.audio.playing.clear()
        await s.advance(NEWS_SECONDS - 5)
        await s.ring()
        await s.advance(5)

    assert play(act).audio.playing == {}


def test_offer_whose_lease_ran_out_as_it_was_answered_hangs_up_and_the_two_talk_on() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        await s.ring()
        s.queue.valid = False
        await s.pick_up()
        await s.end(s.professional_leg)

    scene = play(act)
    assert scene.journal.names[-1] == "OfferWithdrawn"
    assert scene.hear_each_other(CALLER, scene.volunteer_leg)
    assert scene.conversation.escalation.waits


def test_offer_that_the_queue_takes_back_stops_the_ringing() -> None:
    async def act(s: EscalationScene) -> None:
        await s.begin()
        await s.escalate()
        offer = await s.ring()
        s.queue.run_out(offer)
        s.conversation.offer_withdrawn(offer.id)
        await s.settle()

    scene = play(act)
    assert scene.professional_leg in scene.telephone.ended
    assert scene.conversation.escalation.waits
