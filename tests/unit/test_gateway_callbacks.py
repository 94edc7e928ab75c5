"""What a gateway does with the callbacks that it carries, beside its other contacts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NoReturn

from hotline.call import DigitPressed, LegAnswered, LegEnded, LegTried
from hotline.contact import ContactState as S
from hotline.conversation.arrival import DialledLine
from hotline.conversation.conversation import Conversation
from hotline.conversation.returns import Returns
from hotline.events import AlarmKind, Reason, SealedNumber
from hotline.events import CounselorState as C
from hotline.gateway import Gateway, Switchboard
from hotline.ids import GatewayId, LegId, NodeId
from hotline.overflow import Overflow
from hotline.ports import EscalateContact
from tests.callback_scene import SEQ, a_promise
from tests.unit.attempt import C1, HERE, ONE, Attempt
from tests.unit.scene import CALLER, Scene, invited

PARTNER = Overflow(name="north", to="sip:help@192.0.2.20", when_unstaffed=True, attempts=9)


class Exchange(Attempt):
    """A gateway of fakes that has claimed a callback; all events go through the gateway."""

    def __init__(self, *, windows: tuple[str, ...] | None = None) -> None:
        super().__init__(windows=windows)
        s = self.scene
        self.gateway = Gateway(
            gateway=HERE,
            lines={"12356": DialledLine(flow="main", node=NodeId("city"))},
            switchboard=Switchboard(
                telephone=s.telephone, audio=s.audio, prompts=s.prompts, timers=s.timers,
                alarms=s.alarms,
            ),
            counselors=s.queue,
            returns=Returns(
                gateway=HERE, offers=s.queue, callbacks=s.callbacks, timers=s.timers,
                alarms=s.alarms,
            ),
            converse=s.converse,
            seal=lambda number: SealedNumber("sealed", number),
            max_contacts=10,
            call_back=self.carry,
        )  # fmt: skip

    async def ring(self) -> None:
        """A callback is claimed, and its counselor's phone rings."""
        s, promise = self.scene, a_promise()
        s.queue.waiting[C1] = replace(promise.waiting, gateway=GatewayId("gateway-1"))
        assert await s.callbacks.promise(C1, promise, gateway=GatewayId("gateway-1"), seq=SEQ)
        self.gateway.offer_made(self.claim())
        self.gateway.leg_event(LegTried(leg=self.desk))

    async def ring_nobody(self) -> None:
        """A callback is claimed that cannot be carried."""
        s, promise = self.scene, a_promise()
        s.queue.waiting[C1] = replace(promise.waiting, gateway=GatewayId("gateway-1"))
        assert await s.callbacks.promise(C1, promise, gateway=GatewayId("gateway-1"), seq=SEQ)
        self.gateway.offer_made(self.claim())
        await self.turns()

    async def dial(self) -> None:
        await self.ring()
        self.gateway.leg_event(LegAnswered(leg=self.desk))
        await self.turns()

    async def reach(self) -> Conversation:
        """The caller picks up and takes the call."""
        await self.dial()
        self.gateway.leg_event(LegAnswered(leg=self.home))
        self.gateway.leg_event(DigitPressed(leg=self.home, digit="1"))
        await self.turns()
        conversation = self.gateway.conversation_of(self.home)
        assert isinstance(conversation, Conversation)
        return conversation

    async def promised(self) -> Conversation:
        """A caller waits here, and asks to be called back."""
        self.gateway.leg_event(invited(CALLER))
        self.gateway.leg_event(LegAnswered(leg=CALLER))
        for digit in ("", *"#1191"):
            if digit:
                self.gateway.leg_event(DigitPressed(leg=CALLER, digit=digit))
            await self.turns()
        conversation = self.gateway.conversation_of(CALLER)
        assert isinstance(conversation, Conversation)
        return conversation

    async def turns(self) -> None:
        for _ in range(20):
            await self.scene.turn()


def play(
    act: Callable[[Exchange], Awaitable[None]], *, windows: tuple[str, ...] | None = None
) -> Exchange:
    async def whole() -> Exchange:
        exchange = Exchange(windows=windows)
        await act(exchange)
        await exchange.turns()
        return exchange

    return asyncio.run(whole())


def test_callback_that_cannot_be_carried_by_a_fault_of_ours_is_given_back() -> None:
    async def act(x: Exchange) -> None:
        x.gateway._call_back = faulty
        await x.ring_nobody()
        assert not x.gateway.calls_back
        x.scene.timers.advance(60)
        assert x.gateway.calls_back

    x = play(act)
    assert x.scene.queue.states[ONE] is C.READY
    assert x.scene.callbacks.promises[C1].owner == ""
    assert C1 in x.scene.queue.waiting
    assert AlarmKind.FAULT in dict(x.scene.alarms.told)
    assert x.gateway.carried == {}


def faulty(*_args: object, **_facts: object) -> NoReturn:
    raise RuntimeError("a fault that nobody thought of")


def test_callback_whose_caller_is_not_there_yet_is_not_taken_for_one_whose_caller_is_gone() -> None:
    async def act(x: Exchange) -> None:
        await x.ring()
        x.gateway.sweep()
        assert x.contact.state is S.RETURNING
        x.gateway.leg_event(LegAnswered(leg=x.desk))
        await x.turns()
        x.gateway.sweep()

    exchange = play(act)
    assert exchange.contact.state is S.DIALLED
    assert exchange.scene.telephone.ended == {}


def test_words_to_the_counselor_after_a_caller_who_did_not_come_are_heard_to_their_end() -> None:
    async def act(x: Exchange) -> None:
        await x.dial()
        x.gateway.leg_event(LegEnded(leg=x.home, reason=Reason.DECLINED, status=603))
        x.gateway.sweep()

    exchange = play(act)
    assert exchange.hears(exchange.desk) == ("callback_failed",)
    assert exchange.desk not in exchange.scene.telephone.ended


