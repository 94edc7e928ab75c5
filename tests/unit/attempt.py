"""One attempt to call a caller back, with fakes all around it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from hotline.call import DigitPressed, LegAnswered, LegEnded, LegTried
from hotline.contact import Contact
from hotline.contact import ContactState as S
from hotline.conversation.callbacktools import Tools
from hotline.conversation.callingback import CallingBack
from hotline.conversation.charge import Charge
from hotline.conversation.conversation import Conversation
from hotline.events import CounselorState as C
from hotline.events import Reason, SealedNumber
from hotline.ids import ContactId, CounselorId, GatewayId, LegId
from hotline.ports import Offer, Promise
from tests.callback_scene import SEQ, a_promise
from tests.fakes import an_offer
from tests.unit.scene import Scene

HERE = GatewayId("gateway-2.test")
C1 = ContactId("c1")
ONE = CounselorId("1001")
NUMBER = "013800138000"
Act = Callable[["Attempt"], Awaitable[None]]


class Attempt:
    """A callback that this gateway has claimed, and its counselor's and caller's phones."""

    def __init__(self, *, windows: tuple[str, ...] | None = None) -> None:
        """`windows`: those in which callers may ask to be called; None: nobody may."""
        self.scene = Scene(windows=windows)
        self.number = NUMBER
        self.number_of: Callable[[SealedNumber], str] = lambda _sealed: self.number
        self.held: list[Charge] = []
        self.offers = 0

    async def begin(self, promise: Promise | None = None) -> None:
        """It was promised elsewhere; a counselor is claimed, and the phone rings."""
        s, promise = self.scene, promise or a_promise()
        s.queue.waiting[C1] = replace(promise.waiting, gateway=GatewayId("gateway-1"))
        assert await s.callbacks.promise(C1, promise, gateway=GatewayId("gateway-1"), seq=SEQ)
        offer = self.claim()
        self.visit = self.carry(offer, self.held.append)
        self.visit.offer_made(offer)
        self.visit.leg_event(LegTried(leg=self.desk))

    def carry(self, offer: Offer, hold: Callable[[Charge], None]) -> CallingBack:
        """Make what carries the callback of `offer`; what Gateway is given as its factory."""
        s = self.scene
        assert offer.callback is not None
        self.contact = Contact(C1, journal=s.journal, state=S.PROMISED, seq=offer.callback.seq)
        tools = Tools(
            gateway=HERE,
            line=s.line,
            callbacks=s.callbacks,
            prompts=s.prompts,
            converse=lambda arrival, contact: s.converse(arrival, None, contact),  # type: ignore[arg-type]
            number_of=lambda sealed: self.number_of(sealed),
            shown="",
            ring_timeout=20,
            ring_seconds=30,
        )
        return CallingBack(offer.callback, contact=self.contact, tools=tools, hold=hold)

    def claim(self, contact: ContactId = C1) -> Offer:
        self.offers += 1
        expires = self.scene.clock.now() + timedelta(minutes=1)
        self.scene.queue.states[ONE] = C.READY
        offer = self.scene.callbacks.claim(
            an_offer(contact, expires_at=expires, number=self.offers), HERE
        )
        assert offer is not None
        return offer

    @property
    def desk(self) -> LegId:
        return self.scene.telephone.dialled[-1][2]

    @property
    def home(self) -> LegId:
        return self.scene.telephone.called[-1][2]

    async def settle(self) -> None:
        await self.visit.settled()

    async def pick_up(self) -> None:
        """The counselor does."""
        self.visit.leg_event(LegAnswered(leg=self.desk))
        await self.settle()

    async def at_home(self) -> None:
        """The caller, or whoever it is, does too."""
        await self.begin()
        await self.pick_up()
        self.visit.leg_event(LegAnswered(leg=self.home))

    async def ends(self, leg: LegId, reason: Reason, status: int = 200) -> None:
        self.visit.leg_event(LegEnded(leg=leg, reason=reason, status=status))
        await self.settle()

    async def words_are_over(self) -> None:
        """The counselor has heard them and the leg is gone."""
        await self.advance(12)
        await self.settle()

    async def advance(self, seconds: float) -> None:
        self.scene.clock.advance(seconds)
        self.scene.timers.advance(seconds)
        await self.settle()

    def press(self, digit: str) -> None:
        self.visit.leg_event(DigitPressed(leg=self.home, digit=digit))

    def hears(self, leg: LegId) -> tuple[str, ...]:
        return self.scene.audio.playing.get(leg, ())

    @property
    def conversation(self) -> Conversation:
        assert isinstance(self.held[-1], Conversation)
        return self.held[-1]

    @property
    def said(self) -> list[str]:
        return [what for what, _ in self.scene.callbacks.said]


def play(act: Act) -> Attempt:
    async def whole() -> Attempt:
        attempt = Attempt()
        await act(attempt)
        await attempt.settle()
        return attempt

    return asyncio.run(whole())
