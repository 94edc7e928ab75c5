"""The line of those who wait, on a real Redis."""

from __future__ import annotations

import asyncio

import pytest

from hotline.clock import ManualClock
from hotline.errors import QueueUnavailable
from hotline.events import CounselorState as S
from hotline.events import Priority
from hotline.ids import ContactId
from queueing.limits import Limits
from queueing.store import QueueStore
from tests.queue_scene import NOON, OTHER_GATEWAY, a_queue, a_waiting
from tests.servers import free_port


async def test_line_is_ordered_by_priority_then_arrival(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for waiting in (
            a_waiting("young", after=2.001),
            a_waiting("old", after=2),
            a_waiting("callback", after=3, priority=Priority.CALLBACK),
            a_waiting("crisis", after=9, priority=Priority.CRISIS),
            a_waiting("risk", after=5, priority=Priority.HIGH_RISK),
        ):
            await scene.store.enqueue(waiting)
        assert await scene.line() == ["crisis", "risk", "callback", "old", "young"]
        places = [
            (await scene.store.place(ContactId(c))).position for c in ("crisis", "old", "nobody")
        ]
        assert places == [1, 4, 0]


async def test_what_a_contact_asks_for_comes_back_whole(redis_url: str) -> None:
    asked = a_waiting(skills=("grief", "crisis:3"), node="city/east", language="en", after=0.123)
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(asked)
        assert await scene.waiting() == [asked]


async def test_saying_it_twice_keeps_the_place(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for name in ("a", "b", "a"):
            await scene.store.enqueue(a_waiting(name))
        assert await scene.line() == ["a", "b"]


async def test_asking_for_crisis_while_waiting_moves_to_the_front(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("a"))
        await scene.store.enqueue(a_waiting("b", after=1))
        await scene.store.enqueue(a_waiting("b", after=1, priority=Priority.CRISIS))
        assert await scene.line() == ["b", "a"]


async def test_asking_anew_while_offered_counts_when_the_offer_comes_back(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("first"))
        offer = await scene.an_offer("c1")
        await scene.store.enqueue(a_waiting("c1", priority=Priority.CRISIS))
        assert await scene.line() == ["first"]
        await scene.ask("1001", S.NOT_READY)
        assert not await scene.store.accept(offer)
        assert await scene.line() == ["c1", "first"]


async def test_owner_that_lost_the_counselor_meanwhile_gets_the_place_back(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.a_talk("c1")
        await scene.store.enqueue(a_waiting("c1"))
        assert await scene.line() == ["c1"]
        assert await scene.state() is S.WRAP_UP


async def test_leaving_the_line_moves_the_others_up(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("a"))
        await scene.store.enqueue(a_waiting("b", after=1))
        await scene.store.leave(ContactId("a"))
        await scene.store.leave(ContactId("a"))
        assert (await scene.store.place(ContactId("b"))).position == 1


async def test_leaving_during_an_offer_frees_the_counselor_in_the_old_place(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        await scene.add_ready("1002")
        await scene.store.leave(offer.contact)
        assert scene.ready() == ["1001", "1002"]
        assert not await scene.store.accept(offer)
        assert scene.moves()[-1] == ("offered", "ready", "caller_left")


async def test_leaving_while_talking_gives_the_counselor_wrap_up(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk()
        await scene.store.leave(offer.contact)
        assert await scene.state() is S.WRAP_UP


async def test_contact_that_moves_to_another_gateway_is_offered_there(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("c1"))
        await scene.store.enqueue(a_waiting("c1", gateway=OTHER_GATEWAY))
        await scene.pass_time(30, OTHER_GATEWAY)
        assert await scene.line() == ["c1"]


async def test_burst_of_arrivals_is_no_absence(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        arrivals = [a_waiting(f"c{n:03}", after=n) for n in range(300)]
        await asyncio.gather(*(scene.store.enqueue(waiting) for waiting in arrivals))
        assert await scene.waiting() == arrivals


async def test_absent_redis_is_told_as_such() -> None:
    store = QueueStore.open(
        f"redis://127.0.0.1:{free_port()}/0", clock=ManualClock(NOON), limits=Limits()
    )
    for attempt in (
        store.enqueue(a_waiting()),
        store.place(ContactId("c1")),
        store.snapshot(),
        store.pulse(),
        store.plan_text(),
        store.counselors(),
        store.known_of("d", line="12356", at=NOON),
        store.sweep(),
    ):
        with pytest.raises(QueueUnavailable):
            await attempt
    await store.close()
