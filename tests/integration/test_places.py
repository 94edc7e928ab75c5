"""A place that is kept for the caller's next call, on a real Redis."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from hotline.events import CounselorState as S
from hotline.events import Priority
from hotline.ids import ContactId
from hotline.ports import KeptPlace
from queueing import keys
from queueing.limits import Limits
from tests.queue_scene import GATEWAY, NOON, OTHER_GATEWAY, QueueScene, a_queue, a_waiting

CUT_OFF, HUNG_UP = KeptPlace(NOON, "fault"), KeptPlace(NOON, "hung_up")
AFTER_FAULT, AFTER_HANG_UP = 600.0, 120.0


async def again(
    scene: QueueScene, name: str = "again", *, after: float = 60, digest: str = "d1"
) -> KeptPlace | None:
    """The caller dials once more."""
    return await scene.store.enqueue(a_waiting(name, after=after, digest=digest))


async def hung_up(scene: QueueScene, name: str = "first") -> None:
    """A caller came at noon, waited, and hung up."""
    await scene.store.enqueue(a_waiting(name, digest="d1"))
    await scene.store.leave(ContactId(name))


async def cut_off(scene: QueueScene, name: str = "first") -> None:
    """A caller came at noon and was cut off by a fault."""
    await scene.store.enqueue(a_waiting(name, digest="d1"))
    await scene.store.leave(ContactId(name), fault=True)


async def test_caller_who_hung_up_gets_the_place_back(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await hung_up(scene)
        await scene.store.enqueue(a_waiting("between", after=30))
        assert await again(scene) == HUNG_UP
        assert await scene.line() == ["again", "between"]
        (asked, _) = await scene.waiting()
        assert asked.arrived_at == NOON  # so that the steps of the plan count from there, too


async def test_place_of_a_more_urgent_visit_is_a_place_in_time_only(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("first", priority=Priority.CRISIS, digest="d1"))
        await scene.store.leave(ContactId("first"))
        await scene.store.enqueue(a_waiting("crisis", after=30, priority=Priority.CRISIS))
        assert await again(scene) == HUNG_UP
        assert await scene.line() == ["crisis", "again"]


async def test_place_is_taken_once(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await hung_up(scene)
        assert await again(scene, "second") == HUNG_UP
        assert await again(scene, "third") is None


@pytest.mark.parametrize("digest", ["d2", ""])
async def test_place_is_nobody_elses(redis_url: str, digest: str) -> None:
    async with a_queue(redis_url) as scene:
        await hung_up(scene)
        assert await again(scene, digest=digest) is None


async def test_callers_without_a_number_have_no_place_in_common(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("first", digest=""))
        await scene.store.leave(ContactId("first"), fault=True)
        assert await again(scene, digest="") is None
        with redis.Redis.from_url(redis_url) as connection:
            assert connection.keys(f"{keys.PLACE}*") == []


@pytest.mark.parametrize(("by_fault", "lasting"), [(True, AFTER_FAULT), (False, AFTER_HANG_UP)])
async def test_place_is_kept_for_so_long(redis_url: str, by_fault: bool, lasting: float) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("first", digest="d1"))
        await scene.store.leave(ContactId("first"), fault=by_fault)
        with redis.Redis.from_url(redis_url) as connection:
            assert 0 < connection.pttl(keys.PLACE + "d1") <= lasting * 1000
        scene.clock.advance(lasting)
        assert await again(scene) is not None
        await scene.store.leave(ContactId("again"), fault=by_fault)
        scene.clock.advance(lasting + 1)
        assert await again(scene, "late") is None


async def test_without_time_no_place_is_kept(redis_url: str) -> None:
    limits = Limits(place_after_fault=0, place_after_hang_up=0)
    async with a_queue(redis_url, limits) as scene:
        await hung_up(scene)
        await cut_off(scene, "second")
        assert await again(scene) is None


async def test_place_is_handed_on_from_visit_to_visit(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await hung_up(scene)
        for n in range(3):
            scene.clock.advance(100)
            assert await again(scene, f"visit-{n}", after=100 * (n + 1)) == HUNG_UP
            await scene.store.leave(ContactId(f"visit-{n}"))


async def test_of_two_calls_by_one_caller_the_earlier_place_is_kept(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("late", after=20, digest="d1"))
        await scene.store.enqueue(a_waiting("early", digest="d1"))
        await scene.store.leave(ContactId("early"), fault=True)
        await scene.store.leave(ContactId("late"))
        assert await again(scene) == CUT_OFF


async def test_later_place_helps_nobody_who_came_before(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("late", after=20, digest="d1"))
        await scene.store.leave(ContactId("late"))
        assert await again(scene, "early", after=10) is None
        assert await again(scene, "next", after=30) is not None


async def test_offered_contact_that_leaves_has_its_place_kept(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("first", digest="d1"))
        await scene.add_ready("1001")
        await scene.offer("first")
        await scene.store.leave(ContactId("first"))
        assert await again(scene) == HUNG_UP


async def talking(scene: QueueScene) -> None:
    await scene.store.enqueue(a_waiting("first", digest="d1"))
    await scene.add_ready("1001")
    offer = await scene.offer("first")
    assert offer is not None
    assert await scene.store.accept(offer)


@pytest.mark.parametrize(("by_fault", "place"), [(True, CUT_OFF), (False, None)])
async def test_who_talked_has_a_place_after_a_fault_alone(
    redis_url: str, by_fault: bool, place: KeptPlace | None
) -> None:
    async with a_queue(redis_url) as scene:
        await talking(scene)
        await scene.store.leave(ContactId("first"), fault=by_fault)
        assert await scene.state() is S.WRAP_UP
        assert await again(scene) == place


@pytest.mark.parametrize("state", ["waiting", "talking"])
async def test_gateway_that_dies_leaves_its_callers_their_places(
    redis_url: str, state: str
) -> None:
    async with a_queue(redis_url) as scene:
        if state == "talking":
            await talking(scene)
        else:
            await scene.store.enqueue(a_waiting("first", digest="d1"))
        await scene.pass_time(20, OTHER_GATEWAY)
        assert await scene.line() == []
        kept = await scene.store.enqueue(
            a_waiting("again", gateway=OTHER_GATEWAY, after=20, digest="d1")
        )
        assert kept == CUT_OFF


async def test_contact_forgotten_by_its_gateway_has_its_place_kept(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("first", digest="d1"))
        for _ in range(16):
            scene.clock.advance(1)
            await scene.store.heartbeat(GATEWAY, {})
        assert await scene.line() == []
        assert await again(scene) == CUT_OFF


async def test_contact_that_comes_back_itself_has_no_place_twice(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("first", after=5, digest="d1"))
        await scene.pass_time(20)  # taken for dead, but alive
        assert await again(scene, "first", after=5) is None
        assert await again(scene, "other", after=60) is None  # the place is not there any more


async def test_place_is_told_again_to_who_did_not_hear_of_it(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await hung_up(scene)
        await scene.store.enqueue(a_waiting("between", after=30))
        for _ in range(2):  # the first answer was lost
            assert await again(scene) == HUNG_UP
        assert await again(scene, after=0) is None  # now it knows
        assert await scene.line() == ["again", "between"]


async def test_asking_for_something_else_keeps_the_kept_place(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await hung_up(scene)
        await again(scene)
        await scene.store.enqueue(
            a_waiting("again", digest="d1", priority=Priority.CRISIS, skills=("crisis",))
        )
        (asked,) = await scene.waiting()
        assert asked.arrived_at == NOON
        assert asked.skills == ("crisis",)


async def test_instant_of_a_kept_place_is_exact(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("first", after=0.123456, digest="d1"))
        await scene.store.leave(ContactId("first"))
        kept = await again(scene)
        assert kept == KeptPlace(NOON + timedelta(microseconds=123456), "hung_up")
