"""A conversation in which a second counselor, 2001, is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from hotline.call import DigitPressed, LegAnswered, LegEnded, LegTried, PlaybackFinished
from hotline.events import CounselorState, Reason
from hotline.ids import ContactId, CounselorId, LegId, OfferId, request_id
from hotline.ports import Offer
from tests.unit.scene import CALLER, Scene

VOLUNTEER, PROFESSIONAL = CounselorId("1001"), CounselorId("2001")


class EscalationScene(Scene):
    """1001 talks to the caller; 2001 is ready."""

    volunteer_leg: LegId
    offer: Offer

    async def begin(self) -> None:
        self.offer = await self.talk()
        self.volunteer_leg = self.counselor_leg
        self.queue.roster.add(PROFESSIONAL)
        self.queue.states[PROFESSIONAL] = CounselorState.READY

    @property
    def contact(self) -> ContactId:
        return self.conversation.contact.id

    @property
    def professional_leg(self) -> LegId:
        assert len(self.telephone.dialled) > 1
        return self.counselor_leg

    def request(self, number: int = 1) -> ContactId:
        return request_id(self.contact, number)

    async def keys(self, keys: str, leg: LegId | None = None) -> None:
        for key in keys:
            await self.hear(DigitPressed(leg=leg or self.volunteer_leg, digit=key))

    async def escalate(self) -> None:
        await self.keys("*7")

    async def ring(self, number: int = 2, request: int = 1) -> Offer:
        """The dispatcher offers the request to the professional."""
        offer = Offer(
            id=OfferId(str(number)),
            contact=self.request(request),
            counselor=PROFESSIONAL,
            expires_at=self.clock.now() + timedelta(minutes=1),
        )
        assert self.queue.claim(offer)
        self.conversation.offer_made(offer)
        self.conversation.leg_event(LegTried(leg=self.counselor_leg))
        await self.settle()
        return offer

    async def pick_up(self) -> None:
        await self.hear(LegAnswered(leg=self.professional_leg))

    async def hear_briefing(self) -> None:
        await self.hear(PlaybackFinished(leg=self.professional_leg, playlist=self.audio.playlists))

    async def join(self) -> None:
        """All the way to three who hear each other."""
        await self.begin()
        await self.escalate()
        await self.ring()
        await self.pick_up()
        await self.hear_briefing()

    async def end(self, leg: LegId, reason: Reason = Reason.COUNSELOR_HUNG_UP) -> None:
        await self.hear(LegEnded(leg=leg, reason=reason, status=200))

    def hear_each_other(self, *legs: LegId) -> bool:
        """Whether these, and nobody else, are all bridged with each other."""
        pairs = {frozenset({one, other}) for one in legs for other in legs if one != other}
        return self.audio.bridges == pairs

    @property
    def all_three(self) -> bool:
        return self.hear_each_other(CALLER, self.volunteer_leg, self.professional_leg)

    def does(self, counselor: CounselorId) -> CounselorState:
        return self.queue.states[counselor]


def play(act: Callable[[EscalationScene], Awaitable[None]]) -> EscalationScene:
    """Run `act` in a new scene, and return it."""

    async def whole() -> EscalationScene:
        scene = EscalationScene()
        await act(scene)
        return scene

    return asyncio.run(whole())