def test_caller_who_took_the_call_and_is_gone_unheard_is_mended_like_any_other() -> None:
    async def act(x: Exchange) -> None:
        conversation = await x.reach()
        x.gateway.sweep()
        assert conversation.contact.state is S.TALKING
        del x.gateway._by_leg[x.home]
        x.gateway.sweep()

    assert play(act).contact.state is S.FAILED


def test_caller_who_hung_up_is_not_taken_for_gone_while_the_queue_thinks_of_the_promise() -> None:
    async def act(x: Exchange) -> None:
        x.scene.callbacks.thinking = asyncio.Event()
        conversations.append(await x.promised())
        x.gateway.leg_event(LegEnded(leg=CALLER, reason=Reason.CALLER_HUNG_UP, status=200))
        x.gateway.sweep()
        x.scene.callbacks.thinking.set()

    conversations: list[Conversation] = []
    play(act, windows=())
    assert conversations[0].contact.state is S.PROMISED


def test_caller_who_still_hears_our_goodbye_is_not_called_and_may_press_the_danger_key() -> None:
    async def act(x: Exchange) -> None:
        conversation = await x.promised()
        contact = conversation.contact.id
        await x.turns()
        assert conversation.contact.state is S.PROMISED
        promise = x.scene.callbacks.promises[contact].promise
        x.scene.queue.waiting[contact] = promise.waiting  # whose clock is ahead, say
        x.gateway.offer_made(x.claim(contact))
        await x.turns()
        assert x.scene.telephone.dialled == x.scene.telephone.called == []
        assert x.scene.callbacks.promises[contact].owner == ""
        assert not x.gateway.calls_back
        x.gateway.leg_event(DigitPressed(leg=CALLER, digit="0"))
        await x.turns()
        assert conversation.contact.state is S.QUEUED

    assert play(act, windows=()).scene.queue.states[ONE] is C.READY


def test_heartbeat_says_what_a_callback_does_under_which_offer() -> None:
    async def act(x: Exchange) -> None:
        await x.ring()
        said = x.gateway.carried[C1]
        assert (said.state, said.offer and said.offer.counselor) == (S.RETURNING, "1001")
        await x.gateway.leave()
        assert x.gateway.carried == {}

    play(act)


def test_what_concerns_conversations_does_a_callback_no_harm() -> None:
    async def act(x: Exchange) -> None:
        await x.dial()
        x.gateway.ordered(EscalateContact(contact=C1, by="operator:li", reason=""))
        x.gateway.nobody_staffed({C1})
        x.gateway.tell_again([C1])
        x.gateway.revive({C1: 99})
        await x.turns()

    exchange = play(act)
    assert exchange.contact.state is S.DIALLED
    assert exchange.scene.alarms.told == []


def test_second_counselor_can_be_asked_for_in_a_callback_and_goes_on_alone() -> None:
    async def act(x: Exchange) -> None:
        conversation = await x.reach()
        x.gateway.ordered(EscalateContact(contact=C1, by="operator:li", reason=""))
        await x.turns()
        assert conversation.has_third
        request = conversation.escalation.request
        assert request in x.scene.queue.waiting
        assert x.gateway.carried[C1].state is S.TALKING

    play(act)


def test_queue_that_lost_the_talk_is_told_of_it_again() -> None:
    async def act(x: Exchange) -> None:
        await x.reach()
        x.gateway.tell_again([C1])
        await x.turns()

    assert "restate" in dict(play(act).scene.queue.said)


def test_partner_who_rings_stops_when_the_caller_chooses_to_be_called() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        await s.wait_for(2, unstaffed=True)
        assert s.partner_leg not in s.telephone.ended
        await s.press("91")

    async def whole() -> Scene:
        scene = Scene(windows=(), overflow=[PARTNER])
        await act(scene)
        await scene.settle()
        return scene

    scene = asyncio.run(whole())
    assert scene.partner_leg in scene.telephone.ended
    assert scene.state is S.PROMISED


def test_no_partner_is_asked_while_the_queue_thinks_of_the_promise() -> None:
    async def whole() -> Scene:
        scene = Scene(windows=(), overflow=[PARTNER])
        await scene.wait_in_line()
        scene.callbacks.thinking = asyncio.Event()
        for digit in "91":
            scene.conversation.leg_event(DigitPressed(leg=CALLER, digit=digit))
        scene.conversation.nobody_staffed(True)
        await scene.turn()
        scene.timers.advance(3)
        await scene.turn()
        scene.callbacks.thinking.set()
        await scene.settle()
        return scene

    scene = asyncio.run(whole())
    assert "PartnerDialled" not in scene.journal.names
    assert scene.state is S.PROMISED


def test_caller_who_refuses_the_recording_while_the_queue_thinks_waits_on() -> None:
    """What was promised would say that they agreed: it is undone by being in line again."""

    async def whole() -> Scene:
        scene = Scene(windows=())
        await scene.wait_in_line()
        scene.callbacks.thinking = asyncio.Event()
        for digit in "91":
            scene.conversation.leg_event(DigitPressed(leg=CALLER, digit=digit))
        await scene.turn()
        refuse = scene.welcome.flow.refuse
        assert refuse is not None
        scene.conversation.leg_event(DigitPressed(leg=CALLER, digit=refuse.key))
        scene.callbacks.thinking.set()
        await scene.settle()
        return scene

    scene = asyncio.run(whole())
    assert scene.state is S.QUEUED
    waiting = scene.queue.waiting[scene.conversation.contact.id]
    assert waiting.gateway == scene.conversation.arrival.gateway
    assert LegId(CALLER) not in scene.telephone.ended
