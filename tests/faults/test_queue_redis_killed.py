"""Redis is killed and comes back: every place is kept, and all go on by themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest

from hotline.errors import QueueUnavailable
from hotline.events import CounselorState as S
from hotline.events import Priority
from hotline.ids import OfferId
from hotline.ports import KeptPlace, Offer
from queueing.feed import Feed
from queueing.inbox import Inbox
from tests.dispatching import dispatching, until, until_state
from tests.queue_scene import GATEWAY, NOON, QueueScene, a_queue, a_waiting
from tests.servers import RedisServer


class Taker:
    """Lets a test wait for the next offer."""

    def __init__(self) -> None:
        self.offers: asyncio.Queue[Offer] = asyncio.Queue()

    def offer_made(self, offer: Offer) -> None:
        self.offers.put_nowait(offer)

    def offer_withdrawn(self, offer: OfferId) -> None:
        raise AssertionError(f"offer {offer} was withdrawn")


@contextlib.asynccontextmanager
async def running(*loops: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(loop()) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_killed_redis_keeps_places_states_and_talks(own_redis: RedisServer) -> None:
    async with a_queue(own_redis.url) as scene:
        talk = await scene.a_talk("talking", "1001")
        ringing = await scene.an_offer("ringing", "1002")
        for n in range(20):
            await scene.store.enqueue(a_waiting(f"c{n:02}", after=-n))
        await scene.store.enqueue(a_waiting("crisis", after=99, priority=Priority.CRISIS))
        line, crew = await scene.line(), await scene.store.counselors()

        own_redis.kill()
        with pytest.raises(QueueUnavailable):
            await scene.store.enqueue(a_waiting("unheard"))
        own_redis.start()

        assert line == ["crisis", *(f"c{n:02}" for n in reversed(range(20)))]
        assert await scene.line() == line
        assert await scene.store.counselors() == crew
        assert await scene.store.accept(ringing)
        await scene.store.finish(talk, requeue=True)
        assert (await scene.line())[-1] == "talking"


async def test_long_absence_ends_nobody_who_is_alive(own_redis: RedisServer) -> None:
    async with a_queue(own_redis.url) as scene:
        await scene.a_talk()
        await scene.store.enqueue(a_waiting("waiting"))
        own_redis.kill()
        scene.clock.advance(1800)
        own_redis.start()
        sweep = await scene.store.sweep()
        assert sweep.was_away
        assert sweep.lost == ()
        await scene.pass_time(60, GATEWAY)
        assert await scene.line() == ["waiting"]
        assert await scene.state() is S.TALKING


async def offered(scene: QueueScene, taker: Taker, contact: str, extension: str) -> Offer:
    """Let a contact wait and a counselor be ready; return the offer that reaches the gateway."""
    await scene.store.enqueue(a_waiting(contact))
    await scene.add_ready(extension)
    return await asyncio.wait_for(taker.offers.get(), 20)


async def test_dispatcher_and_inbox_go_on_when_redis_is_back(own_redis: RedisServer) -> None:
    url = own_redis.url
    async with a_queue(url) as scene:
        taker = Taker()
        inbox = Inbox(url, gateway=GATEWAY, taker=taker)
        async with running(inbox.run), dispatching(scene):
            first = await offered(scene, taker, "c1", "1001")
            own_redis.kill()
            own_redis.start()
            second = await offered(scene, taker, "c2", "1002")
            assert (first.contact, second.contact) == ("c1", "c2")
            assert int(second.id) == int(first.id) + 1


async def until_waiting(feed: Feed, count: int, *, after: int = 0) -> None:
    """Let others run until a picture younger than `after` shows so many who wait."""
    await until(
        lambda: feed.in_step and feed.epoch > after and feed.picture.waiting == count, seconds=20
    )


async def test_picture_goes_on_where_redis_stopped(own_redis: RedisServer) -> None:
    async with a_queue(own_redis.url) as scene, dispatching(scene) as dispatcher:
        for n in range(5):
            await scene.store.enqueue(a_waiting(f"c{n}", after=n - 10))
        await until_waiting(dispatcher.feed, 5)
        epoch = dispatcher.feed.epoch
        own_redis.kill()
        own_redis.start()
        await until_waiting(dispatcher.feed, 5, after=epoch)
        await scene.add_ready("1001")
        await until_state(scene, "1001", S.OFFERED)
        assert await scene.line() == ["c1", "c2", "c3", "c4"]


async def test_caller_cut_off_before_redis_was_killed_has_the_place_after(
    own_redis: RedisServer,
) -> None:
    async with a_queue(own_redis.url) as scene:
        await scene.store.enqueue(a_waiting("first", digest="d1"))
        await scene.store.leave(a_waiting("first").contact, fault=True)
        own_redis.kill()
        own_redis.start()
        again = a_waiting("again", after=60, digest="d1")
        assert await scene.store.enqueue(again) == KeptPlace(NOON, "fault")


async def test_number_of_an_offer_is_never_given_again(own_redis: RedisServer) -> None:
    async with a_queue(own_redis.url) as scene:
        before = await scene.an_offer("c1", "1001")
        own_redis.kill()
        own_redis.start()
        after = await scene.an_offer("c2", "1002")
        assert int(after.id) == int(before.id) + 1
