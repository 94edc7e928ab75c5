"""What `ports.Offers.restate` promises, of the fake and of the store on a real Redis."""

from __future__ import annotations

from dataclasses import replace

from hotline.events import CounselorState as S
from hotline.ids import CounselorId, OfferId
from hotline.ports import Restated
from tests.integration.test_contract_queue import line, ready, ring, talk
from tests.queue_scene import a_waiting
from tests.queue_sides import OpenSide

ONE, TWO = "1001", "1002"


async def test_what_is_known_is_known(open_side: OpenSide) -> None:
    async with open_side() as side:
        offer = await talk(side)
        for talking in (True, False):
            answer = await side.queue.restate(a_waiting(), offer, talking=talking)
            assert answer is Restated.KNOWN
        assert (await side.stands(ONE))[0] is S.TALKING


async def test_two_who_talk_talk_whatever_was_believed(open_side: OpenSide) -> None:
    async with open_side() as side:
        offer = await ring(side)
        assert await side.queue.restate(a_waiting(), offer, talking=True) is Restated.MENDED
        assert await side.stands(ONE) == (S.TALKING, "found_talking")
        assert await side.queue.restate(a_waiting(), offer, talking=True) is Restated.KNOWN
        assert await line(side, "c1") == [0]


async def test_contact_that_nobody_knows_any_more_talks(open_side: OpenSide) -> None:
    async with open_side() as side:
        offer = await talk(side)
        await side.queue.leave(offer.contact)
        assert await side.queue.restate(a_waiting(), offer, talking=True) is Restated.MENDED
        assert (await side.stands(ONE))[0] is S.TALKING
        await side.queue.finish(offer, requeue=True)
        assert await line(side, "c1") == [1]


async def test_phone_rings_on_where_both_are_free(open_side: OpenSide) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting())
        await ready(side)
        offer = await side.offer("c1", ONE)
        assert offer is not None
        await side.queue.leave(offer.contact)
        assert await side.queue.restate(a_waiting(), offer, talking=False) is Restated.MENDED
        assert await side.stands(ONE) == (S.OFFERED, "found_ringing")
        assert await line(side, "c1") == [0]
        assert await side.queue.accept(offer)


async def test_phone_of_one_who_is_not_ready_does_not_ring_on_and_the_contact_waits(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        offer = await ring(side)
        counselor = CounselorId(ONE)
        await side.queue.change_state(counselor, S.NOT_READY, reason="asked", by="counselor")
        assert await side.queue.restate(a_waiting(), offer, talking=False) is Restated.REFUSED
        assert await line(side, "c1") == [1]
        assert (await side.stands(ONE))[0] is S.NOT_READY


async def test_newer_offer_stands_and_older_one_gives_way(open_side: OpenSide) -> None:
    async with open_side() as side:
        offer = await talk(side)
        await side.add(TWO)
        older = replace(offer, id=OfferId("0"), counselor=CounselorId(TWO))
        newer = replace(older, id=OfferId("9"))
        assert await side.queue.restate(a_waiting(), older, talking=True) is Restated.REFUSED
        assert (await side.stands(ONE))[0] is S.TALKING
        assert await side.queue.restate(a_waiting(), newer, talking=True) is Restated.MENDED
        assert (await side.stands(ONE))[0] is S.WRAP_UP
        assert (await side.stands(TWO))[0] is S.TALKING
