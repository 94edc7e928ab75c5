"""The counselor's table, walked on a real Redis: every state, every occasion."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from hotline.events import CounselorState as S
from hotline.ids import OfferId
from hotline.ports import Offer, OfferOutcome
from queueing.limits import Limits
from queueing.presence import TRANSITIONS, Occasion
from tests.queue_scene import GATEWAY, QueueScene, a_profile, a_queue, a_waiting

On = Occasion
WRAP_UP = 10.0
GHOST = "ghost"
"""A contact for occasions that need one where the counselor has none."""
RELEASES = {On.RELEASED_READY: S.READY, On.RELEASED_NOT_READY: S.NOT_READY,
            On.RELEASED_OFFLINE: S.OFFLINE}  # fmt: skip


async def bring_to(scene: QueueScene, state: S, *, wish: S | None) -> Offer | None:
    """Bring counselor 1001 to `state`, in wrap-up with a wish; return the offer it serves."""
    await scene.store.put_counselor(a_profile())
    if state in (S.OFFLINE, S.READY, S.NOT_READY):
        await scene.ask("1001", state)
        return None
    if state is S.OFFERED:
        return await scene.an_offer()
    offer = await scene.a_talk()
    if state is S.WRAP_UP:
        if wish is not None:
            await scene.ask("1001", wish)
        await scene.store.finish(offer, requeue=False)
    return offer


async def cause(scene: QueueScene, occasion: Occasion, offer: Offer) -> None:
    """Make `occasion` happen to counselor 1001 by the method that does so in earnest."""
    if occasion in (On.ASKED_READY, On.ASKED_NOT_READY, On.ASKED_OFFLINE):
        await scene.ask("1001", S(occasion.removeprefix("asked_")))
    elif occasion is On.OFFERED:
        await scene.store.enqueue(a_waiting(GHOST))
        await scene.offer(GHOST)
    elif occasion is On.ANSWERED:
        await scene.store.accept(offer)
    elif occasion is On.FOUND_TALKING:
        await scene.store.restate(a_waiting(offer.contact), offer, talking=True)
    elif occasion is On.CALL_ENDED:
        await scene.store.finish(offer, requeue=False)
    elif occasion is On.MISSED_ONCE:
        await miss_once(scene, offer)
    elif occasion in RELEASES:
        await release(scene, RELEASES[occasion], offer)
    else:
        await scene.store.give_back(offer, OfferOutcome(occasion))


async def miss_once(scene: QueueScene, offer: Offer) -> None:
    """Miss an offer where that is allowed once."""
    lenient = replace(scene.limits, misses_in_a_row=2)
    other = type(scene.store).open(scene.url, clock=scene.clock, limits=lenient)
    await other.give_back(offer, OfferOutcome.MISSED)
    await other.close()


async def release(scene: QueueScene, wanted: S, offer: Offer) -> None:
    """Let wrap-up end by its deadline, or let there be none, towards `wanted`."""
    if await scene.state() is S.TALKING:
        await scene.ask("1001", wanted)
        without = replace(scene.limits, wrap_up=0)
        other = type(scene.store).open(scene.url, clock=scene.clock, limits=without)
        await other.finish(offer, requeue=False)
        await other.close()
    else:
        await scene.pass_time(WRAP_UP + 2, GATEWAY)


@pytest.mark.parametrize(("state", "occasion"), list(itertools.product(S, Occasion)))
async def test_scripts_do_what_the_table_says(redis_url: str, state: S, occasion: Occasion) -> None:
    async with a_queue(redis_url, Limits(wrap_up=WRAP_UP)) as scene:
        offer = await bring_to(scene, state, wish=RELEASES.get(occasion))
        assert await scene.state() is state
        events = len(scene.moves())
        await cause(scene, occasion, offer or await a_stranger(scene))
        expected = TRANSITIONS[state].get(occasion, state)
        reached = await scene.state()
        assert reached is (
            S.WRAP_UP if state is S.OFFERED and occasion is On.CALL_ENDED else expected
        )
        if reached is state:
            assert len(scene.moves()) == events


async def a_stranger(scene: QueueScene) -> Offer:
    """The next offer after another counselor's, of which Redis knows nothing: it must not count."""
    offer = await scene.an_offer("c9", "1009")
    profile = (await scene.presence("1001")).profile
    return replace(offer, id=OfferId(str(int(offer.id) + 1)), counselor=profile.id)
