"""Who is ready with a dead phone is made not ready; what is unknown is no death."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from hotline.clock import ManualClock
from hotline.edge.control import EdgeUnavailable
from hotline.events import CounselorState, CounselorStateChanged
from hotline.ids import CounselorId
from queueing.reach import Reach, patience_for
from tests.queue_scene import QueueScene, a_queue

PING = 10
PATIENCE = patience_for(PING).total_seconds()
ONE, TWO = CounselorId("1001"), CounselorId("1002")


@dataclass
class KnownPhones:
    """Implements `queueing.reach.Phones` from what the test says."""

    proofs: dict[CounselorId, datetime] = field(default_factory=dict)
    away: bool = False

    def last_proofs(self, extensions: Iterable[CounselorId]) -> Mapping[CounselorId, datetime]:
        if self.away:
            raise EdgeUnavailable("away")
        return {one: self.proofs[one] for one in extensions if one in self.proofs}


@dataclass
class WallClock:
    """The scene's clock, whose wall clock the test may set."""

    clock: ManualClock
    set_by: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.clock.now() + self.set_by

    def monotonic(self) -> float:
        return self.clock.monotonic()


@dataclass
class ReachScene:
    queue: QueueScene
    phones: KnownPhones
    wall: WallClock
    reach: Reach

    def proves(self, *counselors: CounselorId) -> None:
        for one in counselors:
            self.phones.proofs[one] = self.wall.now()

    async def states(self) -> dict[str, tuple[str, str]]:
        return {
            one.profile.id: (one.state.value, one.reason)
            for one in await self.queue.store.counselors()
        }


@asynccontextmanager
async def reach_scene(url: str) -> AsyncIterator[ReachScene]:
    async with a_queue(url) as queue:
        phones, wall = KnownPhones(), WallClock(queue.clock)
        reach = Reach(
            url,
            counselors=queue.store,
            phones=phones,
            clock=wall,
            patience=patience_for(PING),
        )
        try:
            yield ReachScene(queue, phones, wall, reach)
        finally:
            await reach.close()


async def test_counselor_without_a_phone_is_made_not_ready_and_it_is_journalled(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO)
        scene.proves(TWO)
        assert await scene.reach.look() == [ONE]
        assert await scene.states() == {
            ONE: ("not_ready", "phone_unreachable"),
            TWO: ("ready", "asked"),
        }
        change = scene.queue.journal()[-1]
        assert isinstance(change, CounselorStateChanged)
        assert (change.subject, change.state, change.by) == (
            ONE,
            CounselorState.NOT_READY,
            "system",
        )
        assert await scene.reach.look() == []


async def test_phone_may_miss_one_question_but_not_two(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        scene.proves(ONE)
        for _ in range(2 * PING + 1):
            scene.queue.clock.advance(1)
            assert await scene.reach.look() == []
        scene.queue.clock.advance(2)
        assert await scene.reach.look() == [ONE]


async def test_proof_that_comes_again_keeps_the_counselor_ready(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        for _ in range(10):
            scene.proves(ONE)
            scene.queue.clock.advance(PING)
            assert await scene.reach.look() == []


async def test_edge_that_does_not_answer_takes_nobody_out(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        scene.phones.away = True
        scene.queue.clock.advance(3600)
        with pytest.raises(EdgeUnavailable):
            await scene.reach.look()
        assert (await scene.states())[ONE] == ("ready", "asked")


async def test_wall_clock_that_jumps_takes_nobody_out_but_who_has_no_phone(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO)
        scene.proves(ONE)
        scene.wall.set_by = timedelta(hours=1)
        assert await scene.reach.look() == [TWO]
        scene.queue.clock.advance(PATIENCE + 1)
        assert await scene.reach.look() == [ONE]  # no new proof came meanwhile: now it counts


async def test_wall_clock_set_back_lets_no_dead_phone_pass_for_alive(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        scene.proves(ONE)
        assert await scene.reach.look() == []
        scene.wall.set_by = -timedelta(hours=1)
        assert await scene.reach.look() == []
        scene.queue.clock.advance(PATIENCE + 1)
        assert await scene.reach.look() == [ONE]


async def test_who_is_offered_is_left_alone(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.an_offer("c1", ONE)
        assert await scene.reach.look() == []
        assert await scene.queue.state(ONE) is CounselorState.OFFERED
