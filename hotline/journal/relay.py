"""From a process to the journal stream: through Redis, or by way of the disk while it is away.

    append -> memory -> XADD                      Redis answers
                     -> spool -> XADD             it did not; drained in order when it is back
                     (stays in memory)            nor is there room on the disk: bounded, alarmed

What is older is always delivered first, so that each subject's events keep their order. A batch
whose answer was lost is sent again: the stream may hold an event twice, and the scribe skips the
second by its id. What a killed process had in memory is lost: the events of the present turn of
the loop, and while Redis hangs without closing the connection those of the last `TIMEOUT_S`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from hotline.clock import Clock
from hotline.events import AlarmKind, Event
from hotline.journal.redisfault import alarm_for, kind_of
from hotline.journal.spool import Spool, Wire
from hotline.journal.stream import JOURNAL_STREAM, entry_fields
from hotline.ports import Alarms
from hotline.wire import encode

log = logging.getLogger(__name__)

BATCH = 200
TIMEOUT_S = 1.0
RETRY_S = 0.5
ORPHANS_EVERY_S = 30.0
MEMORY_LIMIT = 100_000
"""Events kept when neither Redis nor the disk takes them: some 100 MB."""


class StreamAway(Exception):
    """Redis did not take a batch, or its answer was lost. `alarm` says which."""

    def __init__(self, alarm: AlarmKind, detail: str) -> None:
        super().__init__(detail)
        self.alarm = alarm


class Relay:
    """Implements `events.Sink` for a process with an asyncio loop; use it on that loop's thread.

    `process` names the spool file (such as ``gateway-1``). `start` before the first event is
    due to arrive anywhere; `close` delivers or spools what is left.
    """

    def __init__(
        self,
        *,
        redis_url: str,
        spool_dir: Path,
        process: str,
        clock: Clock,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        self._redis = Redis.from_url(
            redis_url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=_no_retry(),
        )
        self._spool_dir = spool_dir
        self._process = process
        self._clock = clock
        self._memory_limit = memory_limit
        self._alarms: Alarms | None = None
        self._raised: set[AlarmKind] = set()
        self._memory: deque[Event] = deque()
        self._spool: Spool | None = None
        self._orphan: Spool | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._away = False
        self._retry_at = 0.0
        self._orphans_at = 0.0
        self.lost = 0
        """Events refused because memory was full, or that could not be written as text."""

    def report_to(self, alarms: Alarms) -> None:
        """Tell `alarms` from now on (which journals through this very relay)."""
        self._alarms = alarms

    @property
    def is_settled(self) -> bool:
        """Whether Redis has everything that was appended."""
        return not self._memory and (self._spool is None or self._spool.is_empty)

    @property
    def in_memory(self) -> int:
        """How many events neither Redis nor the disk has yet."""
        return len(self._memory)

    @property
    def is_away(self) -> bool:
        """Whether Redis was away, or refused, at the last attempt."""
        return self._away

    def append(self, event: Event) -> None:
        if len(self._memory) >= self._memory_limit:
            if not self.lost:
                log.critical("neither redis nor the disk takes events: memory is full, losing them")
            self.lost += 1
            return
        self._memory.append(event)
        self._wake.set()

    def start(self) -> None:
        """Begin to deliver."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="relay")

    async def close(self) -> None:
        """Deliver what is left, or put it on the disk; returns after two timeouts at most, plus
        the time that delivering takes."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        for spool in (self._spool, self._orphan):
            if spool is not None:
                spool.close()
        if self._memory:
            log.critical("%d events are lost: neither redis nor disk took them", len(self._memory))
        await self._redis.aclose()

    # The task ---------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._closing:
            await self._doze()
            await self._pass()
        self._retry_at = 0.0
        await self._pass()

    async def _doze(self) -> None:
        """Wait for an event, for the time to try again, or for the time to look for orphans."""
        until = self._retry_at if self._away else self._orphans_at
        pause = max(0.0, until - self._clock.monotonic())
        if not self._wake.is_set() and pause:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(pause, ORPHANS_EVERY_S))
        self._wake.clear()

    async def _pass(self) -> None:
        try:
            if self._away and self._clock.monotonic() < self._retry_at:
                await self._put_aside()
                return
            try:
                await self._deliver()
            except StreamAway as error:
                self._gone(error)
                await self._put_aside()
        except Exception:
            # Nothing may end this task while the telephone appends. The events are still there.
            log.exception("relay: a fault; trying again")
            self._alarm(AlarmKind.FAULT, "the relay of events met a fault; see the log")
            self._away, self._retry_at = True, self._clock.monotonic() + RETRY_S

    async def _deliver(self) -> None:
        if self._spool is not None:
            while not self._spool.is_empty:
                await self._drain(self._spool)
                await self._put_aside()  # behind the older ones; safe from a crash meanwhile
        while self._memory:
            batch = list(islice(self._memory, BATCH))
            await self._send(self._wires(batch))
            self._take_off(len(batch))
        if self._away:
            await self._send(())  # a PING, when there was nothing to deliver
        self._returned()
        if not self._closing:
            await self._deliver_orphans()

    async def _deliver_orphans(self) -> None:
        """Deliver one batch of a dead process's spool, so that our own events are never late."""
        if self._orphan is None and self._clock.monotonic() >= self._orphans_at:
            self._orphan = next(Spool.orphans(self._spool_dir), None)
            if self._orphan is None:
                self._orphans_at = self._clock.monotonic() + ORPHANS_EVERY_S
            else:
                log.warning("delivering %s of a dead process", self._orphan.path.name)
        if self._orphan is not None:
            await self._drain(self._orphan)
            if self._orphan.is_empty:
                self._orphan.close()
                self._orphan = None
            self._wake.set()  # there may be more

    async def _drain(self, spool: Spool) -> None:
        wires = await asyncio.to_thread(spool.peek, BATCH)
        await self._send(wires)
        spool.delivered()

    async def _put_aside(self) -> None:
        """Move what is in memory to the spool; leave it where it is when the disk is full."""
        while self._memory:
            batch = list(islice(self._memory, BATCH))
            try:
                if self._spool is None:
                    self._spool = Spool.create(self._spool_dir, self._process)
                await asyncio.to_thread(self._spool.put, self._wires(batch))
            except OSError as error:
                self._alarm(AlarmKind.SPOOL_FULL, f"events cannot be spooled: {error.strerror}")
                return
            self._take_off(len(batch))
            self._all_clear(AlarmKind.SPOOL_FULL)

    # Parts of it ------------------------------------------------------------------

    async def _send(self, wires: Sequence[Wire]) -> None:
        """Add `wires` to the stream, all or none. Raises StreamAway."""
        try:
            if not wires:
                await self._redis.ping()
                return
            async with self._redis.pipeline(transaction=True) as pipeline:
                for wire in wires:
                    pipeline.xadd(JOURNAL_STREAM, entry_fields(wire))
                await pipeline.execute()
        except (RedisError, OSError) as error:
            raise StreamAway(alarm_for(error), kind_of(error)) from None

    def _wires(self, batch: Iterable[Event]) -> list[Wire]:
        wires = []
        for event in batch:
            try:
                wires.append(encode(event))
            except Exception:
                # One event that no adapter can write must not hold up all that follow.
                log.exception("event %s %s cannot be written", type(event).__name__, event.id)
                self.lost += 1
        return wires

    def _take_off(self, count: int) -> None:
        for _ in range(count):
            self._memory.popleft()

    def _gone(self, error: StreamAway) -> None:
        self._away, self._retry_at = True, self._clock.monotonic() + RETRY_S
        for other in {AlarmKind.REDIS_AWAY, AlarmKind.REDIS_REFUSES} - {error.alarm}:
            self._all_clear(other)  # it went from the one to the other
        self._alarm(error.alarm, f"events are spooled on disk: {error}")

    def _returned(self) -> None:
        if self._away:
            self._away = False
            self._orphans_at = 0.0
            log.warning("redis is back: all spooled events are delivered")
        for kind in (AlarmKind.REDIS_AWAY, AlarmKind.REDIS_REFUSES, AlarmKind.SPOOL_FULL):
            self._all_clear(kind)

    def _alarm(self, kind: AlarmKind, detail: str) -> None:
        if self._alarms is not None and kind not in self._raised:
            self._raised.add(kind)
            self._alarms.raise_alarm(kind, detail)

    def _all_clear(self, kind: AlarmKind) -> None:
        """Clear `kind` if it was raised here: others in this process raise the same kinds."""
        if self._alarms is not None and kind in self._raised:
            self._raised.discard(kind)
            self._alarms.clear_alarm(kind)


def _no_retry() -> Retry:
    return Retry(NoBackoff(), 0)
