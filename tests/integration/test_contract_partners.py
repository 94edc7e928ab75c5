"""What a partner's seats promise, of the real ones and of the fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest

from hotline.ids import ContactId
from hotline.overflow import PartnerSeats
from hotline.ports import Carried
from queueing.limits import Limits
from tests.fakepartners import FakePartners
from tests.queue_scene import GATEWAY, OTHER_GATEWAY, a_queue, a_waiting

CONTACTS = [ContactId(f"c{n}") for n in range(4)]
OWNERS = [GATEWAY, OTHER_GATEWAY, GATEWAY, OTHER_GATEWAY]
OpenSeats = Callable[[], AbstractAsyncContextManager[PartnerSeats]]


@asynccontextmanager
async def real_seats(redis_url: str) -> AsyncIterator[PartnerSeats]:
    async with a_queue(redis_url) as scene:
        for contact, gateway in zip(CONTACTS, OWNERS, strict=True):
            await scene.store.enqueue(a_waiting(contact, gateway=gateway))
        yield scene.store


@asynccontextmanager
async def fake_seats() -> AsyncIterator[PartnerSeats]:
    yield FakePartners()


@pytest.fixture(params=["real", "fake"])
def open_seats(request: pytest.FixtureRequest, redis_url: str) -> OpenSeats:
    return partial(real_seats, redis_url) if request.param == "real" else fake_seats


async def test_partner_has_never_more_callers_than_it_takes_whoever_sends_them(
    open_seats: OpenSeats,
) -> None:
    async with open_seats() as seats:
        took = await asyncio.gather(
            *(
                seats.take_seat("north", contact, gateway, most=2)
                for contact, gateway in zip(CONTACTS, OWNERS, strict=True)
            )
        )
        assert took.count(True) == 2
        assert await seats.seats_taken("north") == 2
        assert await seats.take_seat("south", CONTACTS[3], OWNERS[3], most=1)


async def test_seat_that_is_asked_for_twice_is_one(open_seats: OpenSeats) -> None:
    async with open_seats() as seats:
        for _ in range(2):
            assert await seats.take_seat("north", CONTACTS[0], GATEWAY, most=1)
        assert not await seats.take_seat("north", CONTACTS[1], OTHER_GATEWAY, most=1)


async def test_seat_that_is_given_back_is_the_next_callers(open_seats: OpenSeats) -> None:
    async with open_seats() as seats:
        assert await seats.take_seat("north", CONTACTS[0], GATEWAY, most=1)
        for _ in range(2):
            await seats.leave_seat("north", CONTACTS[0])
        assert await seats.take_seat("north", CONTACTS[1], OTHER_GATEWAY, most=1)


async def test_killed_gateway_frees_its_seats_and_no_others(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for contact, gateway in zip(CONTACTS, OWNERS, strict=True):
            await scene.store.enqueue(a_waiting(contact, gateway=gateway))
            assert await scene.store.take_seat("north", contact, gateway, most=4)
        for _ in range(round(Limits().gateway_lease) + 3):
            scene.clock.advance(1)
            carried = {contact: Carried(seq=5) for contact in CONTACTS[1::2]}
            await scene.store.heartbeat(OTHER_GATEWAY, carried)
            await scene.store.sweep()
        assert await scene.store.seats_taken("north") == 2


async def test_contact_that_is_over_has_no_seat_though_nobody_gave_it_back(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("c0"))
        assert await scene.store.take_seat("north", CONTACTS[0], GATEWAY, most=1)
        await scene.store.leave(CONTACTS[0])
        assert await scene.store.seats_taken("north") == 0
