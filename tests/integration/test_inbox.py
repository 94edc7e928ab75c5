"""A gateway's inbox, on a real Redis."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import redis

from hotline.events import CounselorState as S
from hotline.ids import GatewayId, OfferId
from hotline.ports import Offer
from queueing import keys
from queueing.inbox import Inbox
from tests.queue_scene import GATEWAY, OTHER_GATEWAY, a_queue


class Taker:
    """An OfferTaker that keeps what it is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[Offer | OfferId] = asyncio.Queue()
        self.faulty = False
        self.unreadable: list[Offer] = []

    def offer_made(self, offer: Offer) -> None:
        if self.faulty:
            self.faulty = False
            raise RuntimeError("a fault of the taker")
        self.told.put_nowait(offer)

    def offer_withdrawn(self, offer: OfferId) -> None:
        self.told.put_nowait(offer)

    async def next(self) -> Offer | OfferId:
        return await asyncio.wait_for(self.told.get(), 30)


@contextlib.asynccontextmanager
async def consuming(url: str, gateway: GatewayId = GATEWAY) -> AsyncIterator[Taker]:
    taker = Taker()
    inbox = Inbox(url, gateway=gateway, taker=taker, unreadable=taker.unreadable.append)
    task = asyncio.create_task(inbox.run())
    try:
        yield taker
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_owner_gets_the_offer_as_it_was_made_and_its_withdrawal(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, consuming(redis_url) as taker:
        offer = await scene.an_offer()
        assert await taker.next() == offer
        await scene.ask("1001", S.NOT_READY)
        assert await taker.next() == offer.id


async def test_other_gateway_hears_nothing(redis_url: str) -> None:
    async with (
        a_queue(redis_url) as scene,
        consuming(redis_url, OTHER_GATEWAY) as other,
        consuming(redis_url) as taker,
    ):
        await scene.an_offer()
        await taker.next()
        assert other.told.empty()


async def test_fault_of_the_taker_does_not_stop_the_next_offer(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, consuming(redis_url) as taker:
        taker.faulty = True
        await scene.an_offer("c1", "1001")
        second = await scene.an_offer("c2", "1002")
        assert await taker.next() == second


async def test_offer_of_which_only_the_names_can_be_read_is_given_back(redis_url: str) -> None:
    made = {"kind": "made", "contact": "c1", "counselor": "1001", "expires": "0"}
    callback = made | {"offer": "1", "callback": {"promise": "of a newer version"}}
    no_time = made | {"offer": "2", "expires": "of a newer version"}
    async with a_queue(redis_url) as scene, consuming(redis_url) as taker:
        with redis.Redis.from_url(redis_url) as connection:
            connection.rpush(keys.inbox(GATEWAY), json.dumps(callback), json.dumps(no_time))
        third = await scene.an_offer("c3", "1003")
        assert await taker.next() == third
        assert [(o.id, o.contact, o.counselor) for o in taker.unreadable] == [
            ("1", "c1", "1001"),
            ("2", "c1", "1001"),
        ]


async def test_offer_whose_reply_was_lost_is_delivered_when_we_are_back(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        lost = await scene.an_offer("c1", "1001")
        with redis.Redis.from_url(redis_url) as connection:
            connection.lmove(keys.inbox(GATEWAY), keys.taken(GATEWAY))
        async with consuming(redis_url) as taker:
            second = await scene.an_offer("c2", "1002")
            assert [await taker.next(), await taker.next()] == [lost, second]
            third = await scene.an_offer("c3", "1003")
            assert await taker.next() == third
            assert taker.told.empty()
