"""Requests for a second counselor on a real Redis: whom they are offered to, and how they end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
import redis

from hotline.contact import ContactState
from hotline.errors import UnknownContact
from hotline.events import ContactFailed, CounselorStateChanged
from hotline.events import CounselorState as S
from hotline.ids import ContactId, CounselorId, request_id
from hotline.ports import Carried, EscalateContact, Offer, Waiting
from queueing import keys
from queueing.inbox import Inbox
from queueing.routing.pair import Pair
from queueing.routing.picture import Picture
from queueing.routing.plan import default_plan
from queueing.routing.skills import CounselorKind
from tests.queue_scene import GATEWAY, QueueScene, a_profile, a_queue, a_waiting
from tests.queue_state import Look

C1 = ContactId("c1")
REQUEST = request_id(C1, 1)


def a_request(**facts: object) -> Waiting:
    return replace(a_waiting("c1", after=60, digest="d"), contact=REQUEST, **facts)  # type: ignore[arg-type]  # facts of Waiting


async def asked(scene: QueueScene) -> Offer:
    """Volunteer 1001 talks to c1 and has asked; 1002 is a volunteer too, 2001 a professional."""
    await scene.store.enqueue(a_waiting("c1", digest="d"))
    await scene.add_ready("1001")
    first = await scene.offer("c1", "1001")
    assert first is not None
    assert await scene.store.accept(first)
    await scene.add_ready("1002")
    await scene.store.put_counselor(replace(a_profile("2001"), kind=CounselorKind.PROFESSIONAL))
    await scene.ask("2001", S.READY)
    scene.clock.advance(61)
    await scene.store.enqueue(a_request())
    return first


async def joined(scene: QueueScene) -> tuple[Offer, Offer]:
    first = await asked(scene)
    second = await scene.offer(REQUEST, "2001")
    assert second is not None
    assert await scene.store.accept(second)
    return first, second


def all_is_well(scene: QueueScene) -> None:
    with redis.Redis.from_url(scene.url, decode_responses=True) as connection:
        Look(connection).take(-1).check()


async def picture(scene: QueueScene) -> Picture:
    shot = await scene.store.snapshot()
    seen = Picture(default_plan())
    for standing in shot.counselors:
        seen.counselor_stands(standing)
    for waiting, sticky in shot.waiting:
        seen.contact_waits(waiting, sticky=sticky)
    return seen


async def test_request_goes_to_a_professional_though_a_volunteer_is_idle_longer(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await asked(scene)
        [pair] = (await picture(scene)).pairs(keys.milliseconds(scene.clock.now()))
        assert (pair.contact, pair.counselor) == (REQUEST, "2001")


async def test_request_waits_for_nobody_who_talks_to_the_caller_already(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await asked(scene)
        with redis.Redis.from_url(scene.url, decode_responses=True) as connection:
            connection.set(keys.SERVED + "d", "1001")
        await scene.store.enqueue(a_request())
        [(_, sticky)] = (await scene.store.snapshot()).waiting
        assert sticky is None


async def test_request_that_no_professional_on_duty_can_take_is_unstaffed(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await asked(scene)
        await scene.ask("2001", S.OFFLINE)
        scene.clock.advance(60)
        seen = await picture(scene)
        assert seen.pairs(keys.milliseconds(scene.clock.now())) == []
        assert seen.unstaffed(keys.milliseconds(scene.clock.now())) == [REQUEST]


async def test_journal_knows_the_contact_and_no_request(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        first, second = await joined(scene)
        await scene.store.hand_over(first, second)
        await scene.store.finish(replace(second, contact=C1), requeue=False)
        served = [
            event.contact
            for event in scene.journal()
            if isinstance(event, CounselorStateChanged) and event.subject == "2001"
        ]
        assert served == [None, "c1", "c1", "c1"]


async def test_presence_of_the_second_counselor_names_the_contact(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await joined(scene)
        assert (await scene.presence("2001")).contact == "c1"
        all_is_well(scene)


async def test_caller_is_known_to_have_been_taken_by_the_second_counselor(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        first = await asked(scene)
        pair = Pair(REQUEST, CounselorId("2001"))
        [second] = await scene.store.offer([pair], remember=timedelta(days=1))
        assert second is not None
        assert await scene.store.accept(second)
        await scene.store.hand_over(first, second)
        await scene.store.enqueue(a_waiting("c2", after=90, digest="d"))
        [(_, sticky)] = (await scene.store.snapshot()).waiting
        assert sticky == "2001"


async def test_all_holds_after_each_step(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        first, second = await joined(scene)
        all_is_well(scene)
        await scene.store.hand_over(first, second)
        all_is_well(scene)
        assert (await scene.presence("2001")).contact == "c1"
        await scene.store.finish(replace(second, contact=C1), requeue=True)
        all_is_well(scene)
        assert await scene.line() == ["c1"]


async def test_hand_over_of_calls_whose_answers_were_never_told_leaves_no_trace_of_ringing(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        first = await scene.an_offer("c1", "1001")
        await scene.store.enqueue(a_request())
        await scene.add_ready("2001")
        second = await scene.offer(REQUEST, "2001")
        assert second is not None
        await scene.store.hand_over(first, second)
        all_is_well(scene)
        assert await scene.state("1001") is S.WRAP_UP
        assert await scene.state("2001") is S.TALKING


async def test_hand_over_to_somebody_of_whom_nothing_is_known_frees_the_one_who_leaves(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        first, second = await joined(scene)
        await scene.store.leave(REQUEST)
        await scene.store.hand_over(first, second)
        assert await scene.state("1001") is S.WRAP_UP
        all_is_well(scene)


# --- leases ---------------------------------------------------------------------------


async def test_dead_gateway_frees_both_counselors_and_fails_the_contact_once(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await joined(scene)
        await scene.pass_time(scene.limits.gateway_lease + 2)
        assert await scene.state("1001") is S.WRAP_UP
        assert await scene.state("2001") is S.WRAP_UP
        failed = [event.subject for event in scene.journal() if isinstance(event, ContactFailed)]
        assert failed == ["c1"]
        all_is_well(scene)


async def test_dead_gateway_frees_who_is_being_asked(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await asked(scene)
        assert await scene.offer(REQUEST, "2001") is not None
        await scene.pass_time(scene.limits.gateway_lease + 2)
        assert await scene.state("2001") is S.READY
        assert await scene.line() == []


async def test_request_whose_end_was_never_told_is_forgotten_and_holds_nobody(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await joined(scene)
        for _ in range(6):
            scene.clock.advance(3)
            await scene.store.heartbeat(GATEWAY, {C1: Carried(seq=7)})
            await scene.store.sweep()
        assert await scene.state("2001") is S.WRAP_UP
        assert await scene.state("1001") is S.TALKING
        all_is_well(scene)


async def test_gateway_is_told_of_a_request_that_the_queue_lost(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await asked(scene)
        await scene.store.leave(REQUEST)
        beat = await scene.store.heartbeat(
            GATEWAY, {C1: Carried(seq=7), REQUEST: Carried(seq=0, state=ContactState.QUEUED)}
        )
        assert beat.amiss == (REQUEST,)


async def test_offer_of_a_request_past_its_lease_goes_back_in_line(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await asked(scene)
        assert await scene.offer(REQUEST, "2001") is not None
        await scene.pass_time(scene.limits.offer_lease + 2, GATEWAY)
        assert await scene.line() == [REQUEST]
        assert await scene.state("2001") is S.NOT_READY
        assert await scene.state("1001") is S.TALKING


async def test_counselor_who_goes_offline_while_being_asked_leaves_the_request_in_line(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await asked(scene)
        assert await scene.offer(REQUEST, "2001") is not None
        await scene.ask("2001", S.OFFLINE)
        assert await scene.line() == [REQUEST]
        all_is_well(scene)


# --- orders ---------------------------------------------------------------------------


class Taker:
    def __init__(self) -> None:
        self.told: asyncio.Queue[EscalateContact] = asyncio.Queue()

    def ordered(self, order: EscalateContact) -> None:
        self.told.put_nowait(order)

    def offer_made(self, offer: Offer) -> None:
        """None of its business."""

    def offer_withdrawn(self, offer: object) -> None:
        """Likewise."""


ORDER = EscalateContact(contact=C1, by="operator:li", reason="she asked for it")


async def test_order_reaches_the_owner_as_it_was_given_and_once_for_each_key(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.a_talk()
        assert await scene.store.give(ORDER, key="k1")
        assert not await scene.store.give(ORDER, key="k1")
        assert await scene.store.give(replace(ORDER, reason="again"), key="k2")
        taker = Taker()
        task = asyncio.create_task(
            Inbox(redis_url, gateway=GATEWAY, taker=taker, orders=taker).run()
        )
        try:
            assert await asyncio.wait_for(taker.told.get(), 30) == ORDER
            assert (await asyncio.wait_for(taker.told.get(), 30)).reason == "again"
            assert taker.told.empty()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_order_about_nobody_is_refused(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        with pytest.raises(UnknownContact, match="no contact c1"):
            await scene.store.give(ORDER, key="k1")
