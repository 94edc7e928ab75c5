"""A bug of ours, wherever it is: the caller gets to a human, and nobody else notices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from hotline.call import DigitPressed, LegAnswered, LegEnded, LegFaulted
from hotline.contact import ContactState as S
from hotline.conversation.conversation import Conversation
from hotline.events import AlarmKind, CounselorState, Reason, Result, Termination
from hotline.ids import ContactId, CounselorId, RecordingId
from tests.fakes import an_offer
from tests.unit import message_scene as message
from tests.unit import test_conversation as conversation_scene
from tests.unit.scene import CALLER, Scene, invited
from tests.unit.test_gateway import ONE, TWO, Exchange, play

CONTACT = ContactId("contact-of-one")


async def in_line(x: Exchange) -> Conversation:
    x.gateway.leg_event(invited(ONE))
    x.gateway.leg_event(LegAnswered(leg=ONE))
    await x.settle()
    for digit in "#11":
        x.gateway.leg_event(DigitPressed(leg=ONE, digit=digit))
        await x.settle()
    conversation = x.gateway.conversation_of(ONE)
    assert conversation is not None
    assert conversation.contact.state is S.QUEUED
    return conversation


async def offered(x: Exchange, number: int) -> None:
    offer = an_offer(CONTACT, expires_at=x.scene.clock.now().replace(hour=13), number=number)
    offer = replace(offer, counselor=CounselorId(f"200{number}"))
    x.scene.queue.states[offer.counselor] = CounselorState.READY
    assert x.scene.queue.claim(offer)
    x.gateway.offer_made(offer)
    await x.settle()


def out_of_order(*_facts: object) -> None:
    raise RuntimeError("a fault that nobody thought of")


def test_fault_in_one_conversation_leads_it_to_a_human_and_spares_the_other() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(invited(TWO))
        for leg in (ONE, TWO):
            x.gateway.leg_event(LegAnswered(leg=leg))
        await x.settle()
        broken = x.gateway.conversation_of(ONE)
        assert broken is not None
        broken._reception = None  # type: ignore[assignment] # any bug at all
        x.gateway.leg_event(DigitPressed(leg=ONE, digit="1"))
        x.gateway.leg_event(DigitPressed(leg=TWO, digit="0"))

    exchange = play(act)
    assert AlarmKind.FAULT in dict(exchange.scene.alarms.told)
    assert set(exchange.scene.queue.waiting) == {CONTACT, "contact-of-two"}
    for leg in (ONE, TWO):
        conversation = exchange.gateway.conversation_of(leg)
        assert conversation is not None
        assert conversation.contact.state is S.QUEUED
    assert exchange.scene.telephone.ended == {}


def test_fault_below_a_call_in_the_menu_leads_to_a_human_with_an_alarm() -> None:
    """What the engine told of the call is lost: a key, maybe."""

    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(LegFaulted(leg=ONE))  # not answered yet: that is still to come
        x.gateway.leg_event(LegAnswered(leg=ONE))
        await x.settle()
        x.gateway.leg_event(LegFaulted(leg=ONE))

    exchange = play(act)
    assert exchange.scene.alarms.told[-1][0] is AlarmKind.FAULT
    assert set(exchange.scene.queue.waiting) == {CONTACT}
    assert exchange.scene.telephone.ended == {}


def test_fault_below_a_phone_that_rings_or_talks_parts_nobody() -> None:
    async def act(x: Exchange) -> None:
        conversation = await in_line(x)
        await offered(x, 1)
        counselor = x.scene.counselor_leg
        for leg in (ONE, counselor):
            x.gateway.leg_event(LegFaulted(leg=leg))
        assert conversation.contact.state is S.OFFERED
        x.gateway.leg_event(LegAnswered(leg=counselor))
        await x.settle()
        for leg in (ONE, counselor):
            x.gateway.leg_event(LegFaulted(leg=leg))
        assert conversation.contact.state is S.TALKING

    exchange = play(act)
    assert len(exchange.scene.audio.bridges) == 1
    assert exchange.scene.telephone.ended == {}


def test_answer_that_could_not_be_sent_makes_the_contact_failed_not_abandoned() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(LegEnded(leg=ONE, reason=Reason.FAULT, status=500))

    exchange = play(act)
    [ending] = [x.termination for x in exchange.scene.journal.events if hasattr(x, "termination")]
    assert ending == Termination(Result.FAILED, Reason.FAULT)
    assert exchange.scene.journal.names == ["InviteReceived", "ContactFailed"]


@pytest.mark.parametrize("how_far", [Scene.ring_in, Scene.wait_in_line, Scene.talk])
def test_caller_whom_a_fault_cut_off_has_not_left(
    how_far: Callable[[Scene], Awaitable[object]],
) -> None:
    async def act(s: Scene) -> None:
        await how_far(s)
        await s.caller_hangs_up(Reason.FAULT)

    scene = conversation_scene.play(act)
    assert scene.termination == Termination(Result.FAILED, Reason.FAULT)
    assert scene.queue.waiting == {}
    assert scene.audio.bridges == set()


def test_fault_while_the_callers_end_is_handled_leaves_nobody_in_line_for_who_is_gone() -> None:
    async def act(x: Exchange) -> None:
        broken = await in_line(x)
        broken._caller_event = out_of_order  # type: ignore[method-assign]
        x.gateway.leg_event(LegEnded(leg=ONE, reason=Reason.CALLER_HUNG_UP, status=200))

    exchange = play(act)
    assert exchange.scene.queue.waiting == {}
    assert exchange.scene.journal.names[-1] == "ContactFailed"
    assert exchange.gateway.carried == {}


def test_caller_whose_end_nobody_heard_of_is_found_by_the_sweep() -> None:
    async def act(x: Exchange) -> None:
        broken = await in_line(x)
        broken.leg_event = broken.rescue = lambda *_: None  # type: ignore[assignment,method-assign]
        x.gateway.leg_event(LegEnded(leg=ONE, reason=Reason.CALLER_HUNG_UP, status=200))
        assert set(x.gateway.carried) == {CONTACT}
        x.gateway.sweep()

    exchange = play(act)
    assert exchange.scene.queue.waiting == {}
    assert exchange.scene.journal.names[-1] == "ContactFailed"


def test_fault_at_the_end_of_the_counselors_leg_puts_the_caller_in_line_again() -> None:
    async def act(x: Exchange) -> None:
        broken = await in_line(x)
        await offered(x, 1)
        counselor = x.scene.counselor_leg
        x.gateway.leg_event(LegAnswered(leg=counselor))
        await x.settle()
        assert broken.contact.state is S.TALKING
        broken._counselor_event = out_of_order  # type: ignore[method-assign]
        x.gateway.leg_event(LegEnded(leg=counselor, reason=Reason.COUNSELOR_HUNG_UP, status=200))

    exchange = play(act)
    assert set(exchange.scene.queue.waiting) == {CONTACT}
    assert ONE not in exchange.scene.telephone.ended


def test_phone_that_cannot_be_rung_gives_the_offer_back_and_the_next_one_is_taken() -> None:
    async def act(x: Exchange) -> None:
        await in_line(x)
        x.scene.telephone.out_of_order = True
        await offered(x, 1)
        assert x.scene.journal.names[-2:] == ["ContactOffered", "OfferWithdrawn"]
        x.scene.telephone.out_of_order = False
        await x.scene.advance(2.0)
        await x.settle()
        await offered(x, 2)
        x.gateway.leg_event(LegAnswered(leg=x.scene.counselor_leg))

    exchange = play(act)
    assert "ContactAnswered" in exchange.scene.journal.names
    assert AlarmKind.FAULT in dict(exchange.scene.alarms.told)


def test_withdrawal_reaches_its_conversation_though_another_one_is_broken() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(TWO))
        other = x.gateway.conversation_of(TWO)
        assert other is not None
        other.offer_withdrawn = out_of_order  # type: ignore[method-assign,assignment]
        await in_line(x)
        await offered(x, 1)
        offer = x.gateway.carried[CONTACT].offer
        assert offer is not None
        x.gateway.offer_withdrawn(offer.id)

    assert play(act).scene.journal.names[-1] == "OfferWithdrawn"


def test_queue_that_is_wrong_is_told_of_a_contact_though_another_one_is_broken() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(TWO))
        other = x.gateway.conversation_of(TWO)
        assert other is not None
        other.tell_again = other.revive = out_of_order  # type: ignore[method-assign,assignment]
        await in_line(x)
        x.scene.queue.waiting.clear()
        x.gateway.tell_again([other.contact.id, CONTACT])
        x.gateway.revive({other.contact.id: 7, CONTACT: 9})

    exchange = play(act)
    assert set(exchange.scene.queue.waiting) == {CONTACT}
    assert exchange.scene.journal.names[-1] == "ContactRevived"


def test_fault_of_one_contact_keeps_no_other_from_the_sweep_and_from_the_end() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(TWO))
        other = x.gateway.conversation_of(TWO)
        assert other is not None
        broken = dict.fromkeys(("fail", "nobody_staffed", "recording_stopped"), out_of_order)
        vars(other).update(broken)
        await in_line(x)
        x.gateway.nobody_staffed([])
        x.gateway.recording_stopped(RecordingId("r"), "")
        del x.gateway._by_leg[ONE], x.gateway._by_leg[TWO]
        x.gateway.sweep()
        await x.gateway.leave()

    assert play(act).scene.journal.names[-1] == "ContactFailed"


def test_offer_at_which_our_own_code_fails_before_any_phone_rings_is_given_back() -> None:
    async def act(x: Exchange) -> None:
        conversation = await in_line(x)
        conversation._seat.ring = out_of_order  # type: ignore[method-assign,assignment]
        await offered(x, 1)

    exchange = play(act)
    assert set(exchange.scene.queue.waiting) == {CONTACT}
    assert exchange.scene.queue.states[CounselorId("2001")] is CounselorState.READY
    assert AlarmKind.FAULT in dict(exchange.scene.alarms.told)


def test_fault_at_the_end_of_a_partners_leg_leaves_nobody_in_silence() -> None:
    async def act(s: Scene) -> None:
        await message.nobody_is_there(s)
        await s.hear(LegAnswered(leg=s.partner_leg))
        assert s.state is S.FORWARDED
        hung_up = LegEnded(leg=s.partner_leg, reason=Reason.COUNSELOR_HUNG_UP, status=200)
        s.conversation.rescue(hung_up)

    scene = message.play(act, message.PARTNER)
    assert scene.state is S.QUEUED
    assert scene.audio.playing[CALLER] == ("partner_lost",)
    assert scene.audio.bridges == set()
    assert scene.conversation.contact.id in scene.queue.waiting


def test_fault_while_two_talk_elsewhere_parts_nobody() -> None:
    async def act(s: Scene) -> None:
        await message.nobody_is_there(s)
        await s.hear(LegAnswered(leg=s.partner_leg))
        s.conversation.rescue(DigitPressed(leg=CALLER, digit="1"))

    scene = message.play(act, message.PARTNER)
    assert scene.state is S.FORWARDED
    assert len(scene.audio.bridges) == 1


def test_fault_while_a_message_is_left_keeps_it_and_leads_to_a_human() -> None:
    async def act(s: Scene) -> None:
        await message.speak(s)
        assert s.state is S.MESSAGE
        s.conversation.rescue(DigitPressed(leg=CALLER, digit="1"))

    scene = message.play(act)
    assert scene.state is S.QUEUED
    assert scene.audio.playing[CALLER] == ("please_wait",)
    assert "RecordingStopped" in scene.journal.names
    assert scene.conversation.contact.id in scene.queue.waiting
