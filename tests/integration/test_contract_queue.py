"""What `ports.Queue` and `ports.Offers` promise, of the fake and of the store on a real Redis."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline.events import CounselorState as S
from hotline.events import Priority
from hotline.ids import ContactId, CounselorId
from hotline.ports import KeptPlace, Offer, OfferOutcome, Place, Waiting
from queueing.limits import Limits
from tests.queue_scene import NOON, a_waiting
from tests.queue_sides import OpenSide, Side

ONE, TWO = "1001", "1002"
C1 = ContactId("c1")


async def ready(side: Side, counselor: str = ONE) -> None:
    await side.add(counselor)
    known = CounselorId(counselor)
    await side.queue.change_state(known, S.READY, reason="asked", by="counselor")


async def ring(side: Side, waiting: Waiting | None = None) -> Offer:
    """c1 is in line, and offered to 1001."""
    await side.queue.enqueue(waiting or a_waiting("c1"))
    await ready(side)
    offer = await side.offer("c1", ONE)
    assert offer is not None
    return offer


async def talk(side: Side, waiting: Waiting | None = None) -> Offer:
    offer = await ring(side, waiting)
    assert await side.queue.accept(offer)
    return offer


async def line(side: Side, *contacts: str) -> list[int]:
    """Return the position of each."""
    return [(await side.queue.place(ContactId(contact))).position for contact in contacts]


# --- Queue ---------------------------------------------------------------------------


async def test_line_is_counted_from_one_by_arrival_whoever_is_put_in_it_first(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        for name, after in (("c1", 20.0), ("c2", 10.0), ("c3", 30.0)):
            assert await side.queue.enqueue(a_waiting(name, after=after)) is None
        assert await line(side, "c1", "c2", "c3", "c4") == [2, 1, 3, 0]


async def test_same_arrival_has_the_same_order_on_both_sides(open_side: OpenSide) -> None:
    async with open_side() as side:
        for name in ("c2", "c1", "c3"):
            await side.queue.enqueue(a_waiting(name))
        assert await line(side, "c1", "c2", "c3") == [1, 2, 3]


async def test_crisis_goes_first_and_what_is_more_urgent_a_while_before_the_rest(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1"))
        await side.queue.enqueue(a_waiting("c2", after=60, priority=Priority.HIGH_RISK))
        await side.queue.enqueue(a_waiting("c3", after=3600, priority=Priority.HIGH_RISK))
        await side.queue.enqueue(a_waiting("c4", after=7200, priority=Priority.CRISIS))
        assert await line(side, "c4", "c2", "c1", "c3") == [1, 2, 3, 4]


async def test_place_has_no_band_where_nobody_was_answered_in_the_last_hour(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1"))
        assert await side.queue.place(C1) == Place(1, None)
        assert await side.queue.place(ContactId("nobody")) == Place(0, None)


async def test_saying_it_twice_does_no_harm_and_changes_what_is_asked_for(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1"))
        await side.queue.enqueue(a_waiting("c2", after=10))
        assert await side.queue.enqueue(a_waiting("c2", after=10)) is None
        assert await line(side, "c1", "c2") == [1, 2]
        await side.queue.enqueue(a_waiting("c2", after=10, priority=Priority.CRISIS))
        assert await line(side, "c1", "c2") == [2, 1]


async def test_contact_that_is_offered_has_no_place_and_stays_offered_when_it_asks_again(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        offer = await ring(side, a_waiting("c1", after=20))
        await side.queue.enqueue(a_waiting("c2", after=10))
        await side.queue.enqueue(a_waiting("c1", after=20, priority=Priority.CRISIS))
        assert await line(side, "c1", "c2") == [0, 1]
        assert await side.queue.give_back(offer, OfferOutcome.DECLINED)
        assert await line(side, "c1", "c2") == [1, 2]


async def test_contact_that_is_put_in_line_while_it_talks_has_lost_its_counselor(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        offer = await talk(side)
        await side.queue.enqueue(a_waiting("c1"))
        assert await line(side, "c1") == [1]
        assert (await side.stands(ONE))[0] is S.WRAP_UP
        assert not await side.queue.accept(offer)


async def test_asking_for_something_else_as_the_counselor_picks_up_leaves_the_talk_alone(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        offer = await talk(side)
        await side.queue.enqueue(a_waiting("c1", priority=Priority.CRISIS), rings=True)
        assert await line(side, "c1") == [0]
        assert (await side.stands(ONE))[0] is S.TALKING
        assert await side.queue.accept(offer)


async def test_who_leaves_is_out_of_line_and_may_leave_twice(open_side: OpenSide) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1"))
        await side.queue.enqueue(a_waiting("c2", after=10))
        for _ in range(2):
            await side.queue.leave(C1)
        assert await line(side, "c1", "c2") == [0, 1]


@pytest.mark.parametrize(("talking", "then"), [(False, S.READY), (True, S.WRAP_UP)])
async def test_leaving_frees_the_counselor_who_serves(
    open_side: OpenSide, talking: bool, then: S
) -> None:
    async with open_side() as side:
        offer = await (talk(side) if talking else ring(side))
        await side.queue.leave(C1)
        assert (await side.stands(ONE))[0] is then
        assert not await side.queue.accept(offer)
        assert not await side.queue.give_back(offer, OfferOutcome.DECLINED)
        assert (await side.stands(ONE))[0] is then
        assert await line(side, "c1") == [0]


# --- kept places ---------------------------------------------------------------------


@pytest.mark.parametrize("offered", [False, True])
@pytest.mark.parametrize(("fault", "because"), [(True, "fault"), (False, "hung_up")])
async def test_place_of_who_waited_is_kept_for_the_next_call(
    open_side: OpenSide, offered: bool, fault: bool, because: str
) -> None:
    async with open_side() as side:
        if offered:
            await ring(side, a_waiting("c1", digest="d"))
        else:
            await side.queue.enqueue(a_waiting("c1", digest="d"))
        await side.queue.enqueue(a_waiting("c2", after=30))
        await side.queue.leave(C1, fault=fault)
        again = a_waiting("c3", after=60, digest="d")
        assert await side.queue.enqueue(again) == KeptPlace(NOON, because)
        assert await line(side, "c3", "c2") == [1, 2]


@pytest.mark.parametrize("offered", [False, True])
async def test_who_was_served_elsewhere_is_out_of_line_and_keeps_no_place(
    open_side: OpenSide, offered: bool
) -> None:
    async with open_side() as side:
        if offered:
            await ring(side, a_waiting("c1", digest="d"))
        else:
            await side.queue.enqueue(a_waiting("c1", digest="d"))
        await side.queue.leave(C1, served=True)
        assert await line(side, "c1") == [0]
        if offered:
            assert (await side.stands(ONE))[0] is S.READY
        assert await side.queue.enqueue(a_waiting("c3", after=60, digest="d")) is None


@pytest.mark.parametrize("fault", [False, True])
async def test_who_was_served_elsewhere_has_the_place_again_after_a_fault_alone(
    open_side: OpenSide, fault: bool
) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1", digest="d"))
        await side.queue.leave(C1, served=True)
        await side.queue.leave(C1, fault=fault)
        kept = await side.queue.enqueue(a_waiting("c3", after=60, digest="d"))
        assert kept == (KeptPlace(NOON, "fault") if fault else None)


async def test_who_was_served_elsewhere_in_vain_comes_back_to_the_first_place(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1", digest="d"))
        await side.queue.enqueue(a_waiting("c2", after=30))
        await side.queue.leave(C1, served=True)
        assert await side.queue.enqueue(a_waiting("c1", digest="d")) is None
        assert await line(side, "c1", "c2") == [1, 2]


async def test_kept_place_is_told_until_it_is_said_as_the_arrival(open_side: OpenSide) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1", digest="d"))
        await side.queue.leave(C1)
        again = a_waiting("c2", after=60, digest="d")
        for _ in range(2):
            assert await side.queue.enqueue(again) == KeptPlace(NOON, "hung_up")
        assert await side.queue.enqueue(replace(again, arrived_at=NOON)) is None
        await side.queue.enqueue(a_waiting("c3", after=30))
        assert await line(side, "c2", "c3") == [1, 2]


async def test_kept_place_is_taken_once(open_side: OpenSide) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1", digest="d"))
        await side.queue.leave(C1)
        assert await side.queue.enqueue(a_waiting("c2", after=60, digest="d")) is not None
        assert await side.queue.enqueue(a_waiting("c3", after=70, digest="d")) is None


async def test_place_of_who_took_one_over_is_kept_as_the_first_one(open_side: OpenSide) -> None:
    async with open_side() as side:
        for n in (1, 2):
            await side.queue.enqueue(a_waiting(f"c{n}", after=60 * (n - 1), digest="d"))
            await side.queue.leave(ContactId(f"c{n}"))
        kept = await side.queue.enqueue(a_waiting("c3", after=180, digest="d"))
        assert kept == KeptPlace(NOON, "hung_up")


@pytest.mark.parametrize("fault", [False, True])
async def test_place_of_who_talked_is_kept_only_if_cut_off(
    open_side: OpenSide, fault: bool
) -> None:
    async with open_side() as side:
        await talk(side, a_waiting("c1", digest="d"))
        await side.queue.leave(C1, fault=fault)
        kept = await side.queue.enqueue(a_waiting("c2", after=60, digest="d"))
        assert kept == (KeptPlace(NOON, "fault") if fault else None)


@pytest.mark.parametrize(("digest", "other"), [("d", "e"), ("", "")])
async def test_place_is_kept_for_nobody_else_nor_for_a_withheld_number(
    open_side: OpenSide, digest: str, other: str
) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1", digest=digest))
        await side.queue.leave(C1, fault=True)
        assert await side.queue.enqueue(a_waiting("c2", after=60, digest=other)) is None


@pytest.mark.parametrize(("late", "kept"), [(-1, KeptPlace(NOON, "hung_up")), (1, None)])
async def test_place_is_kept_for_a_while_only(
    open_side: OpenSide, late: int, kept: KeptPlace | None
) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c1", digest="d"))
        await side.queue.leave(C1)
        seconds = side.limits.place_after_hang_up + late
        await side.pass_time(seconds)
        assert await side.queue.enqueue(a_waiting("c2", after=seconds, digest="d")) == kept


async def test_no_place_is_kept_where_none_is_to_be(open_side: OpenSide) -> None:
    async with open_side(Limits(place_after_hang_up=0)) as side:
        await side.queue.enqueue(a_waiting("c1", digest="d"))
        await side.queue.leave(C1)
        assert await side.queue.enqueue(a_waiting("c2", after=1, digest="d")) is None


# --- Offers --------------------------------------------------------------------------


async def test_accepted_offer_may_be_accepted_again_and_they_talk(open_side: OpenSide) -> None:
    async with open_side() as side:
        offer = await ring(side)
        for _ in range(2):
            assert await side.queue.accept(offer)
        assert (await side.stands(ONE))[0] is S.TALKING
        assert await line(side, "c1") == [0]
        assert not await side.queue.give_back(offer, OfferOutcome.DECLINED)
        assert (await side.stands(ONE))[0] is S.TALKING


@pytest.mark.parametrize(
    ("outcome", "then"),
    [
        (OfferOutcome.MISSED, S.NOT_READY),
        (OfferOutcome.DECLINED, S.NOT_READY),
        (OfferOutcome.UNREACHABLE, S.NOT_READY),
        (OfferOutcome.WITHDRAWN, S.READY),
    ],
)
async def test_offer_given_back_leaves_the_contact_in_its_place_and_tells_why(
    open_side: OpenSide, outcome: OfferOutcome, then: S
) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c2", after=10))
        offer = await ring(side)
        assert await side.queue.give_back(offer, outcome)
        assert await line(side, "c1", "c2") == [1, 2]
        assert await side.stands(ONE) == (then, outcome)
        assert not await side.queue.accept(offer)
        assert await side.queue.give_back(offer, outcome)  # it was ours to give back
        assert await line(side, "c1", "c2") == [1, 2]


async def test_missed_offer_makes_not_ready_only_when_that_is_too_often(
    open_side: OpenSide,
) -> None:
    async with open_side(Limits(misses_in_a_row=2)) as side:
        offer = await ring(side)
        assert await side.queue.give_back(offer, OfferOutcome.MISSED)
        assert (await side.stands(ONE))[0] is S.READY
        second = await side.offer("c1", ONE)
        assert second is not None
        assert await side.queue.give_back(second, OfferOutcome.MISSED)
        assert (await side.stands(ONE))[0] is S.NOT_READY


async def test_offer_whose_time_is_over_is_void(open_side: OpenSide) -> None:
    async with open_side() as side:
        offer = await ring(side)
        await side.pass_time(side.limits.offer_lease + 1)
        assert await line(side, "c1") == [1]
        assert await side.stands(ONE) == (S.NOT_READY, "missed")
        assert not await side.queue.accept(offer)
        assert not await side.queue.give_back(offer, OfferOutcome.DECLINED)


async def test_offer_that_was_followed_by_another_is_void(open_side: OpenSide) -> None:
    async with open_side() as side:
        first = await ring(side)
        await side.queue.give_back(first, OfferOutcome.DECLINED)
        await ready(side, TWO)
        second = await side.offer("c1", TWO)
        assert second is not None
        assert second.id != first.id
        assert not await side.queue.accept(first)
        await side.queue.finish(first, requeue=False)
        assert await side.queue.accept(second)


async def test_contact_and_counselor_are_claimed_together_or_not_at_all(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        await ring(side)
        await side.queue.enqueue(a_waiting("c2"))
        await side.add(TWO)
        assert await side.offer("c2", ONE) is None
        assert await side.offer("c1", TWO) is None
        assert await side.offer("c2", TWO) is None  # offline
        assert await line(side, "c1", "c2") == [0, 1]


@pytest.mark.parametrize("answer_was_heard", [True, False])
@pytest.mark.parametrize(("requeue", "position"), [(False, 0), (True, 1)])
async def test_finished_conversation_is_wrapped_up_and_the_contact_gone_or_in_its_place(
    open_side: OpenSide, answer_was_heard: bool, requeue: bool, position: int
) -> None:
    async with open_side() as side:
        await side.queue.enqueue(a_waiting("c2", after=10))
        offer = await (talk(side) if answer_was_heard else ring(side))
        for _ in range(2):
            await side.queue.finish(offer, requeue=requeue)
            assert (await side.stands(ONE))[0] is S.WRAP_UP
            assert await line(side, "c1", "c2") == [position, position + 1]


async def test_conversation_that_ended_by_itself_leaves_no_place(open_side: OpenSide) -> None:
    async with open_side() as side:
        offer = await talk(side, a_waiting("c1", digest="d"))
        await side.queue.finish(offer, requeue=False)
        assert await side.queue.enqueue(a_waiting("c2", after=60, digest="d")) is None


async def test_offer_says_when_it_ends(open_side: OpenSide) -> None:
    async with open_side() as side:
        offer = await ring(side)
        lease = timedelta(seconds=side.limits.offer_lease)
        assert offer.expires_at - side.now() == pytest.approx(lease, abs=timedelta(seconds=1))
