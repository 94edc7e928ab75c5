"""Redis goes on when its disk is full: for that time it keeps the queue in memory alone.

    kept on disk --a write failed (MISCONF)--> in memory alone, alarmed
    in memory alone --there is room--> the whole is written anew --done--> kept on disk

A Redis with an append-only file refuses every change once it cannot write to it: nobody would be
queued or offered until somebody makes room. Callers come first, so the file is switched off. What
that costs: should Redis die meanwhile, its next life knows what was on disk before, and what the
journal stream held and the scribe could not store either is lost. A ballast file to be deleted in
need would not help for long: whatever filled the disk eats that as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from hotline.alarms import JournalAlarms
from hotline.clock import Clock, SystemClock
from hotline.config import Settings
from hotline.events import AlarmKind
from hotline.ids import new_gateway_id
from hotline.journal.directsink import DirectSink
from hotline.journal.stream import connect
from hotline.ports import Alarms
from recordings.recorder import MEGABYTE, FreeSpace, free_space

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
"""So long nobody can be queued at the most; what was refused meanwhile is asked again."""
AGAIN_SECONDS = 5.0
"""Between switching off and trying to write to the disk again."""
ROOM = 32 * MEGABYTE
"""What must be free beside twice what Redis has in memory: the old file stands until the new one
is whole."""
ANSWER_SECONDS = 1.0
KEY = "appendonly"
DETAIL = "the disk is full: redis keeps queue and journal in memory alone; make room"


class Persistence:
    """Watches one Redis that is ours and whose files stand in `folder`."""

    def __init__(
        self,
        redis: Redis,
        *,
        folder: Path,
        alarms: Alarms,
        clock: Clock,
        free: FreeSpace = free_space,
    ) -> None:
        self._redis = redis
        self._folder = folder
        self._alarms = alarms
        self._clock = clock
        self._free = free
        self._not_before = 0.0

    def look(self) -> None:
        """Do what is due; call it every `LOOK_SECONDS`. Raises RedisError, OSError."""
        facts: dict[str, Any] = self._redis.info("persistence")
        if not facts["aof_enabled"]:
            self._alarms.raise_alarm(AlarmKind.QUEUE_IN_MEMORY, DETAIL)
            if self._clock.monotonic() >= self._not_before and self._there_is_room():
                log.warning("there is room again: redis writes everything to the disk")
                self._switch("yes")
        elif facts["aof_last_write_status"] != "ok":
            log.error("redis cannot write to its disk: it goes on in memory alone")
            self._switch("no")
            self._alarms.raise_alarm(AlarmKind.QUEUE_IN_MEMORY, DETAIL)
        elif _is_written(facts):
            self._alarms.clear_alarm(AlarmKind.QUEUE_IN_MEMORY)

    def _switch(self, whether: str) -> None:
        self._not_before = self._clock.monotonic() + AGAIN_SECONDS
        self._redis.config_set(KEY, whether)

    def _there_is_room(self) -> bool:
        memory: dict[str, Any] = self._redis.info("memory")
        return self._free(self._folder) >= ROOM + 2 * int(memory["used_memory"])


def _is_written(facts: dict[str, Any]) -> bool:
    """Whether the disk has all that Redis has: until then a restart would know the old state."""
    under_way = facts["aof_rewrite_in_progress"] or facts["aof_rewrite_scheduled"]
    return not under_way and facts["aof_last_bgrewrite_status"] == "ok"


@asynccontextmanager
async def kept_writable(settings: Settings) -> AsyncIterator[None]:
    """Inside the block the platform's own Redis is watched; one elsewhere is its owner's."""
    if settings.redis.url is not None:
        yield
        return
    watching = asyncio.create_task(_watch(settings), name="persistence")
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(settings: Settings) -> None:
    clock = SystemClock()
    sink = DirectSink(redis_url=settings.redis_url, spool_dir=settings.spool_dir, process="redis")
    alarms = JournalAlarms(sink=sink, subject=new_gateway_id("redis"), clock=clock)
    redis = connect(settings.redis_url, timeout_s=ANSWER_SECONDS)
    watch = Persistence(redis, folder=settings.state, alarms=alarms, clock=clock)
    begun = False
    try:
        while True:
            try:
                await asyncio.to_thread(watch.look)
                if not begun:
                    await asyncio.to_thread(alarms.process_started)
                    begun = True
            except (RedisError, OSError) as error:
                log.debug("persistence: %s", error)
            except Exception:
                log.exception("persistence: a fault; looking again")
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        sink.close()
        redis.close()
