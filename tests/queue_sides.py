"""The queue twice, for contract tests: in memory, and on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from hotline.clock import ManualClock
from hotline.events import CounselorState
from hotline.ids import ContactId, CounselorId, OfferId
from hotline.ports import Counselors, Known, Offer, Offers, Queue, Screening
from queueing.care import CarePlan
from queueing.limits import Limits
from tests.fakequeue import FakeQueue
from tests.queue_scene import GATEWAY, NOON, QueueScene, a_profile, a_queue

WEEK = timedelta(days=7)


class Ports(Queue, Offers, Counselors, Screening, Protocol):
    """What a gateway may ask of the queue."""


class Side(Protocol):
    """One of the two, with what the contract needs beyond the ports. Its clock begins at noon."""

    @property
    def queue(self) -> Ports: ...

    @property
    def limits(self) -> Limits: ...

    def now(self) -> datetime: ...

    async def pass_time(self, seconds: float) -> None:
        """Turn the clock by whole seconds; what happens without being asked, happens."""
        ...

    async def add(self, counselor: str) -> None:
        """Make the counselor known, and offline."""
        ...

    async def offer(self, contact: str, counselor: str) -> Offer | None:
        """Do as the dispatcher does; None when not both are free."""
        ...

    async def stands(self, counselor: str) -> tuple[CounselorState, str]:
        """Return what the counselor does, and why."""
        ...

    async def block(self, digest: str) -> None: ...

    async def switch_on(self, line: str, notice: str) -> None: ...

    async def allow(self, digest: str, minutes_per_day: float) -> None: ...


@dataclass
class FakeSide:
    """The fake and its clock."""

    queue: FakeQueue
    limits: Limits
    clock: ManualClock
    _rung: list[Offer] = field(default_factory=list)

    def now(self) -> datetime:
        return self.clock.now()

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        for offer in self._rung:
            if offer.expires_at < self.now():
                self.queue.run_out(offer)

    async def add(self, counselor: str) -> None:
        self.queue.roster.add(CounselorId(counselor))

    async def offer(self, contact: str, counselor: str) -> Offer | None:
        offer = Offer(
            id=OfferId(str(len(self._rung) + 1)),
            contact=ContactId(contact),
            counselor=CounselorId(counselor),
            expires_at=self.now() + timedelta(seconds=self.limits.offer_lease),
        )
        self._rung.append(offer)
        return offer if self.queue.claim(offer) else None

    async def stands(self, counselor: str) -> tuple[CounselorState, str]:
        known = CounselorId(counselor)
        state = self.queue.states.get(known, CounselorState.OFFLINE)
        return state, self.queue.reasons.get(known, "")

    async def block(self, digest: str) -> None:
        self.queue.known[digest] = Known(blocked=True)

    async def switch_on(self, line: str, notice: str) -> None:
        self.queue.notices[line] = notice

    async def allow(self, digest: str, minutes_per_day: float) -> None:
        self.queue.seconds_a_day[digest] = minutes_per_day * 60


@dataclass
class RealSide:
    """The store on a Redis, which no other gateway disturbs."""

    scene: QueueScene

    @property
    def queue(self) -> Ports:
        return self.scene.store

    @property
    def limits(self) -> Limits:
        return self.scene.limits

    def now(self) -> datetime:
        return self.scene.clock.now()

    async def pass_time(self, seconds: float) -> None:
        await self.scene.pass_time(seconds, GATEWAY)

    async def add(self, counselor: str) -> None:
        await self.scene.store.put_counselor(a_profile(counselor))

    async def offer(self, contact: str, counselor: str) -> Offer | None:
        return await self.scene.offer(contact, counselor)

    async def stands(self, counselor: str) -> tuple[CounselorState, str]:
        presence = await self.scene.presence(counselor)
        return presence.state, presence.reason

    async def block(self, digest: str) -> None:
        await self.scene.store.block(digest, reason="abuse", by="test", until=self.now() + WEEK)

    async def switch_on(self, line: str, notice: str) -> None:
        await self.scene.store.put_notice(line, notice, by="test")

    async def allow(self, digest: str, minutes_per_day: float) -> None:
        plan = CarePlan(minutes_per_day=minutes_per_day)
        await self.scene.store.put_care(digest, plan, by="test")


class OpenSide(Protocol):
    """Opens one of the two, empty."""

    def __call__(self, limits: Limits | None = None) -> AbstractAsyncContextManager[Side]: ...


@asynccontextmanager
async def fake_side(limits: Limits | None = None) -> AsyncIterator[Side]:
    """The one in memory."""
    clock, limits = ManualClock(NOON), limits or Limits()
    yield FakeSide(FakeQueue(clock=clock, limits=limits), limits, clock)


@asynccontextmanager
async def real_side(url: str, limits: Limits | None = None) -> AsyncIterator[Side]:
    """The one on the Redis at `url`."""
    async with a_queue(url, limits) as scene:
        yield RealSide(scene)
