"""What one contact has to tell the queue: in order, one at a time, until it is done.

The telephone never waits for Redis. A leg event only *sends* an errand; while Redis is away the
errands of a contact stand in line and are tried again, so that the last word is always said.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from hotline.clock import Timers
from hotline.errors import QueueUnavailable

log = logging.getLogger(__name__)

Errand = Callable[[], Awaitable[object]]

RETRY_SECONDS = 1.0


class Errands:
    """The errands of one contact. `cancel` when the process ends."""

    def __init__(self, *, timers: Timers, name: str) -> None:
        self._timers = timers
        self._name = name
        self._line: deque[Errand] = deque()
        self._runner: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Nothing is under way or waiting."""
        return self._runner is None or self._runner.done()

    def send(self, errand: Errand) -> None:
        """Do `errand` after those sent before it. Its faults are logged, never raised."""
        self._line.append(errand)
        if self.idle:
            self._runner = asyncio.get_running_loop().create_task(self._run())

    async def settled(self) -> None:
        """Return when every errand sent so far is done."""
        while self._runner is not None and not self._runner.done():
            await asyncio.shield(self._runner)

    def cancel(self) -> None:
        """Forget all errands: the process ends."""
        self._line.clear()
        if self._runner is not None:
            self._runner.cancel()

    async def _run(self) -> None:
        while self._line:
            errand = self._line.popleft()
            while not await self._tried(errand):
                await self._timers.pause(RETRY_SECONDS)

    async def _tried(self, errand: Errand) -> bool:
        try:
            await errand()
        except QueueUnavailable:
            log.warning("%s: the queue is away, trying again", self._name)
            return False
        except Exception:
            log.exception("%s: an errand failed for good", self._name)
        return True
