"""Dispatchers on a real Redis: who was asked for a contact in vain is asked last for it."""

from __future__ import annotations

import pytest

from hotline.events import CounselorState as S
from hotline.events import Priority
from hotline.ports import Offer, OfferOutcome
from queueing.limits import Limits
from tests.dispatching import PATIENT_PLAN, Taker, dispatching, publish, taking
from tests.queue_scene import QueueScene, a_profile, a_queue, a_waiting

PATIENT = Limits(misses_in_a_row=3, wrap_up=0)
OWN_DISTRICT_LAST = ("1002", "city/west"), ("1001", "city/east")


async def ready(scene: QueueScene, *crew: tuple[str, str]) -> None:
    """Who is named first is idle longest."""
    for extension, node in crew:
        await scene.store.put_counselor(a_profile(extension, node=node))
        await scene.ask(extension, S.READY)
        scene.clock.advance(0.001)


async def given_back(
    scene: QueueScene, taker: Taker, outcome: OfferOutcome = OfferOutcome.MISSED
) -> str:
    """Return who was asked next, in vain."""
    offer = await taker.next()
    scene.clock.advance(5)
    assert await scene.store.give_back(offer, outcome)
    return offer.counselor


@pytest.mark.parametrize("priority", [Priority.NORMAL, Priority.CRISIS])
async def test_absent_phone_is_asked_again_after_everybody_else(
    redis_url: str, priority: Priority
) -> None:
    async with a_queue(redis_url, PATIENT) as scene, taking(scene) as taker:
        await publish(scene, PATIENT_PLAN.format(seconds=60))
        await ready(scene, *OWN_DISTRICT_LAST)
        await scene.store.enqueue(a_waiting("c1", node="city/east", priority=priority))
        async with dispatching(scene):
            assert await given_back(scene, taker) == "1001"
            assert await scene.state("1001") is S.READY
            assert await given_back(scene, taker) == "1002"
            assert (await taker.next()).counselor == "1001"


async def test_who_last_took_the_caller_and_misses_is_asked_again_after_everybody_else(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, PATIENT) as scene, taking(scene) as taker:
        await ready(scene, ("1001", "city"))
        async with dispatching(scene):
            await scene.store.enqueue(a_waiting("first", digest="d1"))
            first = await taker.next()
            assert await scene.store.accept(first)
            await ready(scene, ("1002", "city"))
            await scene.store.finish(first, requeue=False)
            await scene.store.enqueue(a_waiting("again", digest="d1"))
            assert await given_back(scene, taker) == "1001"
            assert (await taker.next()).counselor == "1002"


@pytest.mark.parametrize(
    "outcome", [OfferOutcome.MISSED, OfferOutcome.DECLINED, OfferOutcome.UNREACHABLE]
)
async def test_picture_taken_anew_knows_who_was_asked_in_vain(
    redis_url: str, outcome: OfferOutcome
) -> None:
    async with a_queue(redis_url, PATIENT) as scene, taking(scene) as taker:
        await ready(scene, ("1001", "city"), ("1002", "city"))
        await scene.store.enqueue(a_waiting())
        offer = await scene.offer()
        assert offer is not None
        assert await given_back(scene, taker, outcome) == "1001"
        await scene.ask("1001", S.READY)
        await ready(scene, ("1002", "city"))  # idle shortest now
        assert (await scene.store.snapshot()).line[0].tried == ("1001",)
        async with dispatching(scene):
            assert (await taker.next()).counselor == "1002"


async def test_offer_that_was_withdrawn_is_held_against_nobody(redis_url: str) -> None:
    async with a_queue(redis_url, PATIENT) as scene, taking(scene) as taker:
        await scene.an_offer()
        await given_back(scene, taker, OfferOutcome.WITHDRAWN)
        assert (await scene.store.snapshot()).line[0].tried == ()


async def test_who_was_asked_in_vain_is_forgotten_when_the_contact_is_answered(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, PATIENT) as scene, taking(scene) as taker:
        await scene.an_offer()
        await given_back(scene, taker)
        offer = await answered(scene)
        await scene.store.finish(offer, requeue=True)
        assert (await scene.store.snapshot()).line[0].tried == ()


async def answered(scene: QueueScene) -> Offer:
    offer = await scene.offer()
    assert offer is not None
    assert await scene.store.accept(offer)
    return offer


async def test_only_the_last_sixteen_who_were_asked_in_vain_are_remembered(redis_url: str) -> None:
    async with a_queue(redis_url, PATIENT) as scene, taking(scene) as taker:
        crew = [str(1000 + n) for n in range(18)]
        await scene.add_ready(*crew)
        await scene.store.enqueue(a_waiting())
        for extension in (*crew, "1017", "1005"):
            assert await scene.offer("c1", extension)
            await given_back(scene, taker)
        last = (*(str(1000 + n) for n in range(2, 18) if n != 5), "1005")
        assert (await scene.store.snapshot()).line[0].tried == last
