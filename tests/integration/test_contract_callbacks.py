"""What `ports.Callbacks` promises, of the fake and of the store on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import pytest

from hotline.clock import ManualClock
from hotline.events import CounselorState as S
from hotline.events import Reason
from hotline.ids import ContactId, CounselorId, OfferId
from hotline.ports import Callbacks, Offer, OfferOutcome, Promise, Released
from queueing.limits import Limits
from tests.callback_scene import SEQ, a_promise, an_opening, claim
from tests.fakecallbacks import FakeCallbacks
from tests.fakequeue import FakeQueue
from tests.queue_scene import GATEWAY, NOON, OTHER_GATEWAY, a_queue
from tests.queue_sides import FakeSide, RealSide, Side

C1 = ContactId("c1")
_numbers = count(1)
LIMITS = Limits(callback_attempts=2, callback_retry=600)


@dataclass
class Both:
    """One side, with its callbacks."""

    side: Side
    callbacks: Callbacks

    async def wait(self, promise: Promise) -> None:
        await self.side.queue.enqueue(replace(promise.waiting, gateway=GATEWAY))

    async def promise(self, promise: Promise | None = None) -> bool:
        promise = promise or a_promise()
        await self.wait(promise)
        contact = promise.waiting.contact
        return await self.callbacks.promise(contact, promise, gateway=GATEWAY, seq=SEQ)

    async def ready(self) -> None:
        await self.side.add("1001")
        await self.side.queue.change_state(CounselorId("1001"), S.READY, reason="", by="1001")

    async def claim(self) -> Offer:
        """The callback of c1, claimed for `GATEWAY`."""
        if isinstance(self.side, RealSide):
            made = await claim(self.side.scene.store)
        else:
            assert isinstance(self.callbacks, FakeCallbacks)
            now, number = self.side.now(), next(_numbers)
            offer = Offer(id=OfferId(str(number)), contact=C1, counselor=CounselorId("1001"),
                          expires_at=now + timedelta(seconds=30))  # fmt: skip
            made = self.callbacks.claim(offer, GATEWAY)
        assert made is not None
        return made

    async def dialled(self) -> Offer:
        assert await self.promise()
        await self.ready()
        offer = await self.claim()
        assert await self.callbacks.dial(offer, seq=SEQ + 2) == 1
        return offer

    async def release(self, offer: Offer, reason: Reason = Reason.NO_ANSWER) -> Released:
        return await self.callbacks.release(offer, gateway=GATEWAY, seq=SEQ + 5, reason=reason)

    async def position(self) -> int:
        return (await self.side.queue.place(C1)).position


@asynccontextmanager
async def opened(kind: str, url: str) -> AsyncIterator[Both]:
    if kind == "real":
        async with a_queue(url, LIMITS) as scene:
            yield Both(RealSide(scene), scene.store)
    else:
        clock = ManualClock(NOON)
        queue = FakeQueue(clock=clock, limits=LIMITS)
        side = FakeSide(queue, LIMITS, clock)
        yield Both(side, FakeCallbacks(queue, clock=clock, limits=LIMITS))


both = pytest.mark.parametrize("kind", ["fake", "real"])


@both
async def test_only_who_waits_at_this_gateway_is_promised_a_callback(
    kind: str, redis_url: str
) -> None:
    async with opened(kind, redis_url) as x:
        assert not await x.callbacks.promise(C1, a_promise(), gateway=GATEWAY, seq=SEQ)
        await x.wait(a_promise())
        assert not await x.callbacks.promise(C1, a_promise(), gateway=OTHER_GATEWAY, seq=SEQ)
        assert await x.callbacks.promise(C1, a_promise(), gateway=GATEWAY, seq=SEQ)


@both
async def test_second_promise_to_one_caller_is_refused(kind: str, redis_url: str) -> None:
    async with opened(kind, redis_url) as x:
        for name in ("c1", "c2"):
            await x.wait(a_promise(name))
        for name, granted in (("c1", True), ("c2", False)):
            promise = a_promise(name)
            contact = promise.waiting.contact
            said = await x.callbacks.promise(contact, promise, gateway=GATEWAY, seq=SEQ)
            assert said is granted


@both
async def test_place_is_kept_while_an_opening_lasts_and_none_is_held_before(
    kind: str, redis_url: str
) -> None:
    async with opened(kind, redis_url) as x:
        assert await x.promise()
        assert await x.position() == 1
    async with opened(kind, redis_url) as x:
        assert await x.promise(a_promise("c1", an_opening(60, 120), digest="caller-2"))
        assert await x.position() == 0


@both
async def test_offer_dials_once_and_not_when_it_is_void(kind: str, redis_url: str) -> None:
    async with opened(kind, redis_url) as x:
        offer = await x.dialled()
        assert await x.side.stands("1001") == (S.TALKING, "callback")
        assert await x.callbacks.dial(offer, seq=SEQ + 2) == 1
        assert await x.callbacks.dial(replace(offer, id=OfferId("999")), seq=SEQ + 2) == 0


@both
async def test_attempts_in_vain_free_the_counselor_and_the_last_gives_up(
    kind: str, redis_url: str
) -> None:
    async with opened(kind, redis_url) as x:
        offer = await x.dialled()
        assert await x.release(offer) is Released.STANDS
        assert await x.side.stands("1001") == (S.READY, "callback_failed")
        assert await x.position() == 0
        assert await x.release(offer) is Released.GONE


@both
async def test_offer_that_was_given_back_is_no_attempt(kind: str, redis_url: str) -> None:
    async with opened(kind, redis_url) as x:
        assert await x.promise()
        await x.ready()
        offer = await x.claim()
        assert await x.side.queue.give_back(offer, OfferOutcome.WITHDRAWN)
        assert await x.release(offer) is Released.STANDS
        assert (await x.side.stands("1001"))[0] is S.READY
        assert await x.position() == 1


@both
async def test_callback_that_is_offered_again_is_not_let_go(kind: str, redis_url: str) -> None:
    async with opened(kind, redis_url) as x:
        assert await x.promise()
        await x.ready()
        offer = await x.claim()
        assert await x.side.queue.give_back(offer, OfferOutcome.WITHDRAWN)
        await x.claim()
        assert await x.release(offer) is Released.OFFERED


@both
async def test_reached_callback_is_no_callback_any_more(kind: str, redis_url: str) -> None:
    async with opened(kind, redis_url) as x:
        offer = await x.dialled()
        await x.callbacks.reached(offer)
        assert await x.release(offer) is Released.GONE
        assert (await x.side.stands("1001"))[0] is S.TALKING
        await x.side.queue.finish(offer, requeue=False)
        assert (await x.side.stands("1001"))[0] is S.WRAP_UP
