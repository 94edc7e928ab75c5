"""Callbacks whose gateway dies, or that nobody wants any more, on a real Redis."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from hotline import events as e
from hotline.errors import UnknownContact
from hotline.events import CounselorState as S
from hotline.events import Reason
from hotline.ids import ContactId, CounselorId, EventId
from hotline.ports import Carried, EscalateContact, Released
from queueing import keys
from queueing.callbacks import Withdrawal
from queueing.routing.pair import Pair
from tests.callback_scene import (
    CALLER,
    HOUR,
    LIMITS,
    SEQ,
    a_promise,
    an_opening,
    claim,
    dialled,
    inbox,
    journal,
    lose,
    promise,
    release,
    told,
)
from tests.queue_scene import GATEWAY, OTHER_GATEWAY, a_queue, a_waiting

# --- gateways that die -------------------------------------------------------------------


async def test_gateway_killed_while_dialling_leaves_one_attempt_behind_and_no_second_call(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await dialled(scene)
        await scene.pass_time(20, OTHER_GATEWAY)  # GATEWAY is silent
        assert [type(x).__name__ for x in told(scene)] == [
            "CallbackPromised", "CallbackDialled", "CallbackFailed",
        ]  # fmt: skip
        failed = told(scene)[-1]
        assert isinstance(failed, e.CallbackFailed)
        assert (failed.reason, failed.attempt) == (Reason.GATEWAY_LOST, 1)
        assert scene.moves()[-1] == (S.TALKING, S.READY, "callback_failed")
        assert await claim(scene.store, gateway=OTHER_GATEWAY) is None  # not before the retry
        await scene.pass_time(610, OTHER_GATEWAY)
        assert await claim(scene.store, gateway=OTHER_GATEWAY) is not None


async def test_gateway_killed_while_the_counselors_phone_rings_costs_no_attempt(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.add_ready("1001")
        assert await claim(scene.store) is not None
        await scene.pass_time(20, OTHER_GATEWAY)
        assert [type(x).__name__ for x in told(scene)] == ["CallbackPromised", "OfferWithdrawn"]
        assert (await scene.line(), await scene.state()) == (["c1"], S.READY)
        assert await claim(scene.store, gateway=OTHER_GATEWAY) is not None


async def test_gateway_that_forgot_a_callback_gives_it_back(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.add_ready("1001")
        assert await claim(scene.store) is not None
        for _ in range(6):
            scene.clock.advance(4)
            await scene.store.heartbeat(GATEWAY, {})
            await scene.store.sweep()
        assert (await scene.line(), await scene.state()) == (["c1"], S.READY)


async def test_gateway_that_forgot_a_callback_and_said_something_of_it_has_no_number_given_twice(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.add_ready("1001")
        offer = await claim(scene.store)
        assert offer is not None
        tale = [
            e.ContactOffered(id=EventId(f"own-{n}"), subject="c1", seq=SEQ + 1 + n,
                             at=scene.clock.now(), offer=offer.id, counselor=offer.counselor)
            for n in (1, 2)
        ]  # fmt: skip
        journal(scene, tale)
        for _ in range(6):
            scene.clock.advance(4)
            await scene.store.heartbeat(GATEWAY, {})
        numbers = [event.seq for event in told(scene)]
        assert numbers == [SEQ + 1, SEQ + 2, SEQ + 3, SEQ + 4]


async def test_gateway_that_dies_right_after_the_promise_takes_nothing_along(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise("c1", an_opening(HOUR, 2 * HOUR)))
        await scene.store.heartbeat(GATEWAY, {ContactId("c1"): Carried(seq=SEQ)})
        await scene.pass_time(40, OTHER_GATEWAY)
        (one,) = await scene.store.promised()
        assert (one.contact, one.state) == ("c1", "outside")
        assert [type(x).__name__ for x in told(scene)] == ["CallbackPromised"]


async def test_gateway_that_made_the_promise_and_died_ends_no_other_gateways_attempt(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.store.heartbeat(
            GATEWAY, {ContactId("c1"): Carried(seq=SEQ)}
        )  # it has not heard yet
        await scene.beat(OTHER_GATEWAY)
        await scene.add_ready("1001")
        offer = await claim(scene.store, gateway=OTHER_GATEWAY)
        assert offer is not None
        assert await scene.store.dial(offer, seq=SEQ + 2) == 1
        await scene.pass_time(20, OTHER_GATEWAY)
        assert await scene.state() is S.TALKING
        assert [type(x).__name__ for x in told(scene)] == ["CallbackPromised", "CallbackDialled"]


# --- withdrawn ---------------------------------------------------------------------------


async def test_operator_takes_a_promise_back(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, a_promise())
        for said in (Withdrawal.WITHDRAWN, Withdrawal.UNKNOWN):
            assert await scene.store.withdraw_callback(ContactId("c1"), by="operator:li") is said
        last = told(scene)[-1]
        assert isinstance(last, e.CallbackWithdrawn)
        assert (last.by, last.termination.reason) == ("operator:li", Reason.WITHDRAWN)
        assert await scene.line() == []


@pytest.mark.parametrize("is_dialled", [False, True])
async def test_caller_who_calls_again_while_being_called_stops_it(
    redis_url: str, is_dialled: bool
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.add_ready("1001")
        offer = await claim(scene.store)
        assert offer is not None
        if is_dialled:
            assert await scene.store.dial(offer, seq=SEQ + 2) == 1
        kept = await scene.store.enqueue(a_waiting("c2", after=300, digest=CALLER))
        assert kept is not None
        assert [m["kind"] for m in inbox(scene, GATEWAY)] == ["made", "withdrawn"]
        assert await scene.store.dial(replace(offer, callback=None), seq=9) == int(is_dialled)
        said = await release(scene, offer, seq=SEQ + 3, reason=Reason.CALLED_AGAIN)
        assert said is Released.WITHDRAWN
        last = told(scene)[-1]
        assert isinstance(last, e.CallbackWithdrawn)
        assert (await scene.state(), await scene.line()) == (S.READY, ["c2"])


async def test_promise_that_was_taken_back_is_never_dialled_and_who_took_it_back_knows(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.add_ready("1001")
        offer = await claim(scene.store)
        assert offer is not None
        withdraw = partial(scene.store.withdraw_callback, ContactId("c1"), by="operator:li")
        assert await withdraw() is Withdrawal.WITHDRAWN  # a counselor's phone rings for it
        assert await scene.store.dial(offer, seq=SEQ + 2) == 0
        assert [m["kind"] for m in inbox(scene, GATEWAY)] == ["made", "withdrawn"]


async def test_whoever_takes_a_promise_back_behind_the_fence_hears_that_the_phone_may_ring(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        offer = await dialled(scene)
        withdraw = partial(scene.store.withdraw_callback, ContactId("c1"), by="operator:li")
        for _ in range(2):  # the first answer was lost, say
            assert await withdraw() is Withdrawal.DIALLED
        said = await release(scene, offer, seq=SEQ + 3, reason=Reason.WITHDRAWN)
        assert said is Released.WITHDRAWN
        assert await withdraw() is Withdrawal.UNKNOWN
        assert (await scene.store.promised(), await scene.line()) == ([], [])


@pytest.mark.parametrize("is_dialled", [False, True])
async def test_gateway_that_does_not_know_whether_the_fence_stands_gives_no_number_twice(
    redis_url: str, is_dialled: bool
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.add_ready("1001")
        offer = await claim(scene.store)
        assert offer is not None
        if is_dialled:  # and nobody heard of it
            assert await scene.store.dial(offer, seq=SEQ + 2) == 1
        said = await scene.store.release(
            offer, gateway=GATEWAY, seq=SEQ + 2, reason=Reason.WITHDRAWN, journalled=False
        )
        assert said is Released.STANDS
        names = ["CallbackDialled", "CallbackFailed"] if is_dialled else ["OfferWithdrawn"]
        assert [(type(x).__name__, x.seq) for x in told(scene)[1:]] == [
            (name, SEQ + 3 + n) for n, name in enumerate(names)
        ]


async def test_promises_are_listed_by_how_long_the_callers_have_waited(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for n in (2, 1):
            made = a_promise(f"c{n}", after=n, digest=f"caller-{n}")
            assert await promise(scene, made)
        assert [(x.contact, x.state) for x in await scene.store.promised()] == [
            ("c1", "queued"),
            ("c2", "queued"),
        ]


async def test_promise_that_redis_lost_harms_no_other_pair_of_its_batch(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.store.enqueue(a_waiting("c2"))
        await scene.add_ready("1001", "1002")
        lose(scene, keys.PROMISE + "c1")
        pairs = [Pair(ContactId(c), CounselorId(n)) for c, n in (("c1", "1001"), ("c2", "1002"))]
        lost, made = await scene.store.offer(pairs, gateway=GATEWAY)
        assert lost is None
        assert made is not None
        assert await scene.state("1001") is S.READY


async def test_caller_whose_counselor_is_lost_is_in_line_like_anybody_when_the_promise_is_over(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        offer = await dialled(scene)  # the caller took the call, and Redis lost the word of it
        await scene.store.finish(offer, requeue=True)
        await scene.add_ready("1002")
        again = await claim(scene.store, extension="1002")
        assert again is not None
        assert "callback" not in inbox(scene, GATEWAY)[-1]


async def test_order_about_a_callback_that_is_nobodys_is_refused_and_not_lost(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        order = EscalateContact(contact=ContactId("c1"), by="operator:li", reason="asked")
        with pytest.raises(UnknownContact):
            await scene.store.give(order, key="one")
        await scene.add_ready("1001")
        assert await claim(scene.store) is not None  # now a gateway has it, and the key is free
        assert await scene.store.give(order, key="one")
        assert [m["kind"] for m in inbox(scene, GATEWAY)] == ["made", "escalate"]


async def test_promise_that_nobody_heard_of_is_journalled_with_the_id_that_its_gateway_knows(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("c1", digest=CALLER))
        made = a_promise()
        event = EventId("chosen")
        assert await scene.store.promise(
            ContactId("c1"), made, gateway=GATEWAY, seq=SEQ, event=event
        )
        (promised,) = told(scene)
        assert (promised.id, promised.seq) == (event, SEQ + 1)
