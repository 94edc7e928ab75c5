"""A queue on a real Redis, with a clock that the test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis

from hotline.clock import ManualClock
from hotline.events import CounselorState, CounselorStateChanged, Event, Priority
from hotline.ids import ContactId, CounselorId, GatewayId, NodeId
from hotline.ports import Carried, Offer, Waiting
from hotline.wire import decode
from queueing import keys
from queueing.limits import Limits
from queueing.presence import Presence
from queueing.routing.pair import Pair
from queueing.routing.skills import CounselorKind, CounselorProfile
from queueing.store import QueueStore

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GATEWAY = GatewayId("gateway-1.aaaaaaaa")
OTHER_GATEWAY = GatewayId("gateway-2.bbbbbbbb")


def a_waiting(
    name: str = "c1",
    *,
    gateway: GatewayId = GATEWAY,
    priority: Priority = Priority.NORMAL,
    after: float = 0,
    skills: tuple[str, ...] = (),
    node: str = "city",
    language: str = "zh",
    digest: str = "",
) -> Waiting:
    """A contact that arrived `after` seconds past noon."""
    return Waiting(
        contact=ContactId(name),
        gateway=gateway,
        priority=priority,
        arrived_at=NOON + timedelta(seconds=after),
        topic="grief",
        language=language,
        skills=skills,
        node=NodeId(node),
        caller_digest=digest,
    )


def a_profile(extension: str = "1001", *, node: str = "city", **skills: int) -> CounselorProfile:
    return CounselorProfile(
        id=CounselorId(extension),
        name=f"Counselor {extension}",
        kind=CounselorKind.VOLUNTEER,
        node=NodeId(node),
        skills={name.replace("_", "-"): level for name, level in skills.items()},
    )


@dataclass
class QueueScene:
    """One store and the clock that it reads."""

    url: str
    clock: ManualClock
    limits: Limits
    store: QueueStore

    async def add_ready(self, *extensions: str) -> None:
        """Each becomes ready a millisecond after the one before: the first is idle longest."""
        for extension in extensions:
            await self.store.put_counselor(a_profile(extension))
            await self.ask(extension, CounselorState.READY)
            self.clock.advance(0.001)

    async def ask(
        self, extension: str, state: CounselorState, reason: str = "asked"
    ) -> CounselorState:
        return await self.store.change_state(
            CounselorId(extension), state, reason=reason, by="counselor"
        )

    async def offer(self, contact: str = "c1", extension: str = "1001") -> Offer | None:
        pair = Pair(ContactId(contact), CounselorId(extension))
        return (await self.store.offer([pair]))[0]

    async def an_offer(self, contact: str = "c1", extension: str = "1001") -> Offer:
        """A contact in line and a ready counselor, offered to each other."""
        await self.store.enqueue(a_waiting(contact))
        await self.add_ready(extension)
        made = await self.offer(contact, extension)
        assert made is not None
        return made

    async def a_talk(self, contact: str = "c1", extension: str = "1001") -> Offer:
        made = await self.an_offer(contact, extension)
        assert await self.store.accept(made)
        return made

    async def presence(self, extension: str = "1001") -> Presence:
        return {p.profile.id: p for p in await self.store.counselors()}[CounselorId(extension)]

    async def state(self, extension: str = "1001") -> CounselorState:
        return (await self.presence(extension)).state

    async def line(self) -> list[str]:
        return [waiting.contact for waiting in await self.waiting()]

    async def waiting(self) -> list[Waiting]:
        """Those who wait and are not being offered, in order."""
        return [waiting for waiting, _ in (await self.store.snapshot()).waiting]

    def ready(self) -> list[str]:
        """Those who can take a contact now, the longest idle first."""
        with redis.Redis.from_url(self.url, decode_responses=True) as connection:
            return connection.zrange(keys.READY, 0, -1)

    async def pass_time(self, seconds: float, *beating: GatewayId) -> None:
        """Let time pass as it does: with a sweep each second, and these gateways' hearts."""
        for _ in range(round(seconds)):
            self.clock.advance(1)
            for gateway in beating:
                await self.beat(gateway)
            await self.store.sweep()

    async def beat(self, gateway: GatewayId = GATEWAY) -> None:
        """Beat with whatever the queue takes the gateway to carry."""
        with redis.Redis.from_url(self.url, decode_responses=True) as connection:
            carried = connection.hgetall(keys.CARRIED + gateway)
        await self.store.heartbeat(
            gateway, {ContactId(c): Carried(seq=int(n)) for c, n in carried.items()}
        )

    def journal(self) -> list[Event]:
        with redis.Redis.from_url(self.url, decode_responses=True) as connection:
            return [decode(fields) for _, fields in connection.xrange(keys.JOURNAL)]

    def moves(self, extension: str = "1001") -> list[tuple[str, str, str]]:
        """The counselor's journal: (previous, state, reason) of each change."""
        return [
            (event.previous, event.state, event.reason)
            for event in self.journal()
            if isinstance(event, CounselorStateChanged) and event.subject == extension
        ]


@asynccontextmanager
async def a_queue(url: str, limits: Limits | None = None) -> AsyncIterator[QueueScene]:
    """A scene on the Redis at `url`, on which the first sweep has been made."""
    clock = ManualClock(NOON)
    limits = limits or Limits()
    store = QueueStore.open(url, clock=clock, limits=limits)
    try:
        await store.sweep()
        yield QueueScene(url, clock, limits, store)
    finally:
        await store.close()
