"""Offers, on a real Redis: claimed together, answered, given back, finished."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import redis

from hotline.events import CounselorState as S
from hotline.events import CounselorStateChanged
from hotline.ids import ContactId, CounselorId, OfferId
from hotline.ports import OfferOutcome
from queueing import keys
from queueing.limits import Limits
from queueing.routing.pair import Pair
from tests.queue_scene import GATEWAY, NOON, a_queue, a_waiting

WITHOUT_WRAP_UP = Limits(wrap_up=0)


async def test_offer_claims_both_and_tells_the_owner(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        assert await scene.line() == []
        assert (await scene.store.place(offer.contact)).position == 0
        presence = await scene.presence()
        assert (presence.state, presence.contact) == (S.OFFERED, "c1")
        with redis.Redis.from_url(redis_url) as connection:
            (told,) = connection.lrange(keys.inbox(GATEWAY), 0, -1)
        assert json.loads(told) == {
            "kind": "made",
            "offer": offer.id,
            "contact": "c1",
            "counselor": "1001",
            "expires": str(keys.milliseconds(offer.expires_at)),
            "plan": "",
            "step": "0",
            "sticky": "0",
        }
        assert offer.expires_at == scene.clock.now() + timedelta(seconds=30)


async def test_offers_are_numbered(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        first = await scene.an_offer("c1", "1001")
        second = await scene.an_offer("c2", "1002")
        assert (first.id, second.id) == ("1", "2")


async def test_refused_claim_changes_nothing(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.an_offer("c1", "1001")
        await scene.store.enqueue(a_waiting("c2"))
        await scene.add_ready("1002")
        before = len(scene.journal())
        assert await scene.offer("c2", "1001") is None  # already offered to c1
        assert await scene.offer("c1", "1002") is None  # already offered by 1001
        assert await scene.offer("nobody", "1002") is None
        assert await scene.offer("c2", "9999") is None
        assert await scene.line() == ["c2"]
        assert await scene.state("1002") is S.READY
        assert len(scene.journal()) == before
        assert (await scene.offer("c2", "1002")) is not None


async def test_pairs_of_one_batch_stand_or_fall_alone(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for name in ("c1", "c2"):
            await scene.store.enqueue(a_waiting(name))
        await scene.add_ready("1001", "1002")
        wanted = [("c1", "1001"), ("c2", "1001"), ("c2", "1002")]
        made = await scene.store.offer([Pair(ContactId(a), CounselorId(b)) for a, b in wanted])
        assert [offer.id if offer else None for offer in made] == ["1", None, "2"]


async def test_accepted_twice_is_accepted(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        assert await scene.store.accept(offer)
        assert await scene.store.accept(offer)
        assert await scene.state() is S.TALKING
        assert [state for _, state, _ in scene.moves()] == ["ready", "offered", "talking"]


async def test_offer_of_another_number_is_not_accepted(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        assert not await scene.store.accept(replace(offer, id=OfferId("77")))
        assert not await scene.store.accept(replace(offer, counselor=CounselorId("1002")))
        assert await scene.state() is S.OFFERED


@pytest.mark.parametrize(
    "outcome", [OfferOutcome.MISSED, OfferOutcome.DECLINED, OfferOutcome.UNREACHABLE]
)
async def test_offer_that_came_to_nothing_keeps_original_wait(
    redis_url: str, outcome: OfferOutcome
) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer("c1")
        await scene.store.enqueue(a_waiting("later", after=60))
        assert await scene.store.give_back(offer, outcome)
        assert await scene.line() == ["c1", "later"]
        presence = await scene.presence()
        assert (presence.state, presence.reason) == (S.NOT_READY, outcome)
        assert presence.contact is None
        assert not await scene.store.accept(offer)


async def test_withdrawn_offer_leaves_the_counselor_ready_in_the_old_place(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        await scene.add_ready("1002")
        assert await scene.store.give_back(offer, OfferOutcome.WITHDRAWN)
        assert await scene.line() == ["c1"]
        assert scene.ready() == ["1001", "1002"]


async def test_given_back_twice_is_given_back_once(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        assert await scene.store.give_back(offer, OfferOutcome.MISSED)
        assert await scene.store.give_back(offer, OfferOutcome.MISSED)
        assert scene.moves()[-1] == ("offered", "not_ready", "missed")
        assert len(scene.moves()) == 3


async def test_stale_offer_cannot_be_given_back(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        old = await scene.an_offer()
        await scene.store.give_back(old, OfferOutcome.WITHDRAWN)
        new = await scene.offer()
        assert new is not None
        await scene.store.accept(new)
        assert not await scene.store.give_back(new, OfferOutcome.MISSED)  # they talk
        assert not await scene.store.give_back(replace(old, id=OfferId("9")), OfferOutcome.MISSED)
        assert await scene.state() is S.TALKING


async def test_contact_that_its_owner_keeps_withdrawing_is_forgotten_until_it_is_enqueued(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.add_ready("1001")
        await scene.store.enqueue(a_waiting())
        for _ in range(3):
            assert await scene.line() == ["c1"]
            offer = await scene.offer()
            assert offer is not None
            await scene.store.give_back(offer, OfferOutcome.WITHDRAWN)
        assert await scene.line() == []
        assert await scene.state() is S.READY
        await scene.store.enqueue(a_waiting())
        assert await scene.line() == ["c1"]


async def test_finished_conversation_gives_wrap_up_and_removes_the_contact(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk()
        await scene.store.finish(offer, requeue=False)
        presence = await scene.presence()
        assert (presence.state, presence.contact) == (S.WRAP_UP, "c1")
        assert await scene.line() == []
        with redis.Redis.from_url(redis_url) as connection:
            assert not connection.exists(keys.CONTACT + "c1", keys.CONTACTS)
        await scene.store.finish(offer, requeue=False)
        assert len(scene.moves()) == 4


async def test_lost_counselor_puts_the_contact_back_in_its_original_place(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk("c1")
        await scene.store.enqueue(a_waiting("later", after=60))
        await scene.store.finish(offer, requeue=True)
        assert await scene.line() == ["c1", "later"]
        assert await scene.state() is S.WRAP_UP


@pytest.mark.parametrize("after", ["ready", "not_ready"])
async def test_without_wrap_up_the_setting_holds_at_once(redis_url: str, after: str) -> None:
    limits = replace(WITHOUT_WRAP_UP, after_wrap_up=after)
    async with a_queue(redis_url, limits) as scene:
        offer = await scene.a_talk()
        await scene.store.finish(offer, requeue=False)
        assert await scene.state() == after
        assert scene.moves()[-1] == ("talking", after, "call_ended")


async def test_call_whose_answer_was_never_heard_of_was_a_call(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        await scene.store.finish(offer, requeue=False)
        assert [state for _, state, _ in scene.moves()] == [
            "ready",
            "offered",
            "talking",
            "wrap_up",
        ]


async def test_every_change_is_an_event_that_decodes(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk()
        scene.clock.advance(61.5)
        await scene.store.finish(offer, requeue=False)
        events = scene.journal()
        assert all(isinstance(event, CounselorStateChanged) for event in events)
        assert [event.seq for event in events] == [1, 2, 3, 4]
        assert len({event.id for event in events}) == 4
        last = events[-1]
        assert last == CounselorStateChanged(
            id=last.id,
            subject="1001",
            seq=4,
            at=NOON + timedelta(seconds=61.501),
            previous=S.TALKING,
            state=S.WRAP_UP,
            reason="call_ended",
            by="system",
            contact=ContactId("c1"),
        )
