"""A look at phones of which the test says when they proved alive, on a real Redis."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from hotline.clock import ManualClock
from hotline.edge.control import EdgeUnavailable
from hotline.ids import CounselorId
from queueing.reach import Reach, patience_for
from tests.fakes import FakeAlarms
from tests.queue_scene import QueueScene, a_queue

PING = 10
PATIENCE = patience_for(PING).total_seconds()
ONE, TWO, THREE, FOUR, FIVE = map(CounselorId, ("1001", "1002", "1003", "1004", "1005"))
LONG_UP = 86400.0


@dataclass
class KnownPhones:
    """Implements `queueing.reach.Phones` from what the test says."""

    proofs: dict[CounselorId, datetime] = field(default_factory=dict)
    away: bool = False
    up: float = LONG_UP
    asked: list[CounselorId] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)
    """Cleared: the edge hangs."""

    def __post_init__(self) -> None:
        self.answers.set()

    def last_proofs(self, extensions: Iterable[CounselorId]) -> Mapping[CounselorId, datetime]:
        extensions = list(extensions)
        self.asked += extensions
        self.answers.wait()
        if self.away:
            raise EdgeUnavailable("away")
        return {one: self.proofs[one] for one in extensions if one in self.proofs}

    def up_seconds(self) -> float:
        return self.up


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
    alarms: FakeAlarms
    reach: Reach

    def proves(self, *counselors: CounselorId) -> None:
        for one in counselors:
            self.phones.proofs[one] = self.wall.now()

    async def looks_in_vain(self) -> None:
        with pytest.raises(EdgeUnavailable):
            await self.reach.look()

    async def states(self) -> dict[str, tuple[str, str]]:
        return {
            one.profile.id: (one.state.value, one.reason)
            for one in await self.queue.store.counselors()
        }


@asynccontextmanager
async def reach_scene(url: str) -> AsyncIterator[ReachScene]:
    async with a_queue(url) as queue:
        phones, wall, alarms = KnownPhones(), WallClock(queue.clock), FakeAlarms()
        reach = Reach(
            url,
            counselors=queue.store,
            phones=phones,
            clock=wall,
            patience=patience_for(PING),
            alarms=alarms,
        )
        try:
            yield ReachScene(queue, phones, wall, alarms, reach)
        finally:
            await reach.close()
