"""The place and its band, from the answers that a real Redis remembers."""

from __future__ import annotations

import pytest
import redis

from hotline.errors import QueueUnavailable
from hotline.events import CounselorState, Priority
from hotline.ids import ContactId, request_id
from hotline.ports import Band, OfferOutcome, Place
from queueing import keys
from queueing.limits import Limits
from queueing.pace import LOOK_SECONDS
from tests.queue_scene import NOON, QueueScene, a_profile, a_queue, a_waiting
from tests.servers import RedisServer

CREW = ("1001", "1002", "1003", "1004")
LIMITS = Limits(wrap_up=0)


async def an_hour_of_answers(
    scene: QueueScene,
    every: float,
    *,
    priority: Priority = Priority.NORMAL,
    count: int | None = None,
) -> None:
    """The crew answers somebody each `every` seconds, up to now."""
    await scene.add_ready(*CREW)
    for number in range(int(3600 / every) if count is None else count):
        scene.clock.advance(every)
        contact = f"past-{priority}-{number}"
        since = (scene.clock.now() - NOON).total_seconds()
        await scene.store.enqueue(a_waiting(contact, priority=priority, after=since))
        offer = await scene.offer(contact, CREW[number % len(CREW)])
        assert offer is not None
        assert await scene.store.accept(offer)
        await scene.store.finish(offer, requeue=False)


async def wait(scene: QueueScene, name: str = "c1", **asks: object) -> None:
    """A caller who has waited for two minutes: every step of the plan is open."""
    since = (scene.clock.now() - NOON).total_seconds() - 120
    await scene.store.enqueue(a_waiting(name, after=since, **asks))  # type: ignore[arg-type]


async def place(scene: QueueScene, name: str = "c1") -> Place:
    """Of a contact, as seen anew."""
    scene.clock.advance(LOOK_SECONDS)
    return await scene.store.place(ContactId(name))


async def test_band_follows_the_answers_of_the_last_hour(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await an_hour_of_answers(scene, 60)
        await wait(scene, "c1")
        await wait(scene, "c2")
        await wait(scene, "c3")
        assert await place(scene, "c1") == Place(1, Band.FROM_2_TO_5)
        assert await place(scene, "c3") == Place(3, Band.FROM_5_TO_10)
        assert await place(scene, "nobody") == Place(0)


async def test_nothing_is_promised_without_answers_or_with_few(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await wait(scene)
        assert await place(scene) == Place(1)
        await an_hour_of_answers(scene, 60, count=4)
        assert await place(scene) == Place(1)


async def test_evidence_goes_with_the_counselors_who_gave_it(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await an_hour_of_answers(scene, 60)
        await wait(scene)
        assert (await place(scene)).band is Band.FROM_2_TO_5
        for extension in CREW[:2]:
            await scene.ask(extension, CounselorState.NOT_READY)
        assert (await place(scene)).band is Band.FROM_5_TO_10
        for extension in CREW[2:]:
            await scene.ask(extension, CounselorState.OFFLINE)
        assert await place(scene) == Place(1)


async def test_band_is_silent_within_minutes_of_the_last_answer(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await an_hour_of_answers(scene, 60)
        await wait(scene)
        scene.clock.advance(240)
        assert await place(scene) == Place(1)


async def test_counselors_who_cannot_serve_the_caller_are_no_evidence(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await an_hour_of_answers(scene, 60)
        since = (scene.clock.now() - NOON).total_seconds()  # only the first steps are open
        await scene.store.put_counselor(a_profile("2001", grief=3))
        await scene.ask("2001", CounselorState.READY)
        await scene.store.enqueue(a_waiting("c1", after=since, skills=("grief",)))
        await scene.store.enqueue(a_waiting("c2", after=since))
        assert await place(scene, "c1") == Place(1)
        assert (await place(scene, "c2")).band is not None


async def test_answers_to_those_who_go_ahead_are_no_evidence(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await an_hour_of_answers(scene, 60, priority=Priority.HIGH_RISK)
        await wait(scene, "normal")
        await wait(scene, "high", priority=Priority.HIGH_RISK)
        assert await place(scene, "normal") == Place(2)
        assert (await place(scene, "high")).band is Band.FROM_2_TO_5


async def test_crisis_gets_a_place_and_no_band(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await an_hour_of_answers(scene, 60)
        await wait(scene, priority=Priority.CRISIS)
        assert await place(scene) == Place(1)


async def test_those_a_phone_rings_for_are_ahead(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await an_hour_of_answers(scene, 60)
        for name in ("c1", "c2", "c3"):
            await wait(scene, name)
        offers = [await scene.offer(name, ext) for name, ext in zip(("c1", "c2"), CREW)]  # noqa: B905
        assert await place(scene, "c3") == Place(1, Band.FROM_5_TO_10)
        for offer in offers:
            assert offer is not None
            assert await scene.store.accept(offer)
        assert await place(scene, "c3") == Place(1, Band.FROM_2_TO_5)


async def test_an_answer_counts_once_and_for_an_hour(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        made = await scene.a_talk("c1", "1001")
        assert await scene.store.accept(made)
        missed = await scene.an_offer("c2", "1002")
        assert await scene.store.give_back(missed, OfferOutcome.MISSED)
        with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
            assert connection.zrange(keys.ANSWERS, 0, -1) == [f"{made.id} 1001 normal"]
            scene.clock.advance(3601)
            later = await scene.a_talk("c3", "1003")
            assert connection.zrange(keys.ANSWERS, 0, -1) == [f"{later.id} 1003 normal"]


async def test_one_look_serves_for_some_seconds(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await an_hour_of_answers(scene, 60)
        await wait(scene)
        assert (await place(scene)).band is Band.FROM_2_TO_5
        with redis.Redis.from_url(redis_url) as connection:
            connection.delete(keys.ANSWERS)
        assert (await scene.store.place(ContactId("c1"))).band is Band.FROM_2_TO_5
        assert (await place(scene)).band is None


async def test_place_without_redis_says_that_the_queue_is_away(own_redis: RedisServer) -> None:
    async with a_queue(own_redis.url) as scene:
        own_redis.kill()
        with pytest.raises(QueueUnavailable):
            await scene.store.place(ContactId("c1"))


async def test_requests_for_a_second_counselor_have_no_place_that_is_spoken(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await wait(scene, "c1", priority=Priority.CRISIS)
        await wait(scene, "c2", priority=Priority.HIGH_RISK)
        await wait(scene, "c3")
        await wait(scene, request_id(ContactId("t1"), 1))
        scene.clock.advance(-1)  # before the crisis
        await wait(scene, request_id(ContactId("t2"), 1), priority=Priority.CRISIS)
        scene.clock.advance(1)
        line = await scene.line()
        assert line == ["t2+1", "c1", "t1+1", "c2", "c3"]
        assert [(await place(scene, c)).position for c in ("c1", "c2", "c3")] == [1, 2, 3]
