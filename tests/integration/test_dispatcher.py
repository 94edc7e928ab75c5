"""Dispatchers on a real Redis: the right one gets the right one, and once only."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import redis

from hotline.clock import SystemClock
from hotline.events import AlarmKind, Priority
from hotline.events import CounselorState as S
from hotline.ids import GatewayId, OfferId
from hotline.ports import Offer
from queueing import keys
from queueing.dispatcher import SLICE
from queueing.inbox import Inbox
from queueing.limits import Limits
from queueing.planning import Plans
from queueing.routing.pair import Pair
from queueing.routing.plan import default_plan
from queueing.routing.skills import CounselorKind
from tests.callback_scene import a_promise, promise
from tests.dispatching import TICK, dispatching, until, until_seen, until_state
from tests.queue_scene import (
    GATEWAY,
    OTHER_GATEWAY,
    QueueScene,
    a_profile,
    a_queue,
    a_waiting,
)

FIVE = [(f"c{n}", f"100{n}") for n in range(5)]
"""One after the other: the first may be seen in passing, for the last it must be woken."""
PATIENT_PLAN = """
format = 1
[[routes]]
name = "all"
[[routes.steps]]
name = "own district"
reach = "district"
seconds = {seconds}
[[routes.steps]]
name = "anybody"
reach = "anywhere"
skills = "none"
"""


class Taker:
    """An OfferTaker that lets a test wait for offers."""

    def __init__(self) -> None:
        self.offers: asyncio.Queue[Offer] = asyncio.Queue()

    def offer_made(self, offer: Offer) -> None:
        self.offers.put_nowait(offer)

    def offer_withdrawn(self, offer: OfferId) -> None:
        raise AssertionError(f"offer {offer} was withdrawn")

    async def next(self) -> Offer:
        return await asyncio.wait_for(self.offers.get(), 30)


@contextlib.asynccontextmanager
async def taking(scene: QueueScene, gateway: GatewayId = GATEWAY) -> AsyncIterator[Taker]:
    """Consume the inbox of `gateway`."""
    taker = Taker()
    task = asyncio.create_task(Inbox(scene.url, gateway=gateway, taker=taker).run())
    try:
        yield taker
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def publish(scene: QueueScene, text: str) -> str:
    plans = Plans.open(scene.url, clock=scene.clock)
    try:
        return (await plans.publish(text, origin="test", by="test")).version
    finally:
        await plans.close()


async def test_picture_that_takes_long_is_made_in_slices_and_calls_go_on_between(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        for n in range(3 * SLICE):
            await scene.store.enqueue(a_waiting(f"c{n:04}", after=-n / 10))
        async with dispatching(scene) as dispatcher:
            picture, cut = dispatcher.feed.picture, []
            look = picture.pairs

            def pairs(now: int, *, most: int | None = None) -> list[Pair]:
                made = look(now, most=most)
                cut.append(picture.is_unfinished)
                return made

            picture.pairs = pairs  # type: ignore[method-assign]
            await until(lambda: False in cut)
            assert cut.count(True) >= 2
            await scene.add_ready("1001")
            await until_state(scene, "1001", S.OFFERED)
            assert (await scene.presence("1001")).contact == f"c{3 * SLICE - 1:04}"


async def test_one_look_serves_priority_skill_and_district(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, taking(scene) as taker:
        await scene.store.put_counselor(a_profile("1001", node="city/west", crisis=4))
        await scene.store.put_counselor(a_profile("1002", node="city/east"))
        for extension in ("1001", "1002"):
            await scene.ask(extension, S.READY)
        await scene.store.enqueue(a_waiting("plain", node="city/east"))
        await scene.store.enqueue(a_waiting("second", after=1, node="city/east"))
        await scene.store.enqueue(
            a_waiting("crisis", after=2, priority=Priority.CRISIS, node="city/east")
        )
        scene.clock.advance(2)
        async with dispatching(scene):
            offers = [await taker.next(), await taker.next()]
        assert [(o.contact, o.counselor) for o in offers] == [("crisis", "1001"), ("plain", "1002")]
        assert await scene.line() == ["second"]


async def test_offer_says_by_which_plan_and_step_it_was_made(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, taking(scene) as taker, dispatching(scene):
        await scene.add_ready("1001")
        await scene.store.enqueue(a_waiting(node="city/east"))
        offer = await taker.next()
        assert (offer.plan, offer.step, offer.sticky) == (default_plan().version, 2, False)


async def test_arrival_wakes_the_dispatcher(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene):
        for contact, extension in FIVE:
            await scene.add_ready(extension)
            await scene.store.enqueue(a_waiting(contact))
            await until_state(scene, extension, S.OFFERED)


async def test_ready_counselor_wakes_the_dispatcher(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene):
        for contact, extension in FIVE:
            await scene.store.enqueue(a_waiting(contact))
            await scene.add_ready(extension)
            await until_state(scene, extension, S.OFFERED)


async def test_step_that_opens_needs_no_change_and_no_tick(redis_url: str) -> None:
    clock = SystemClock()
    async with a_queue(redis_url) as scene, taking(scene) as taker:
        await publish(scene, PATIENT_PLAN.format(seconds=0.3))
        await scene.an_offer("other", "1002")
        assert (await taker.next()).contact == "other"
        await scene.store.put_counselor(a_profile("1002", node="city/east"))  # staffed, and busy
        await scene.add_ready("1001")
        scene.clock = clock  # type: ignore[assignment]  # real time, for the dispatcher to wait in
        async with dispatching(scene):
            arrived = clock.now()
            await scene.store.enqueue(
                replace(a_waiting("c1", node="city/east"), arrived_at=arrived)
            )
            offer = await taker.next()
        assert (offer.contact, offer.counselor, offer.step) == ("c1", "1001", 2)
        assert (clock.now() - arrived).total_seconds() >= 0.3


async def test_new_plan_reaches_those_who_wait(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, taking(scene) as taker:
        await publish(scene, PATIENT_PLAN.format(seconds=3600))
        await scene.an_offer("other", "1002")
        await scene.store.put_counselor(a_profile("1002", node="city/east"))
        await taker.next()
        await scene.add_ready("1001")
        async with dispatching(scene, tick=0.05):
            await scene.store.enqueue(a_waiting("c1", node="city/east"))
            version = await publish(scene, PATIENT_PLAN.format(seconds=0))
            offer = await taker.next()
        assert (offer.contact, offer.plan) == ("c1", version)


async def test_plan_that_cannot_be_used_leaves_the_last_good_one(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene) as running:
        good = await publish(scene, PATIENT_PLAN.format(seconds=7))
        await until(lambda: running.feed.plan.version == good)
        with redis.Redis.from_url(redis_url) as connection:
            connection.hset(keys.PLAN, "text", "format = 99")
            connection.xadd(keys.CHANGES, {"op": "plan", "version": "bad"}, id="1-*")
        await until(lambda: AlarmKind.FAULT in dict(running.alarms.told))
        assert running.feed.plan.version == good


async def test_contact_of_another_gateway_is_left_to_it_for_a_moment(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene, tick=0.01):
        await scene.store.enqueue(a_waiting("theirs", gateway=OTHER_GATEWAY, after=-9))
        await scene.store.enqueue(a_waiting("ours"))
        await scene.add_ready("1001", "1002")
        await until_state(scene, "1002", S.OFFERED)
        assert await scene.line() == ["theirs"]
        assert await scene.state("1001") is S.READY
        scene.clock.advance(0.3)  # and its gateway did nothing
        await until_state(scene, "1001", S.OFFERED)


async def test_counselor_held_for_a_contact_that_left_serves_the_next(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene):
        await scene.store.enqueue(a_waiting("theirs", gateway=OTHER_GATEWAY, after=-9))
        await scene.add_ready("1001")
        await scene.store.enqueue(a_waiting("ours"))
        await scene.store.leave(a_waiting("theirs").contact)
        await until_state(scene, "1001", S.OFFERED)


async def test_last_counselor_of_a_caller_gets_the_next_call(redis_url: str) -> None:
    async with (
        a_queue(redis_url, Limits(wrap_up=0)) as scene,
        taking(scene) as taker,
        dispatching(scene),
    ):
        await scene.store.enqueue(a_waiting("first", digest="d1"))
        await scene.add_ready("1001")
        first = await taker.next()
        assert await scene.store.accept(first)
        await scene.add_ready("1002", "1003")
        scene.clock.advance(1)
        await scene.store.finish(first, requeue=False)  # 1001 is idle shortest now
        await scene.store.enqueue(a_waiting("again", digest="d1"))
        second = await taker.next()
        assert (second.counselor, second.sticky) == ("1001", True)


async def test_owner_is_told_for_which_of_its_contacts_nobody_is_there(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene, tick=TICK) as running:
        told = running.unstaffed
        await scene.store.enqueue(a_waiting("theirs", gateway=OTHER_GATEWAY))
        await scene.store.enqueue(a_waiting("ours"))
        await until(lambda: running.feed.picture.waiting == 2)
        await until_seen(scene, lambda: told and told[-1] == {"ours"})
        await scene.add_ready("1001")  # takes one of the two; both have somebody from now on
        await until_seen(scene, lambda: told[-1] == frozenset())


async def test_operator_hears_that_nobody_is_staffed_and_that_somebody_is(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene, tick=TICK) as running:
        alarms = running.alarms
        await scene.store.enqueue(a_waiting("theirs", gateway=OTHER_GATEWAY, after=-9))
        await until(lambda: running.feed.picture.waiting == 1)
        scene.clock.advance(1)
        await scene.store.enqueue(a_waiting("ours"))
        await until(lambda: running.feed.picture.waiting == 2)
        await until_seen(scene, lambda: alarms.standing)
        assert alarms.standing[AlarmKind.NOBODY_STAFFED].startswith("1 contacts wait")
        await scene.add_ready("1001")
        await until_seen(scene, lambda: not alarms.standing)


async def test_callback_that_this_gateway_may_not_make_keeps_its_counselor_for_nobody(
    redis_url: str,
) -> None:
    async with (
        a_queue(redis_url) as scene,
        taking(scene) as taker,
        dispatching(scene, calls_back=lambda: False) as running,
    ):
        assert await promise(scene, a_promise())
        await scene.store.enqueue(a_waiting("c2", after=9))
        await until(lambda: running.feed.picture.waiting == 2)
        await scene.add_ready("1001")
        assert (await taker.next()).contact == "c2"


async def test_operator_hears_of_a_callback_that_nobody_is_there_to_make(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene, tick=TICK) as running:
        assert await promise(scene, a_promise())
        await until_seen(scene, lambda: running.alarms.standing)
        assert AlarmKind.NOBODY_STAFFED in running.alarms.standing
        assert running.unstaffed[-1] == frozenset()
        await scene.add_ready("1001")
        await until_seen(scene, lambda: not running.alarms.standing)


async def test_operator_hears_that_no_professional_is_there_to_join_a_conversation(
    redis_url: str,
) -> None:
    async with (
        a_queue(redis_url) as scene,
        taking(scene) as taker,
        dispatching(scene, tick=TICK) as running,
    ):
        await scene.a_talk("c1", "1001")
        await scene.add_ready("1002")  # a volunteer, who is asked for everybody else
        await scene.store.enqueue(a_waiting("c1+1"))
        await until(lambda: running.feed.picture.waiting == 1)
        await until_seen(scene, lambda: running.alarms.standing)
        assert AlarmKind.NOBODY_STAFFED in running.alarms.standing
        await scene.store.put_counselor(replace(a_profile("2001"), kind=CounselorKind.PROFESSIONAL))
        await scene.ask("2001", S.READY)
        await until_seen(scene, lambda: not running.alarms.standing)
        await taker.next()
        offer = await taker.next()
        assert (offer.contact, offer.counselor) == ("c1+1", "2001")


async def test_dispatchers_at_once_give_nobody_twice(redis_url: str) -> None:
    """200 contacts, 50 counselors, two dispatchers at each of two gateways; no call lasts."""
    limits = Limits(wrap_up=0, offer_lease=3600)
    async with contextlib.AsyncExitStack() as stack:
        one = await stack.enter_async_context(a_queue(redis_url, limits))
        for n in range(200):
            gateway = GATEWAY if n % 2 else OTHER_GATEWAY
            await one.store.enqueue(a_waiting(f"c{n:03}", after=n - 200, gateway=gateway))
        await one.add_ready(*(f"{1000 + n}" for n in range(50)))
        takers = {
            gateway: await stack.enter_async_context(taking(one, gateway))
            for gateway in (GATEWAY, OTHER_GATEWAY)
        }
        for gateway in (GATEWAY, OTHER_GATEWAY) * 2:
            await stack.enter_async_context(dispatching(one, gateway, tick=0.05))
        served: Counter[str] = Counter()
        await asyncio.gather(*(serve(one, taker, served) for taker in takers.values()))
        assert set(served.values()) == {1}
        assert len(served) == 200


async def serve(scene: QueueScene, taker: Taker, served: Counter[str]) -> None:
    for _ in range(100):
        offer = await taker.next()
        served[offer.contact] += 1
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


@pytest.mark.parametrize("gateway", [GATEWAY, OTHER_GATEWAY])
async def test_refused_claim_does_not_hold_anybody_back(redis_url: str, gateway: GatewayId) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene, tick=0.01) as running:
        await scene.add_ready("1001")
        await until(lambda: running.feed.picture.ready == 1)
        with redis.Redis.from_url(redis_url) as connection:  # and the picture does not hear of it
            connection.hset(keys.COUNSELOR + "1001", "state", "not_ready")
            connection.zrem(keys.READY, "1001")
        await scene.store.enqueue(a_waiting("c1", gateway=gateway))
        await until(lambda: running.feed.picture.ready == 0)
        assert await scene.line() == ["c1"]
        await scene.ask("1001", S.READY)
        async with asyncio.timeout(10):
            while await scene.state("1001") is not S.OFFERED:
                scene.clock.advance(0.1)


async def test_one_phone_that_does_not_answer_stops_nobody_else(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene):
        await scene.store.enqueue(a_waiting("c1"))
        await scene.add_ready("1001")
        await until_state(scene, "1001", S.OFFERED)  # and rings, and rings
        for n, extension in enumerate(("1002", "1003", "1004"), 2):
            await scene.store.enqueue(a_waiting(f"c{n}"))
            await scene.add_ready(extension)
            await until_state(scene, extension, S.OFFERED)
        await scene.pass_time(31, GATEWAY)
        assert await scene.line() == ["c1", "c2", "c3", "c4"]
        assert await scene.state("1001") is S.NOT_READY
