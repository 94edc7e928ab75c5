"""A dispatcher that reads several changes at once, as one does that is behind."""

from __future__ import annotations

from hotline.ids import ContactId, CounselorId
from hotline.ports import OfferOutcome
from queueing.limits import Limits
from queueing.routing.pair import Pair
from tests.queue_scene import OTHER_GATEWAY, a_queue, a_waiting
from tests.stepped_gateway import SteppedGateway


async def test_counselor_of_a_pair_that_came_to_nothing_elsewhere_is_free_for_others(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        gateway = SteppedGateway(redis_url, "gateway-1", clock=scene.clock, limits=Limits())
        await scene.store.enqueue(a_waiting("theirs", gateway=OTHER_GATEWAY, after=-9))
        await scene.add_ready("1001")
        await gateway.read_all()
        assert await gateway.dispatch() == []  # the pair is left to the other gateway
        await scene.add_ready("1002", "1003")
        (made,) = await scene.store.offer([Pair(ContactId("theirs"), CounselorId("1002"))])
        assert made is not None
        await scene.store.give_back(made, OfferOutcome.DECLINED)
        await gateway.read_all()
        assert await gateway.dispatch() == []  # it is another pair now
        await scene.store.enqueue(a_waiting("ours", gateway=gateway.id))
        await gateway.read_all()
        (offer,) = await gateway.dispatch()
        assert (offer.contact, offer.counselor) == ("ours", "1001")
        await gateway.close()
