"""Promised callbacks in memory, beside the queue of `tests.fakequeue`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from hotline.clock import Clock
from hotline.events import CounselorState, Reason
from hotline.ids import ContactId, CounselorId, EventId, GatewayId, OfferId
from hotline.ports import CHOSEN_THERE, Callback, Offer, Promise, Released
from queueing.limits import Limits
from tests.fakequeue import FakeQueue

NOBODY = GatewayId("")


@dataclass
class _Held:
    """A promise that stands, and whose it is."""

    promise: Promise
    seq: int
    attempts: int = 0
    owner: GatewayId = NOBODY
    fence: OfferId | None = None
    dissolved: bool = False


class FakeCallbacks:
    """Implements `ports.Callbacks`. Nothing comes into line by itself; `claim` offers as a
    gateway's dispatcher does, `dissolve` is what an operator or the caller does; `thinking` holds
    up what is asked, `answering` the answer of the fence alone."""

    def __init__(self, queue: FakeQueue, *, clock: Clock, limits: Limits | None = None) -> None:
        self.thinking: asyncio.Event | None = None
        self.answering: asyncio.Event | None = None
        self.said: list[tuple[str, object]] = []
        self.promises: dict[ContactId, _Held] = {}
        self._queue = queue
        self._clock = clock
        self._limits = limits or Limits()

    def claim(self, offer: Offer, gateway: GatewayId) -> Offer | None:
        """Offer a callback that waits; the gateway owns it from then on."""
        held = self.promises.get(offer.contact)
        if held is None or not self._queue.claim(offer):
            return None
        held.owner = gateway
        callback = Callback(promise=held.promise, seq=held.seq, attempts=held.attempts)
        return replace(offer, callback=callback)

    def dissolve(self, contact: ContactId) -> None:
        """Nobody is to be called any more."""
        held = self.promises[contact]
        held.dissolved = True
        if held.owner == NOBODY:
            self._drop(contact)

    async def promise(
        self,
        contact: ContactId,
        promise: Promise,
        *,
        gateway: GatewayId,
        seq: int,
        event: EventId = CHOSEN_THERE,
    ) -> bool:
        await self._here("promise", contact)
        waiting = self._queue.waiting.get(contact)
        callers = {held.promise.waiting.caller_digest for held in self.promises.values()}
        if waiting is None or waiting.gateway != gateway or waiting.caller_digest in callers:
            return False
        self.promises[contact] = _Held(promise, seq + 1)
        self._stand(contact)
        return True

    async def dial(self, offer: Offer, *, seq: int) -> int:
        await self._here("dial", offer.id)
        held = self.promises.get(offer.contact)
        state = self._queue._state_of(offer)
        if held is None or state is None:
            return 0
        if state is CounselorState.TALKING:
            return held.attempts if held.fence == offer.id else 0
        if held.dissolved:
            return 0
        self._queue._served[offer.contact].talking = True
        self._queue._move(offer.counselor, CounselorState.TALKING, "callback")
        held.fence, held.attempts, held.seq = offer.id, held.attempts + 1, seq + 1
        attempts = held.attempts
        if self.answering is not None:
            await self.answering.wait()
            self._queue._here()
        return attempts

    async def reached(self, offer: Offer) -> None:
        await self._here("reached", offer.id)
        if self._queue._state_of(offer) is CounselorState.TALKING:
            self.promises.pop(offer.contact, None)

    async def release(
        self,
        offer: Offer,
        *,
        gateway: GatewayId,
        seq: int,
        reason: Reason,
        journalled: bool = True,
    ) -> Released:
        words = f"release {reason}" if journalled else f"release {reason}, not journalled"
        await self._here(words, offer.id)
        held = self.promises.get(offer.contact)
        if held is None or held.owner != gateway:
            return Released.GONE
        served = self._queue._served.get(offer.contact)
        if served is not None and served.offer.id != offer.id:
            return Released.OFFERED
        dialled = served is not None and served.talking
        if served is not None:
            self._free(served.offer.counselor, dialled=dialled)
            self._queue._back_in_line(offer.contact)
        held.owner, held.seq = NOBODY, max(held.seq, seq)
        if held.dissolved:
            self._drop(offer.contact)
            return Released.WITHDRAWN
        if dialled and held.attempts >= self._limits.callback_attempts:
            self._drop(offer.contact)
            return Released.GIVEN_UP
        if dialled:
            self._queue.waiting.pop(offer.contact, None)  # until it is time for the next attempt
        return Released.STANDS

    def _free(self, counselor: CounselorId, *, dialled: bool) -> None:
        reason = "callback_failed" if dialled else "withdrawn"
        self._queue._move(counselor, CounselorState.READY, reason)

    def _stand(self, contact: ContactId) -> None:
        promise = self.promises[contact].promise
        now = self._clock.now()
        self._queue.waiting.pop(contact, None)
        if any(opening.opens <= now < opening.closes for opening in promise.openings):
            self._queue.waiting[contact] = promise.waiting

    def _drop(self, contact: ContactId) -> None:
        del self.promises[contact]
        self._queue._forget(contact)

    async def _here(self, what: str, about: object) -> None:
        self.said.append((what, about))
        if self.thinking is not None:
            await self.thinking.wait()
        self._queue._here()
