"""Dispatchers on a real Redis: the right one gets the right one, and once only."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from hotline.events import CounselorState as S
from hotline.events import Priority
from hotline.ports import Offer
from queueing import dispatcher as module
from queueing.dispatcher import Dispatcher
from queueing.limits import Limits
from queueing.ranking import Pair
from queueing.wakeup import WakeUp
from tests.queue_scene import OTHER_GATEWAY, QueueScene, a_profile, a_queue, a_waiting

FIVE = [(f"c{n}", f"100{n}") for n in range(5)]
"""One after the other: the first may be seen in passing, for the last it must be woken."""


def a_dispatcher(scene: QueueScene) -> Dispatcher:
    """One that never looks unless it is woken."""
    return Dispatcher(store=scene.store, wakeup=WakeUp(scene.url), tick=3600)


@contextlib.asynccontextmanager
async def dispatching(scene: QueueScene) -> AsyncIterator[None]:
    task = asyncio.create_task(a_dispatcher(scene).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(scene: QueueScene, extension: str, state: S) -> None:
    """Look until the counselor is in `state`; each look gives the dispatcher time."""
    for _ in range(5000):
        if await scene.state(extension) is state:
            return
    raise AssertionError(f"counselor {extension} did not become {state}")


async def test_one_look_serves_priority_skill_and_district(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.put_counselor(a_profile("1001", node="city/west", crisis=4))
        await scene.store.put_counselor(a_profile("1002", node="city/east"))
        for extension in ("1001", "1002"):
            await scene.ask(extension, S.READY)
        await scene.store.enqueue(a_waiting("plain", node="city/east"))
        await scene.store.enqueue(a_waiting("second", after=1, node="city/east"))
        await scene.store.enqueue(
            a_waiting("crisis", after=2, priority=Priority.CRISIS, skills=("crisis:3",))
        )
        made = await a_dispatcher(scene).dispatch()
        assert [(o.contact, o.counselor) for o in made] == [("crisis", "1001"), ("plain", "1002")]
        assert await scene.line() == ["second"]


async def test_contact_far_down_the_line_is_found(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for n in range(module.PAGE * 2 + 5):
            await scene.store.enqueue(a_waiting(f"c{n:04}", after=n, skills=("sign",)))
        await scene.store.enqueue(a_waiting("fits", after=9999))
        await scene.add_ready("1001")
        made = await a_dispatcher(scene).dispatch()
        assert [offer.contact for offer in made] == ["fits"]


async def test_arrival_wakes_the_dispatcher(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene):
        for contact, extension in FIVE:
            await scene.add_ready(extension)
            await scene.store.enqueue(a_waiting(contact))
            await until(scene, extension, S.OFFERED)


async def test_ready_counselor_wakes_the_dispatcher(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene):
        for contact, extension in FIVE:
            await scene.store.enqueue(a_waiting(contact))
            await scene.add_ready(extension)
            await until(scene, extension, S.OFFERED)


async def test_wake_up_comes_without_waiting_for_the_tick(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, WakeUp(redis_url) as wakeup:
        await wakeup.wait(5)  # until it listens
        async with asyncio.timeout(5):
            await scene.store.enqueue(a_waiting("a"))
            await scene.store.enqueue(a_waiting("b"))
            await wakeup.wait(3600)


async def test_dispatchers_at_once_give_nobody_twice(redis_url: str) -> None:
    """200 contacts, 50 counselors, four dispatchers of two gateways; every call lasts a moment."""
    limits = Limits(wrap_up=0, offer_lease=3600)
    async with a_queue(redis_url, limits) as one, a_queue(redis_url, limits) as other:
        for n in range(200):
            gateway = {} if n % 2 else {"gateway": OTHER_GATEWAY}
            await one.store.enqueue(a_waiting(f"c{n:03}", after=n, **gateway))
        await one.add_ready(*(f"{1000 + n}" for n in range(50)))
        served: Counter[str] = Counter()
        dispatchers = [a_dispatcher(scene) for scene in (one, other, one, other)]
        while sum(served.values()) < 200:
            rounds = await asyncio.gather(*(d.dispatch() for d in dispatchers))
            offers = [offer for made in rounds for offer in made]
            assert offers, "contacts wait, counselors are ready, and nobody is offered"
            assert len({offer.counselor for offer in offers}) == len(offers)
            served.update(offer.contact for offer in offers)
            await asyncio.gather(*(serve(one, offer) for offer in offers))
        assert set(served.values()) == {1}
        assert len(served) == 200


async def serve(scene: QueueScene, offer: Offer) -> None:
    assert await scene.store.accept(offer)
    await scene.store.finish(offer, requeue=False)


async def test_proposal_that_came_too_late_is_refused(redis_url: str) -> None:
    async with a_queue(redis_url) as one, a_queue(redis_url) as other:
        await one.store.enqueue(a_waiting())
        await one.add_ready("1001", "1002")
        pair = Pair(a_waiting().contact, a_profile("1001").id)
        late = Pair(a_waiting().contact, a_profile("1002").id)
        first, second = await asyncio.gather(one.store.offer([pair]), other.store.offer([late]))
        assert [bool(first[0]), bool(second[0])].count(True) == 1
