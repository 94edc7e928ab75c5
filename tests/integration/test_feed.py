"""The feed on a real Redis: its picture is what Redis says, whatever happens."""

from __future__ import annotations

from collections.abc import Callable

import redis

from hotline.events import CounselorState as S
from hotline.events import Priority
from hotline.ids import ContactId, CounselorId
from queueing import keys
from queueing.feed import Feed
from tests.dispatching import until
from tests.fakes import FakeAlarms
from tests.queue_scene import GATEWAY, OTHER_GATEWAY, QueueScene, a_profile, a_queue, a_waiting

OFTEN = 0.05


def a_feed(scene: QueueScene) -> Feed:
    return Feed(scene.url, overview=scene.store, alarms=FakeAlarms(), pulse_every=OFTEN)


def shows(feed: Feed, waiting: int, ready: int) -> Callable[[], bool]:
    return lambda: feed.in_step and (feed.picture.waiting, feed.picture.ready) == (waiting, ready)


async def test_picture_begins_with_all_who_are_there(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.an_offer("offered", "1001")
        await scene.add_ready("1002", "1003")
        await scene.store.enqueue(a_waiting("c1"))
        await scene.store.enqueue(a_waiting("c2", gateway=OTHER_GATEWAY))
        async with a_feed(scene) as feed:
            await until(shows(feed, 2, 2))
            assert feed.owner_of(ContactId("c1")) == GATEWAY
            assert feed.owner_of(ContactId("c2")) == OTHER_GATEWAY
            assert feed.owner_of(ContactId("offered")) is None


async def test_feed_that_begins_again_takes_the_picture_anew_before_it_is_trusted(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        feed = a_feed(scene)
        async with feed:
            await until(shows(feed, 0, 0))
        before = feed.epoch
        async with feed:
            assert not feed.in_step
            await until(shows(feed, 0, 0))
            assert feed.epoch == before + 1


async def test_every_kind_of_change_reaches_the_picture(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, a_feed(scene) as feed:
        await until(lambda: feed.in_step)
        await scene.store.put_counselor(a_profile("1001"))
        await scene.ask("1001", S.READY)
        await until(shows(feed, 0, 1))
        await scene.store.enqueue(a_waiting("c1"))
        await until(shows(feed, 1, 1))
        offer = await scene.offer()
        assert offer is not None
        await until(shows(feed, 0, 0))
        await scene.ask("1001", S.NOT_READY)
        await until(shows(feed, 1, 0))
        await scene.store.leave(ContactId("c1"))
        await scene.ask("1001", S.READY)
        await until(shows(feed, 0, 1))
        await scene.store.remove_counselor(CounselorId("1001"), by="test")
        await until(shows(feed, 0, 0))
        assert feed.epoch == 1  # all of it by changes, none by a new snapshot


async def test_change_of_what_a_contact_asks_for_reaches_the_picture(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, a_feed(scene) as feed:
        await scene.store.enqueue(a_waiting("calm"))
        await scene.store.enqueue(a_waiting("worse", after=-1))
        await scene.store.enqueue(a_waiting("calm", priority=Priority.CRISIS))
        await scene.add_ready("1001")
        await until(shows(feed, 2, 1))
        scene.clock.advance(30)
        pairs = feed.picture.pairs(keys.milliseconds(scene.clock.now()))
        assert [pair.contact for pair in pairs] == ["calm"]


async def test_profile_that_changes_reaches_the_picture(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, a_feed(scene) as feed:
        await scene.store.enqueue(a_waiting("c1", node="city/east"))
        await scene.add_ready("1001")
        await scene.store.put_counselor(a_profile("1001", node="city/east"))
        await until(shows(feed, 1, 1))
        await until(lambda: feed.seen >= 3)
        (pair,) = feed.picture.pairs(keys.milliseconds(scene.clock.now()))
        assert (pair.counselor, pair.step) == ("1001", 1)


async def test_change_that_is_missing_shows_and_is_made_up_for(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, a_feed(scene) as feed:
        await until(lambda: feed.in_step)
        with redis.Redis.from_url(redis_url) as connection:
            connection.zadd(keys.READY, {"ghost": 1})  # the pulse must not be what tells
            connection.zrem(keys.READY, "ghost")
            connection.xadd(keys.CHANGES, {"op": "left", "contact": "nobody"}, id="1-77")
        await until(lambda: feed.epoch == 2)
        await scene.store.enqueue(a_waiting("c1"))
        await until(shows(feed, 1, 0))


async def test_data_that_was_lost_shows_and_is_taken_as_it_is(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, a_feed(scene) as feed:
        for name in ("c1", "c2", "c3"):
            await scene.store.enqueue(a_waiting(name))
        await until(shows(feed, 3, 0))
        with redis.Redis.from_url(redis_url) as connection:
            connection.flushall()
        await scene.store.enqueue(a_waiting("c2"))
        await until(shows(feed, 1, 0))
        assert feed.owner_of(ContactId("c2")) == GATEWAY


async def test_picture_that_disagrees_with_redis_is_taken_anew(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, a_feed(scene) as feed:
        for name in ("c1", "c2"):
            await scene.store.enqueue(a_waiting(name))
        await until(shows(feed, 2, 0))
        with redis.Redis.from_url(redis_url) as connection:
            connection.zrem(keys.WAITING, "c1")  # nobody was told
        await until(shows(feed, 1, 0))


async def test_change_that_cannot_be_read_stops_nothing(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, a_feed(scene) as feed:
        await until(lambda: feed.in_step)
        with redis.Redis.from_url(redis_url) as connection:
            for change in (
                {"op": "wait", "contact": "x", "score": "1", "asks": "{", "sticky": ""},
                {"op": "counselor", "counselor": "9", "state": "ready"},
                {"strange": "entry"},
            ):
                connection.xadd(keys.CHANGES, change, id="1-*")
        await scene.store.enqueue(a_waiting("c1"))
        await until(shows(feed, 1, 0))


async def test_busy_and_available_time_are_counted_from_signing_on(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, a_feed(scene) as feed:
        await until(lambda: feed.in_step)
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001")
        scene.clock.advance(60)
        offer = await scene.offer()
        assert offer is not None
        scene.clock.advance(5)
        assert await times(scene, feed) == (5_000, 65_001)
        await scene.store.accept(offer)
        scene.clock.advance(100)
        await scene.store.finish(offer, requeue=False)
        scene.clock.advance(20)
        assert await times(scene, feed) == (125_000, 185_001)
        await scene.ask("1001", S.NOT_READY)
        scene.clock.advance(3600)
        await scene.ask("1001", S.READY)
        scene.clock.advance(10)
        assert await times(scene, feed) == (125_000, 195_001)
        await scene.ask("1001", S.OFFLINE)
        await scene.ask("1001", S.READY)
        assert await times(scene, feed) == (0, 0)


async def times(scene: QueueScene, feed: Feed) -> tuple[int, int]:
    """How many ms of this duty the counselor was busy and available: as a new picture has it, and
    as one that was told of each change has it."""
    now = keys.milliseconds(scene.clock.now())
    (there,) = (await scene.store.snapshot()).counselors
    found = (there.busy_by(now), there.available_by(now))
    await until(lambda: feed._mirror._standings[CounselorId("1001")].state is there.state)
    held = feed._mirror._standings[CounselorId("1001")]
    assert (held.busy_by(now), held.available_by(now)) == found
    return found
