"""``python -m tests.bench queue``: how fast the queue brings people together.

One real Redis with the platform's settings, 2,000 counselors, 60 skills, 16 districts, 3 languages,
priorities mixed, the plan that is shipped. Measured on the whole path: change feed, picture,
`offer.lua`, inbox.

- assignments per second, saturated, at 10,000 waiting: all 2,000 counselors become ready as fast as
  Redis takes it, until the last offer stands in an inbox; with one and with two dispatchers.
- from 'counselor ready' to the offer published, both by the clock of Redis, and (from the return of
  `change_state`) to the offer in the hands of the owner gateway's inbox, at a moderate rate.
- CPU per assignment (Redis and dispatcher) by how many wait, one at a time: the counselor becomes
  ready, is offered, the call ends, another contact comes; beside a peer that keeps nothing and
  reads the line (`tests.bench.naive`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from admin.processes.garbage import collect_rarely
from hotline.ids import CounselorId, OfferId
from hotline.ports import Offer
from queueing.inbox import Inbox
from tests.bench.cpu import cpu_seconds
from tests.bench.crowd import GATEWAYS, Crowd, Volley
from tests.bench.dispatching import Child, dispatchers
from tests.bench.queuereport import FULL, RATE, SIZES, QueueResults, Rush, show
from tests.servers import RedisServer, select_pause

SAMPLES = 2_000
ROUNDS = 5
ONE_BY_ONE = {"picture": 300, "naive": 20, "paged": 60}
Say = Callable[[str], None]

__all__ = ["measure", "show"]


class QueueBench:
    """One run on one Redis."""

    def __init__(self, server: RedisServer, say: Say, profile: Path | None = None) -> None:
        self._server = server
        self._say = say
        self._profile = profile
        self._crowd = Crowd(server.url)
        self._results = QueueResults()

    async def run(self) -> QueueResults:
        crowd = self._crowd
        self._say("queue: hiring 2,000 counselors")
        await crowd.hire()
        kinds = ONE_BY_ONE
        self._results.costs = {kind: {} for kind in kinds}
        for size in SIZES:
            await crowd.fill(size)
            for kind in kinds:
                cost = await self._one_by_one(kind)
                self._results.costs[kind][size] = cost
                self._say(
                    f"queue: {size:,} wait, {kind}: {sum(cost):,.0f} µs of CPU per assignment "
                    f"(Redis {cost[0]:,.0f}, dispatcher {cost[1]:,.0f})"
                )
        await self._latency()
        for owners in (1, 2):
            await self._saturate(owners)
        await crowd.close()
        return self._results

    # --- one at a time -------------------------------------------------------------

    async def _one_by_one(self, kind: str) -> tuple[float, float]:
        """Return the µs of CPU of Redis and of the dispatcher per assignment."""
        times = ONE_BY_ONE[kind]
        with dispatchers(self._server.url, GATEWAYS[0], kind=kind) as [child]:
            async with self._taking() as taker:
                await self._settle(child)
                await self._serve_one(taker)
                await self._settle(child)
                before = self._used(child)
                for _ in range(times):
                    await self._serve_one(taker)
                await self._settle(child)
                after = self._used(child)
        return tuple(1e6 * (b - a) / times for a, b in zip(before, after, strict=True))  # type: ignore[return-value]

    async def _serve_one(self, taker: Taker) -> None:
        crowd = self._crowd
        await crowd.ready(crowd.random.choice(crowd.counselors))
        await self._replace(await taker.next())

    async def _replace(self, offer: Offer) -> None:
        """The call is over, and another contact comes."""
        await self._crowd.store.finish(offer, requeue=False)
        await self._crowd.store.enqueue(self._crowd.a_contact(0))

    def _used(self, child: Child) -> tuple[float, float]:
        return cpu_seconds(self._server.pid), cpu_seconds(child.pid)

    # --- at a moderate rate --------------------------------------------------------

    async def _latency(self) -> None:
        """Counselors become ready at random moments, whatever became of those before."""
        crowd, times = self._crowd, self._results.times
        begun: dict[CounselorId, float] = {}
        order = crowd.random.sample(crowd.counselors, len(crowd.counselors))
        since = crowd.journalled()
        with dispatchers(self._server.url, GATEWAYS[0]) as [child]:
            async with self._taking() as taker:
                await self._settle(child)
                self._say(f"queue: {RATE:g} counselors a second become ready")
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._make_ready(order, begun))
                    for _ in range(SAMPLES):
                        offer = await taker.next()
                        tasks.create_task(self._replace(offer))
        for counselor, at in taker.taken_at.items():
            times.append(max(0.0, at - begun[counselor]))
        self._results.published = crowd.published_after(since)

    async def _make_ready(
        self, order: Sequence[CounselorId], begun: dict[CounselorId, float]
    ) -> None:
        async def one(counselor: CounselorId) -> None:
            await self._crowd.ready(counselor)
            begun[counselor] = perf_counter()

        due = perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for counselor in order[:SAMPLES]:
                due += self._crowd.random.expovariate(RATE)
                await asyncio.sleep(max(0.0, due - perf_counter()))
                tasks.create_task(one(counselor))

    # --- saturated -----------------------------------------------------------------

    async def _saturate(self, owners: int) -> None:
        crowd, gateways = self._crowd, GATEWAYS[:owners]
        crowd.owned_by(owners)
        await self._empty()
        rushes = self._results.rushes[owners] = []
        profile = self._profile if owners == 1 else None
        with dispatchers(self._server.url, *gateways, profile=profile) as children:
            for _ in range(ROUNDS):
                await crowd.fill(FULL + len(crowd.counselors))
                for child in children:
                    await self._settle(child)
                rushes.append(self._rush(children))
                self._say(f"queue: {owners} dispatcher(s): {rushes[-1].rate:,.0f} assignments/s")
                await crowd.finish(crowd.take_offers())

    async def _empty(self) -> None:
        """Let all leave who wait: the next ones have other owners."""
        for contact in self._crowd.line():
            await self._crowd.store.leave(contact)

    def _rush(self, children: Sequence[Child]) -> Rush:
        crowd = self._crowd
        volley = Volley(crowd)
        pids = [self._server.pid, *(child.pid for child in children)]
        before = [cpu_seconds(pid) for pid in pids]
        started = perf_counter()
        volley.fire()
        while crowd.offered() < len(crowd.counselors):
            if perf_counter() > started + 60:
                raise AssertionError(f"only {crowd.offered()} were offered")
            select_pause(0.001)
        seconds = perf_counter() - started
        used = [cpu_seconds(pid) - b for pid, b in zip(pids, before, strict=True)]
        return Rush(len(crowd.counselors), seconds, used[0], used[1:])

    # --- both ----------------------------------------------------------------------

    async def _settle(self, child: Child) -> None:
        pulse = await self._crowd.store.pulse()
        child.catch_up(int(pulse.last.partition("-")[2]))

    def _taking(self) -> Taker:
        return Taker(self._server.url)


class Taker:
    """The owner gateway's inbox, consumed within ``async with``."""

    def __init__(self, url: str) -> None:
        self._inbox = Inbox(url, gateway=GATEWAYS[0], taker=self)
        self._offers: asyncio.Queue[Offer] = asyncio.Queue()
        self.taken_at: dict[CounselorId, float] = {}

    async def __aenter__(self) -> Taker:
        self._task = asyncio.create_task(self._inbox.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def offer_made(self, offer: Offer) -> None:
        self.taken_at[offer.counselor] = perf_counter()
        self._offers.put_nowait(offer)

    def offer_withdrawn(self, offer: OfferId) -> None:
        raise AssertionError(f"offer {offer} was withdrawn")

    async def next(self) -> Offer:
        return await asyncio.wait_for(self._offers.get(), 60)


async def measure(folder: Path, say: Say, profile: Path | None = None) -> QueueResults:
    """Run all of it on a Redis of its own in `folder`."""
    collect_rarely()  # the inbox is a gateway's, and is measured as one
    server = RedisServer(folder, fsync="everysec")
    server.start()
    try:
        return await QueueBench(server, say, profile).run()
    finally:
        server.stop()
