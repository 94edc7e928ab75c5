"""A Redis that has just started takes nobody for free before the gateways have said who talks."""

from __future__ import annotations

from hotline.events import CounselorState as S
from hotline.ids import ContactId
from hotline.ports import Carried
from queueing.feed import Feed
from queueing.heart import Heart
from tests.dispatching import dispatching, until, until_state
from tests.fakes import FakeAlarms
from tests.integration.test_leases import FakeCarrier
from tests.queue_scene import GATEWAY, OTHER_GATEWAY, a_queue, a_waiting
from tests.servers import RedisServer


async def test_nobody_is_offered_to_anybody_before_all_have_said_who_talks(
    own_redis: RedisServer,
) -> None:
    async with a_queue(own_redis.url) as scene:
        await scene.store.heartbeat(GATEWAY, {})
        await scene.store.heartbeat(OTHER_GATEWAY, {ContactId("c0"): Carried(seq=1)})
        async with dispatching(scene) as dispatcher:
            await until(lambda: dispatcher.feed.in_step)
            assert dispatcher.feed.is_heard
            own_redis.kill()
            own_redis.start()
            await scene.store.enqueue(a_waiting())
            await scene.add_ready("1001")
            await until(lambda: dispatcher.feed.epoch == 2 and dispatcher.feed.in_step, seconds=20)
            assert not dispatcher.feed.is_heard
            await scene.store.heartbeat(GATEWAY, {})
            assert (await scene.store.pulse()).unheard == 1
            assert await scene.state() is S.READY
            await scene.store.heartbeat(OTHER_GATEWAY, {ContactId("c0"): Carried(seq=1)})
            await until_state(scene, "1001", S.OFFERED)


async def test_gateway_that_died_with_redis_holds_nobody_up_for_long(
    own_redis: RedisServer,
) -> None:
    async with a_queue(own_redis.url) as scene:
        await scene.store.heartbeat(OTHER_GATEWAY, {})
        own_redis.kill()
        own_redis.start()
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001")
        async with dispatching(scene) as dispatcher:
            await until(lambda: dispatcher.feed.in_step)
            assert not dispatcher.feed.is_heard
            await until_state(scene, "1001", S.OFFERED)
            assert (await scene.store.pulse()).unheard == 1


async def test_heart_beats_as_soon_as_redis_is_another(own_redis: RedisServer) -> None:
    async with a_queue(own_redis.url) as scene:
        heart = Heart(
            leases=scene.store, gateway=GATEWAY, carrier=FakeCarrier(), alarms=FakeAlarms()
        )
        await heart.beat()
        own_redis.kill()
        own_redis.start()
        assert (await scene.store.pulse()).unheard == 1
        feed = Feed(
            scene.url, overview=scene.store, alarms=FakeAlarms(), renewed=heart.hurry,
            pulse_every=0.05,
        )  # fmt: skip
        async with feed:
            await until(heart._hurried.is_set)
            assert not feed.is_heard
            await heart.beat()
            await until(lambda: feed.is_heard, seconds=20)
