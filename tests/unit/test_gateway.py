"""The gateway: every call finds its place, and no fault leaves its own conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from hotline.area import Areas
from hotline.call import DigitPressed, LegAnswered, LegEnded, PlaybackFinished
from hotline.contact import ContactState as S
from hotline.conversation.arrival import DialledLine
from hotline.conversation.returns import Returns
from hotline.events import (
    AlarmKind,
    ContactRefused,
    CounselorState,
    InviteReceived,
    Reason,
    Result,
    SealedNumber,
    Termination,
)
from hotline.gateway import Gateway, Switchboard
from hotline.ids import ContactId, CounselorId, GatewayId, LegId, NodeId, request_id
from hotline.overflow import Overflow
from hotline.ports import EscalateContact
from tests.fakes import an_offer
from tests.unit.scene import Scene, invited

ONE, TWO = LegId("one"), LegId("two")
PARTNER = Overflow(name="north", to="sip:help@192.0.2.20", when_unstaffed=True)
Seal = Callable[[str], SealedNumber]
AreaOf = Callable[[str], NodeId | None]
NO_AREAS: AreaOf = Areas().node_of


def sealed_by_length(number: str) -> SealedNumber:
    return SealedNumber("sealed", str(len(number)))


class Exchange:
    """A gateway of fakes."""

    def __init__(
        self,
        *,
        max_contacts: int = 10,
        seal: Seal = sealed_by_length,
        area_of: AreaOf = NO_AREAS,
    ) -> None:
        self.scene = Scene(overflow=[PARTNER])
        self.gateway = Gateway(
            gateway=GatewayId("gateway-1.test"),
            lines={"12356": DialledLine(flow="main", node=NodeId("city"))},
            switchboard=Switchboard(
                telephone=self.scene.telephone,
                audio=self.scene.audio,
                prompts=self.scene.prompts,
                timers=self.scene.timers,
                alarms=self.scene.alarms,
            ),
            counselors=self.scene.queue,
            returns=Returns(
                gateway=GatewayId("gateway-1.test"),
                offers=self.scene.queue,
                callbacks=self.scene.callbacks,
                timers=self.scene.timers,
                alarms=self.scene.alarms,
            ),
            converse=self.scene.converse,
            seal=seal,
            area_of=area_of,
            max_contacts=max_contacts,
            call_back=lambda _offer, _hold: pytest.fail("nobody is called back here"),
        )

    async def settle(self) -> None:
        for _ in range(10):
            await self.scene.turn()


def play(
    act: Callable[[Exchange], Awaitable[None]],
    *,
    max_contacts: int = 10,
    seal: Seal = sealed_by_length,
    area_of: AreaOf = NO_AREAS,
) -> Exchange:
    async def whole() -> Exchange:
        exchange = Exchange(max_contacts=max_contacts, seal=seal, area_of=area_of)
        await act(exchange)
        await exchange.settle()
        return exchange

    return asyncio.run(whole())


def test_call_to_a_line_becomes_a_contact() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))

    exchange = play(act)
    assert exchange.gateway.contacts == 1
    assert exchange.scene.journal.names == ["InviteReceived"]


def test_no_event_carries_the_number() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))

    assert "13800138000" not in repr(play(act).scene.journal.events)


def test_number_that_cannot_be_sealed_counts_as_withheld_and_costs_nobody_the_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(number: str) -> SealedNumber:
        raise UnicodeEncodeError("utf-8", number, 0, 1, number)

    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))

    exchange = play(act, seal=broken)
    [arrived] = exchange.scene.journal.events
    assert isinstance(arrived, InviteReceived)
    assert arrived.caller == SealedNumber(cipher="", digest="")
    assert ONE not in exchange.scene.telephone.ended
    assert [kind for kind, _ in exchange.scene.alarms.told] == [AlarmKind.FAULT]
    assert "13800138000" not in caplog.text + repr(exchange.scene.alarms.told)


def test_call_to_a_number_that_is_not_ours_is_404() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE, dialled="999"))

    assert play(act).scene.telephone.ended == {ONE: (404, None)}


@pytest.mark.parametrize(
    ("code", "state", "prompt"),
    [
        ("*11", CounselorState.READY, "state_ready"),
        ("*12", CounselorState.NOT_READY, "state_not_ready"),
        ("*10", CounselorState.OFFLINE, "state_offline"),
    ],
)
def test_feature_code_changes_the_state_and_says_so(
    code: str, state: CounselorState, prompt: str
) -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE, dialled=code, source="phone:1001"))
        x.gateway.leg_event(LegAnswered(leg=ONE))
        await x.settle()
        assert x.scene.audio.playing[ONE] == (prompt,)
        x.gateway.leg_event(PlaybackFinished(leg=ONE, playlist=x.scene.audio.playlists))

    exchange = play(act)
    assert exchange.scene.queue.states[CounselorId("1001")] is state
    assert ONE in exchange.scene.telephone.ended


def test_feature_code_from_a_trunk_is_refused() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE, dialled="*11", source="trunk:carrier"))

    exchange = play(act)
    assert exchange.scene.queue.states == {}
    assert exchange.scene.telephone.ended == {ONE: (404, None)}


def test_caller_beyond_capacity_is_journalled_and_hears_an_apology() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(invited(TWO))
        x.gateway.leg_event(LegAnswered(leg=TWO))
        await x.settle()

    exchange = play(act, max_contacts=1)
    assert exchange.scene.audio.playing[TWO] == ("over_capacity",)
    assert exchange.scene.journal.names[-1] == "ContactRefused"
    assert AlarmKind.OVER_CAPACITY in exchange.scene.alarms.standing


def test_caller_for_whom_no_leg_is_left_gets_503_with_retry_after() -> None:
    async def act(x: Exchange) -> None:
        x.scene.telephone.capacity = 3
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(invited(TWO))

    exchange = play(act, max_contacts=1)
    assert exchange.scene.telephone.ended[TWO] == (503, 5)


@pytest.mark.parametrize("leaving", [False, True])
def test_caller_whom_another_gateway_may_take_is_handed_over_and_not_counted(leaving: bool) -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))
        if leaving:
            await x.gateway.leave()
        x.gateway.leg_event(invited(TWO, last=False))

    exchange = play(act, max_contacts=1)
    assert exchange.scene.telephone.ended[TWO] == (503, 5)
    assert exchange.scene.journal.names.count("InviteReceived") == 1
    assert AlarmKind.OVER_CAPACITY not in exchange.scene.alarms.standing


def test_contacts_that_wait_are_known_and_put_in_line_again_when_the_queue_lost_them() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(invited(TWO))
        x.gateway.leg_event(LegAnswered(leg=ONE))
        await x.settle()
        for digit in "#11":
            x.gateway.leg_event(DigitPressed(leg=ONE, digit=digit))
            await x.settle()
        waits = ContactId("contact-of-one")
        menu = ContactId("contact-of-two")
        assert {c: one.state for c, one in x.gateway.carried.items()} == {
            waits: S.QUEUED,
            menu: S.RINGING,
        }
        x.scene.queue.waiting.clear()
        x.gateway.tell_again([waits, ContactId("contact-of-two"), ContactId("unknown")])

    assert list(play(act).scene.queue.waiting) == ["contact-of-one"]


async def ask_for_company(x: Exchange) -> ContactId:
    """1001 talks to ONE and asks for a second counselor; return the request."""
    x.scene.queue.states[CounselorId("1001")] = CounselorState.READY
    x.gateway.leg_event(invited(ONE))
    x.gateway.leg_event(LegAnswered(leg=ONE))
    await x.settle()
    for digit in "#11":
        x.gateway.leg_event(DigitPressed(leg=ONE, digit=digit))
        await x.settle()
    offer = an_offer(ContactId("contact-of-one"), expires_at=x.scene.clock.now().replace(hour=13))
    assert x.scene.queue.claim(offer)
    x.gateway.offer_made(offer)
    x.gateway.leg_event(LegAnswered(leg=x.scene.counselor_leg))
    await x.settle()
    order = EscalateContact(contact=offer.contact, by="operator:li", reason="asked")
    x.gateway.ordered(order)
    x.gateway.ordered(replace(order, contact=ContactId("unknown")))
    await x.settle()
    return request_id(offer.contact, 1)


def test_order_reaches_its_conversation_and_the_request_is_carried_and_waits() -> None:
    async def act(x: Exchange) -> None:
        request = await ask_for_company(x)
        assert x.scene.journal.names[-1] == "EscalationRequested"
        does = {contact: one.state for contact, one in x.gateway.carried.items()}
        assert does == {"contact-of-one": S.TALKING, request: S.QUEUED}
        x.scene.queue.waiting.clear()
        x.gateway.tell_again([request])
        await x.settle()
        assert set(x.scene.queue.waiting) == {request}

    play(act)


def test_offer_of_a_request_rings_and_its_legs_events_find_the_conversation() -> None:
    async def act(x: Exchange) -> None:
        request = await ask_for_company(x)
        second = replace(
            an_offer(request, expires_at=x.scene.clock.now().replace(hour=13), number=2),
            counselor=CounselorId("2001"),
        )
        x.scene.queue.states[CounselorId("2001")] = CounselorState.READY
        assert x.scene.queue.claim(second)
        x.gateway.offer_made(second)
        x.gateway.leg_event(LegAnswered(leg=x.scene.counselor_leg))
        await x.settle()
        does = {contact: one.state for contact, one in x.gateway.carried.items()}
        assert does == dict.fromkeys(("contact-of-one", request), S.TALKING)
        assert x.gateway.carried[request].offer == second
        x.gateway.leg_event(LegEnded(leg=ONE, reason=Reason.CALLER_HUNG_UP, status=200))
        await x.settle()
        assert x.gateway.carried == {}

    names = play(act).scene.journal.names
    assert "CounselorJoined" in names
    assert names[-1] == "CallerLeft"


def test_offer_of_a_request_whose_conversation_is_gone_is_given_back() -> None:
    async def act(x: Exchange) -> None:
        request = request_id(ContactId("gone"), 1)
        x.gateway.offer_made(an_offer(request, expires_at=x.scene.clock.now()))

    assert play(act).scene.queue.said == [("give_back withdrawn", "1")]


def test_contact_that_is_over_is_forgotten() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))
        x.gateway.leg_event(LegEnded(leg=ONE, reason=Reason.CALLER_CANCELLED, status=487))
        x.gateway.sweep()

    exchange = play(act)
    assert exchange.gateway.conversation_of(ONE) is None
    assert exchange.gateway.contacts == 0


def test_draining_gateway_takes_no_new_call_and_serves_who_is_there() -> None:
    async def act(x: Exchange) -> None:
        contact = await in_line(x, ONE)
        x.gateway.drain()
        x.gateway.leg_event(invited(TWO))
        assert not x.gateway.calls_back
        x.gateway.offer_made(an_offer(contact, expires_at=x.scene.clock.now()))

    exchange = play(act)
    assert exchange.scene.telephone.ended[TWO] == (503, 5)
    assert exchange.gateway.contacts == 1
    assert exchange.scene.journal.names[-1] == "ContactOffered"


def test_leaving_gateway_takes_no_call_and_ends_those_it_has() -> None:
    async def act(x: Exchange) -> None:
        x.gateway.leg_event(invited(ONE))
        await x.gateway.leave()
        x.gateway.leg_event(invited(TWO))

    exchange = play(act)
    assert exchange.scene.journal.names[:2] == ["InviteReceived", "ContactFailed"]
    assert exchange.scene.telephone.ended[TWO] == (503, 5)
    refused = exchange.scene.last(ContactRefused)
    assert refused.termination == Termination(Result.REFUSED, Reason.SHUTDOWN)
    assert exchange.scene.alarms.standing == {}


async def in_line(x: Exchange, leg: LegId) -> ContactId:
    """A caller on `leg` waits; return the contact."""
    x.gateway.leg_event(invited(leg))
    x.gateway.leg_event(LegAnswered(leg=leg))
    await x.settle()
    for digit in "#11":
        x.gateway.leg_event(DigitPressed(leg=leg, digit=digit))
    await x.settle()
    return ContactId(f"contact-of-{leg}")


def test_each_contact_is_told_whether_anybody_is_there_for_it() -> None:
    async def act(x: Exchange) -> None:
        first, second = await in_line(x, ONE), await in_line(x, TWO)
        x.gateway.nobody_staffed({second, ContactId("of another gateway")})
        x.scene.timers.advance(1)
        assert [h["X-Hotline-Contact"] for _, h, _ in x.scene.telephone.dialled] == [second]
        x.gateway.nobody_staffed({first})
        x.scene.timers.advance(1)
        told = {h["X-Hotline-Contact"] for _, h, _ in x.scene.telephone.dialled}
        assert told == {first, second}

    play(act)


def test_partners_leg_finds_the_conversation_that_dialled_it() -> None:
    async def act(x: Exchange) -> None:
        contact = await in_line(x, ONE)
        await in_line(x, TWO)
        x.gateway.nobody_staffed({contact})
        x.scene.timers.advance(1)
        x.gateway.leg_event(LegAnswered(leg=x.scene.partner_leg))
        assert x.scene.audio.bridges == {frozenset({ONE, x.scene.partner_leg})}
        x.gateway.leg_event(
            LegEnded(leg=x.scene.partner_leg, reason=Reason.COUNSELOR_HUNG_UP, status=200)
        )
        assert ONE in x.scene.telephone.ended
        assert TWO not in x.scene.telephone.ended

    play(act)


def test_fault_of_a_feature_code_ends_the_call_and_is_told() -> None:
    async def broken(*_args: object, **_facts: object) -> CounselorState:
        raise RuntimeError("a fault that nobody thought of")

    async def act(x: Exchange) -> None:
        x.scene.queue.change_state = broken  # type: ignore[method-assign]
        x.gateway.leg_event(invited(ONE, dialled="*11", source="phone:1001"))
        x.gateway.leg_event(LegAnswered(leg=ONE))

    exchange = play(act)
    assert ONE in exchange.scene.telephone.ended
    assert AlarmKind.FAULT in dict(exchange.scene.alarms.told)
