"""A dispatcher that is behind: it reads several changes at once, or is refused what it claims."""

from __future__ import annotations

from hotline.ids import ContactId, CounselorId, GatewayId
from hotline.ports import OfferOutcome
from queueing.limits import Limits
from queueing.routing.pair import Pair
from queueing.scripts import connect
from tests.callback_scene import a_promise, promise
from tests.dispatching import dispatching, until
from tests.lossyscripts import LossyScripts
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


async def test_gateway_that_redis_does_not_know_is_refused_callbacks_and_does_not_ask_in_circles(
    redis_url: str,
) -> None:
    unknown = GatewayId("gateway-3.cccccccc")
    async with a_queue(redis_url) as scene:
        scripts = scene.store._scripts = LossyScripts(connect(redis_url), clock=scene.clock)
        await scene.add_ready("1001")
        assert await promise(scene, a_promise())
        async with dispatching(scene, unknown):  # it looks at changes and openings alone
            await until(lambda: scripts.ran["offer"] and scripts.ran["pulse"] >= 8)
            assert scripts.ran["offer"] <= 2
            for n in range(5):
                asked, pulses = scripts.ran["offer"], scripts.ran["pulse"]
                await scene.store.enqueue(a_waiting(f"w{n}", gateway=OTHER_GATEWAY, after=60 + n))
                await until(lambda p=pulses: scripts.ran["pulse"] >= p + 2)
                assert scripts.ran["offer"] - asked <= 2
        assert (await scene.line())[0] == "c1"


async def test_refused_claims_are_asked_for_once_with_each_look(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        gateway = SteppedGateway(redis_url, "gateway-1", clock=scene.clock, limits=Limits())
        await scene.add_ready("1001")
        assert await promise(scene, a_promise())
        await gateway.read_all()  # it has never beaten
        for look in range(1, 6):
            assert await gateway.dispatch() == []
            assert gateway.scripts.ran["offer"] <= look
        await scene.beat(gateway.id)
        (offer,) = await gateway.dispatch()  # it is not held back for having been refused
        assert offer.contact == "c1"
        await gateway.close()
