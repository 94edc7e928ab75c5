"""A counselor who picks up and hangs up before the queue has heard of it; a queue that is away."""

from __future__ import annotations

import asyncio

from hotline.call import LegAnswered
from hotline.contact import ContactState as S
from hotline.events import Reason
from hotline.ports import Offer
from tests.fakes import FakeQueue
from tests.unit.scene import Scene


class SlowQueue(FakeQueue):
    """Its answer to `accept` is on the way until `arrived` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = asyncio.Event()

    async def accept(self, offer: Offer) -> bool:
        await self.arrived.wait()
        return await super().accept(offer)


async def test_counselor_who_hangs_up_before_the_queue_knew_does_not_stay_talking() -> None:
    queue = SlowQueue()
    scene = Scene(queue=queue)
    await scene.wait_in_line()
    offer = await scene.be_offered()
    scene.conversation.leg_event(LegAnswered(leg=scene.counselor_leg))
    await scene.turn()
    ending = asyncio.create_task(scene.counselor_ends(Reason.COUNSELOR_HUNG_UP))
    await scene.turn()
    assert scene.state is S.QUEUED
    assert scene.journal.names[-1] == "OfferDeclined"
    queue.arrived.set()
    await ending
    assert ("finish and requeue", offer.id) in queue.said


async def test_answer_that_the_queue_could_not_hear_is_said_again_when_it_is_back() -> None:
    scene = Scene()
    await scene.wait_in_line()
    offer = await scene.be_offered()
    scene.queue.away = True
    await scene.hear(LegAnswered(leg=scene.counselor_leg))
    for _ in range(3):
        await scene.turn()
    assert scene.state is S.TALKING
    scene.queue.away = False
    await scene.advance(1)
    assert ("accept", offer.id) in scene.queue.said
