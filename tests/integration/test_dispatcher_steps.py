"""Dispatchers on a real Redis: steps only ever add people, also over an offer in vain."""

from __future__ import annotations

from hotline.events import CounselorState as S
from hotline.ports import OfferOutcome
from tests.dispatching import PATIENT_PLAN, Taker, dispatching, publish, taking
from tests.queue_scene import QueueScene, a_profile, a_queue, a_waiting

EAST, WEST = "city/east", "city/west"


async def ready(scene: QueueScene, extension: str, node: str) -> None:
    await scene.store.put_counselor(a_profile(extension, node=node))
    await scene.ask(extension, S.READY)


async def busy(scene: QueueScene, taker: Taker, extension: str, node: str) -> None:
    """Somebody signs on and is given a contact at once."""
    await ready(scene, extension, node)
    await scene.store.enqueue(a_waiting(f"of {extension}", node=node))
    assert (await taker.next()).counselor == extension


async def test_step_that_opens_while_the_contacts_own_phone_rings_is_asked_at_once_after_a_miss(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene, taking(scene) as taker, dispatching(scene):
        await publish(scene, PATIENT_PLAN.format(seconds=10))
        await busy(scene, taker, "1003", EAST)
        await ready(scene, "1001", EAST)
        await ready(scene, "1002", WEST)
        await scene.store.enqueue(a_waiting("c1", node=EAST))
        offer = await taker.next()
        assert (offer.counselor, offer.step) == ("1001", 1)
        scene.clock.advance(12)
        assert await scene.store.give_back(offer, OfferOutcome.MISSED)
        offer = await taker.next()
        assert (offer.contact, offer.counselor, offer.step) == ("c1", "1002", 2)


async def test_step_that_was_open_is_still_open_after_an_offer_in_vain(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, taking(scene) as taker, dispatching(scene):
        await publish(scene, PATIENT_PLAN.format(seconds=60))
        await ready(scene, "1002", WEST)
        await scene.store.enqueue(a_waiting("c1", node=EAST))
        offer = await taker.next()
        assert (offer.counselor, offer.step) == ("1002", 2)  # nobody of the district is there
        await busy(scene, taker, "1001", EAST)
        await ready(scene, "1003", WEST)
        scene.clock.advance(12)
        assert await scene.store.give_back(offer, OfferOutcome.MISSED)
        offer = await taker.next()
        assert (offer.contact, offer.counselor, offer.step) == ("c1", "1003", 2)


async def test_picture_taken_anew_knows_which_steps_were_open_at_an_offer_in_vain(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene, taking(scene) as taker:
        await publish(scene, PATIENT_PLAN.format(seconds=60))
        async with dispatching(scene):
            await ready(scene, "1002", WEST)
            await scene.store.enqueue(a_waiting("c1", node=EAST))
            offer = await taker.next()
            await busy(scene, taker, "1001", EAST)
        await ready(scene, "1003", WEST)
        assert await scene.store.give_back(offer, OfferOutcome.MISSED)
        async with dispatching(scene):
            offer = await taker.next()
            assert (offer.contact, offer.counselor, offer.step) == ("c1", "1003", 2)
