"""Who is served by a partner, or leaves a message: out of line, and known until that is over."""

from __future__ import annotations

import redis

from hotline.contact import ContactState
from hotline.events import ContactFailed
from hotline.ids import ContactId
from hotline.ports import Carried, KeptPlace
from queueing import keys
from queueing.limits import Limits
from tests.queue_scene import GATEWAY, NOON, OTHER_GATEWAY, a_queue, a_waiting


async def test_gateway_that_dies_leaves_those_their_places_who_were_served_elsewhere(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("c1", digest="d1"))
        await scene.store.leave(ContactId("c1"), served=True)
        carried = {ContactId("c1"): Carried(seq=9, state=ContactState.FORWARDED)}
        beat = await scene.store.heartbeat(GATEWAY, carried)
        assert beat.amiss == ()
        await scene.pass_time(Limits().gateway_lease + 3, OTHER_GATEWAY)
        [failed] = [event for event in scene.journal() if isinstance(event, ContactFailed)]
        assert failed.seq == 10
        again = a_waiting("again", after=60, digest="d1", gateway=OTHER_GATEWAY)
        assert await scene.store.enqueue(again) == KeptPlace(NOON, "fault")


async def test_served_elsewhere_and_over_leaves_no_trace(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("c1", digest="d1"))
        await scene.store.leave(ContactId("c1"), served=True)
        await scene.store.leave(ContactId("c1"))
        with redis.Redis.from_url(redis_url) as connection:
            assert connection.keys(keys.CONTACT + "*") == []
            assert connection.hlen(keys.CONTACTS) == 0
