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
from hotline.ports import Offer
from queueing.dispatcher import Dispatcher
from queueing.inbox import Inbox
from queueing.wakeup import WakeUp
from tests.queue_scene import GATEWAY, QueueScene, a_queue, a_waiting
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
        dispatcher = Dispatcher(store=scene.store, wakeup=WakeUp(url))
        inbox = Inbox(url, gateway=GATEWAY, taker=taker)
        async with running(dispatcher.run, inbox.run):
            first = await offered(scene, taker, "c1", "1001")
            own_redis.kill()
            own_redis.start()
            second = await offered(scene, taker, "c2", "1002")
            assert (first.contact, second.contact) == ("c1", "c2")
            assert int(second.id) == int(first.id) + 1


async def test_number_of_an_offer_is_never_given_again(own_redis: RedisServer) -> None:
    async with a_queue(own_redis.url) as scene:
        before = await scene.an_offer("c1", "1001")
        own_redis.kill()
        own_redis.start()
        after = await scene.an_offer("c2", "1002")
        assert int(after.id) == int(before.id) + 1
