"""Callbacks in the windows that their callers chose: where they stand when these begin."""

from __future__ import annotations

from hotline.events import Priority, Reason
from hotline.ids import ContactId
from hotline.ports import OfferOutcome, Opening, Promise
from tests.callback_scene import (
    HOUR,
    SEQ,
    a_promise,
    an_opening,
    claim,
    dialled_again,
    promise,
    release,
)
from tests.queue_scene import QueueScene, a_queue, a_waiting


async def test_high_risk_caller_goes_before_a_callback_that_was_promised_hours_ago(
    redis_url: str,
) -> None:
    opening = an_opening(8 * HOUR, 10 * HOUR)
    async with a_queue(redis_url) as scene:
        assert await promise(scene, window("c1", opening))
        assert await promise(scene, a_promise("soon", an_opening(0, 10 * HOUR), digest="caller-2"))
        before = a_waiting("before", after=7 * HOUR, priority=Priority.HIGH_RISK)
        await scene.store.enqueue(before)
        await scene.store.enqueue(a_waiting("earlier", after=8 * HOUR - 660))
        await jump(scene, 8 * HOUR)
        assert await scene.line() == ["soon", "before", "earlier", "c1"]
        high = a_waiting("high", after=8 * HOUR + 60, priority=Priority.HIGH_RISK)
        await scene.store.enqueue(high)
        await scene.store.enqueue(a_waiting("normal", after=8 * HOUR - 540))
        assert await scene.line() == ["soon", "before", "high", "earlier", "c1", "normal"]


async def test_callbacks_of_one_window_keep_the_order_of_their_first_arrivals(
    redis_url: str,
) -> None:
    openings = an_opening(HOUR, 2 * HOUR), an_opening(3 * HOUR, 4 * HOUR)
    async with a_queue(redis_url) as scene:
        for after, name in ((2, "b"), (0, "c"), (1, "a"), (3, "d")):  # nor by name, nor by promise
            assert await promise(scene, window(name, *openings, after=after))
        for _ in openings:
            await jump(scene, HOUR)
            assert await scene.line() == ["c", "a", "b", "d"]
            await scene.store.withdraw_callback(ContactId("c"), by="operator:li")
            await scene.add_ready("1001")
            offer = await claim(scene.store, "a")
            assert offer is not None
            assert await scene.store.give_back(offer, OfferOutcome.WITHDRAWN)
            await release(scene, offer, seq=SEQ + 3, reason=Reason.WITHDRAWN)
            assert await scene.line() == ["a", "b", "d"]
            assert await promise(scene, window("c", *openings))
            assert await scene.line() == ["c", "a", "b", "d"]
            await jump(scene, HOUR)
            assert await scene.line() == []


async def test_window_callback_overtakes_nobody_when_the_clock_was_set_back(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, window("c1", an_opening(60, HOUR)))
        scene.clock.advance(-900)
        await drift(scene, 930)
        high = a_waiting("high", after=30, priority=Priority.HIGH_RISK)
        await scene.store.enqueue(high)
        await drift(scene, 34)
        assert await scene.line() == ["high", "c1"]


async def test_caller_who_was_reached_and_is_cut_off_has_the_first_arrival_again(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, window("c1", an_opening(HOUR, 2 * HOUR)))
        await jump(scene, HOUR)
        await scene.store.enqueue(a_waiting("normal", after=60))
        offer = await dialled_again(scene, seq=SEQ + 2)
        await scene.store.reached(offer)
        await scene.store.finish(offer, requeue=True)
        assert await scene.line() == ["c1", "normal"]


def window(name: str, *openings: Opening, after: float = 0) -> Promise:
    """A promise of a time that the caller chose."""
    digest, priority = f"caller-{name}", Priority.CALLBACK
    return a_promise(
        name, *openings, after=after, digest=digest, choice="window", priority=priority
    )


async def jump(scene: QueueScene, seconds: float) -> None:
    """Nobody was there for so long, and then two are."""
    scene.clock.advance(seconds + 1)
    for _ in range(2):
        await scene.beat()
        await scene.store.sweep()


async def drift(scene: QueueScene, seconds: float) -> None:
    """Let time pass with nobody away."""
    for _ in range(0, round(seconds), 4):
        scene.clock.advance(4)
        await scene.beat()
        await scene.store.sweep()
