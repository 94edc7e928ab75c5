"""What the queue promises of requests for a second counselor, of the fake and of the real one."""

from __future__ import annotations

from dataclasses import replace

from hotline.events import CounselorState as S
from hotline.events import Priority
from hotline.ids import ContactId, CounselorId, request_id
from hotline.ports import Offer, OfferOutcome, Waiting
from queueing.limits import Limits
from tests.queue_scene import a_waiting
from tests.queue_sides import OpenSide, Side

ONE, TWO = "1001", "2001"
C1 = ContactId("c1")
REQUEST = request_id(C1, 1)


def a_request(*, after: float = 60, **facts: object) -> Waiting:
    return replace(a_waiting("c1", after=after, digest="d"), contact=REQUEST, **facts)  # type: ignore[arg-type]  # facts of Waiting


async def ready(side: Side, counselor: str) -> None:
    await side.add(counselor)
    known = CounselorId(counselor)
    await side.queue.change_state(known, S.READY, reason="asked", by="counselor")


async def asked(side: Side) -> Offer:
    """c1 talks to 1001, who has asked for somebody; 2001 is ready."""
    await side.queue.enqueue(a_waiting("c1", digest="d"))
    await ready(side, ONE)
    first = await side.offer("c1", ONE)
    assert first is not None
    assert await side.queue.accept(first)
    await side.queue.enqueue(a_request())
    await ready(side, TWO)
    return first


async def joined(side: Side) -> tuple[Offer, Offer]:
    """2001 is in the conversation as well."""
    first = await asked(side)
    second = await side.offer(REQUEST, TWO)
    assert second is not None
    assert await side.queue.accept(second)
    return first, second


async def states(side: Side) -> tuple[S, S]:
    return (await side.stands(ONE))[0], (await side.stands(TWO))[0]


async def places(side: Side, *contacts: str) -> list[int]:
    """As they are spoken: a request is nobody who waits."""
    return [(await side.queue.place(ContactId(contact))).position for contact in contacts]


async def test_request_stands_behind_every_crisis_and_before_everybody_else(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        await asked(side)
        await side.queue.enqueue(a_waiting("c2", priority=Priority.HIGH_RISK))
        await side.queue.enqueue(a_waiting("c3", after=90, priority=Priority.CRISIS))
        later = replace(a_request(after=80), contact=request_id(ContactId("c9"), 1))
        await side.queue.enqueue(later)
        assert await places(side, "c3", REQUEST, later.contact, "c2") == [1, 2, 2, 2]


async def test_request_for_a_crisis_is_a_crisis(open_side: OpenSide) -> None:
    async with open_side() as side:
        await asked(side)
        await side.queue.enqueue(a_request(priority=Priority.CRISIS))
        await side.queue.enqueue(a_waiting("c3", after=90, priority=Priority.CRISIS))
        assert await places(side, REQUEST, "c3") == [1, 1]


async def test_second_counselor_talks_beside_the_first(open_side: OpenSide) -> None:
    async with open_side() as side:
        await joined(side)
        assert await states(side) == (S.TALKING, S.TALKING)


async def test_offer_in_vain_leaves_the_first_conversation_alone(open_side: OpenSide) -> None:
    async with open_side() as side:
        first = await asked(side)
        second = await side.offer(REQUEST, TWO)
        assert second is not None
        assert await side.queue.give_back(second, OfferOutcome.DECLINED)
        assert await places(side, REQUEST) == [1]
        assert await states(side) == (S.TALKING, S.NOT_READY)
        assert await side.queue.accept(first)


async def test_who_hands_over_is_in_wrap_up_and_the_other_ends_the_contact(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        first, second = await joined(side)
        for _ in range(2):
            await side.queue.hand_over(first, second)
            assert await states(side) == (S.WRAP_UP, S.TALKING)
        for_contact = replace(second, contact=C1)
        assert await side.queue.accept(for_contact)
        await side.queue.finish(second, requeue=False)  # its request is no more
        assert await states(side) == (S.WRAP_UP, S.TALKING)
        await side.queue.finish(for_contact, requeue=False)
        assert await states(side) == (S.WRAP_UP, S.WRAP_UP)
        assert await places(side, "c1", REQUEST) == [0, 0]


async def test_hand_over_counts_the_calls_whose_answers_were_not_told(open_side: OpenSide) -> None:
    async with open_side() as side:
        first = await asked(side)
        second = await side.offer(REQUEST, TWO)
        assert second is not None
        await side.queue.hand_over(first, second)
        assert await states(side) == (S.WRAP_UP, S.TALKING)
        assert await side.queue.accept(replace(second, contact=C1))


async def test_contact_that_lost_its_second_counselor_too_has_its_own_place(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        first, second = await joined(side)
        await side.queue.hand_over(first, second)
        await side.queue.finish(replace(second, contact=C1), requeue=True)
        await side.queue.enqueue(a_waiting("c2", after=30))
        assert await places(side, "c1", "c2") == [1, 2]


async def test_second_counselor_who_leaves_frees_only_themselves(open_side: OpenSide) -> None:
    async with open_side() as side:
        first, second = await joined(side)
        await side.queue.finish(second, requeue=False)
        assert await states(side) == (S.TALKING, S.WRAP_UP)
        await side.queue.hand_over(first, second)  # said too late
        assert (await states(side))[0] is S.WRAP_UP


async def test_request_that_is_withdrawn_frees_who_was_asked_and_keeps_no_place(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        first = await asked(side)
        assert await side.offer(REQUEST, TWO) is not None
        await side.queue.leave(REQUEST, fault=True)
        assert await side.stands(TWO) == (S.READY, "request_over")
        assert await side.queue.enqueue(a_waiting("c2", after=90, digest="d")) is None
        assert await side.queue.accept(first)


async def test_request_takes_no_place_that_the_caller_left(open_side: OpenSide) -> None:
    async with open_side(Limits(place_after_hang_up=600)) as side:
        await side.queue.enqueue(a_waiting("c0", digest="d"))
        await side.queue.leave(ContactId("c0"))
        assert await side.queue.enqueue(a_request()) is None
        assert await side.queue.enqueue(a_waiting("c1", after=50, digest="d")) is not None
