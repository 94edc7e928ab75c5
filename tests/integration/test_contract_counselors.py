"""What `ports.Counselors` promises, and what every port of the queue does while it is away; of the
fake and of the store on a real Redis."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hotline.clock import ManualClock
from hotline.errors import QueueUnavailable, StateRefused, UnknownCounselor
from hotline.events import CounselorState as S
from hotline.ids import ContactId, CounselorId, OfferId
from hotline.ports import Offer, OfferOutcome
from queueing.limits import Limits
from queueing.store import QueueStore
from tests.fakequeue import FakeQueue
from tests.queue_scene import NOON, a_waiting
from tests.queue_sides import OpenSide, Ports, Side
from tests.servers import RedisServer

ONE, NOBODY = CounselorId("1001"), CounselorId("9999")
C1 = ContactId("c1")


async def ask(side: Side, state: S, *, reason: str = "asked") -> S:
    return await side.queue.change_state(ONE, state, reason=reason, by="counselor")


async def ring(side: Side) -> Offer:
    """c1 is offered to 1001."""
    await side.queue.enqueue(a_waiting("c1"))
    await side.add(ONE)
    await ask(side, S.READY)
    offer = await side.offer("c1", ONE)
    assert offer is not None
    return offer


async def wrap_up(side: Side) -> None:
    offer = await ring(side)
    assert await side.queue.accept(offer)
    await side.queue.finish(offer, requeue=False)


@pytest.mark.parametrize("state", [S.READY, S.NOT_READY, S.OFFLINE])
async def test_state_that_is_asked_for_holds_and_keeps_its_reason(
    open_side: OpenSide, state: S
) -> None:
    async with open_side() as side:
        await side.add(ONE)
        assert (await side.stands(ONE))[0] is S.OFFLINE
        await ask(side, S.READY if state is S.OFFLINE else S.OFFLINE)
        assert await ask(side, state, reason="lunch") is state
        assert await side.stands(ONE) == (state, "lunch")


@pytest.mark.parametrize("state", [S.OFFERED, S.TALKING, S.WRAP_UP])
async def test_state_that_nobody_can_ask_for_is_refused(open_side: OpenSide, state: S) -> None:
    async with open_side() as side:
        await side.add(ONE)
        with pytest.raises(StateRefused):
            await ask(side, state)
        assert (await side.stands(ONE))[0] is S.OFFLINE


async def test_counselor_whom_nobody_knows_is_unknown(open_side: OpenSide) -> None:
    async with open_side() as side:
        with pytest.raises(UnknownCounselor):
            await side.queue.change_state(NOBODY, S.READY, reason="asked", by="counselor")
        with pytest.raises(UnknownCounselor):
            await side.queue.extend_wrap_up(NOBODY, by="counselor")


@pytest.mark.parametrize("state", [S.READY, S.NOT_READY, S.OFFLINE])
async def test_conversation_is_not_cut_short_by_a_wish(open_side: OpenSide, state: S) -> None:
    async with open_side() as side:
        offer = await ring(side)
        assert await side.queue.accept(offer)
        assert await ask(side, state) is S.TALKING
        assert (await side.stands(ONE))[0] is S.TALKING
        assert await side.queue.accept(offer)


@pytest.mark.parametrize("state", [S.NOT_READY, S.OFFLINE])
async def test_who_does_not_want_the_offer_leaves_the_contact_in_its_place(
    open_side: OpenSide, state: S
) -> None:
    async with open_side() as side:
        offer = await ring(side)
        assert await ask(side, state) is state
        assert (await side.queue.place(C1)).position == 1
        assert not await side.queue.accept(offer)
        assert not await side.queue.give_back(offer, OfferOutcome.DECLINED)
        assert (await side.stands(ONE))[0] is state


async def test_who_is_offered_a_contact_already_stays_so_when_asking_for_ready(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        offer = await ring(side)
        assert await ask(side, S.READY) is S.OFFERED
        assert await side.queue.accept(offer)


@pytest.mark.parametrize("state", [S.READY, S.NOT_READY, S.OFFLINE])
async def test_wrap_up_ends_when_its_owner_asks_for_something_else(
    open_side: OpenSide, state: S
) -> None:
    async with open_side() as side:
        await wrap_up(side)
        assert await ask(side, state) is state
        with pytest.raises(StateRefused):
            await side.queue.extend_wrap_up(ONE, by="counselor")


async def test_only_a_wrap_up_can_be_lengthened(open_side: OpenSide) -> None:
    async with open_side() as side:
        offer = await ring(side)
        with pytest.raises(StateRefused):
            await side.queue.extend_wrap_up(ONE, by="counselor")
        assert await side.queue.accept(offer)
        with pytest.raises(StateRefused):
            await side.queue.extend_wrap_up(ONE, by="counselor")


async def test_wrap_up_is_lengthened_from_its_end_to_the_most_there_may_be(
    open_side: OpenSide,
) -> None:
    async with open_side(Limits(wrap_up=15, wrap_up_extension=20, wrap_up_most=45)) as side:
        await wrap_up(side)
        began = side.now()
        await side.pass_time(5)
        for seconds in (35, 45):
            ends = await side.queue.extend_wrap_up(ONE, by="counselor")
            assert ends - began == timedelta(seconds=seconds)
        with pytest.raises(StateRefused):
            await side.queue.extend_wrap_up(ONE, by="counselor")
        assert (await side.stands(ONE))[0] is S.WRAP_UP


async def test_extension_is_of_one_wrap_up_only(open_side: OpenSide) -> None:
    async with open_side(Limits(wrap_up=15, wrap_up_extension=20, wrap_up_most=35)) as side:
        for _ in range(2):
            await wrap_up(side)
            ends = await side.queue.extend_wrap_up(ONE, by="counselor")
            assert ends - side.now() == timedelta(seconds=35)
            await ask(side, S.OFFLINE)


# --- away ----------------------------------------------------------------------------

OFFER = Offer(id=OfferId("1"), contact=C1, counselor=ONE, expires_at=NOON)
ASKED: dict[str, Callable[[Ports], Awaitable[object]]] = {
    "enqueue": lambda queue: queue.enqueue(a_waiting("c1")),
    "leave": lambda queue: queue.leave(C1),
    "place": lambda queue: queue.place(C1),
    "accept": lambda queue: queue.accept(OFFER),
    "give_back": lambda queue: queue.give_back(OFFER, OfferOutcome.MISSED),
    "finish": lambda queue: queue.finish(OFFER, requeue=False),
    "change_state": lambda queue: queue.change_state(ONE, S.READY, reason="asked", by="test"),
    "extend_wrap_up": lambda queue: queue.extend_wrap_up(ONE, by="test"),
    "known_of": lambda queue: queue.known_of("d", line="1", at=NOON),
    "talked": lambda queue: queue.talked("d", C1, seconds=1, at=NOON),
}


async def everything_is_unavailable(queue: Ports) -> None:
    for name, ask_it in ASKED.items():
        with pytest.raises(QueueUnavailable):
            pytest.fail(f"{name} answered {await ask_it(queue)}")


async def it_is_back(queue: Ports) -> None:
    await queue.enqueue(a_waiting("c1"))
    assert (await queue.place(C1)).position == 1


async def test_fake_queue_that_is_away_is_unavailable_and_works_again_when_back() -> None:
    queue = FakeQueue()
    queue.away = True
    await everything_is_unavailable(queue)
    queue.away = False
    await it_is_back(queue)


async def test_real_queue_that_is_away_is_unavailable_and_works_again_when_back(
    tmp_path: Path,
) -> None:
    redis = RedisServer(tmp_path / "redis")
    queue = QueueStore.open(redis.url, clock=ManualClock(NOON), limits=Limits())
    try:
        await everything_is_unavailable(queue)
        redis.start()
        await it_is_back(queue)
    finally:
        await queue.close()
        redis.stop()
