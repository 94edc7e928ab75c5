"""What one contact has to tell the queue: in order, one at a time, until it is done.

The telephone never waits for Redis. A leg event only *sends* an errand; while Redis is away the
errands of a contact stand in line and are tried again, so that the last word is always said.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hotline.clock import Timers
from hotline.errors import QueueUnavailable

log = logging.getLogger(__name__)

Errand = Callable[[], Awaitable[object]]
T = TypeVar("T")

RETRY_SECONDS = 1.0
PATIENCE_SECONDS = 0.5
"""A caller and a counselor who have picked up do not wait longer for the queue's word."""


def attempt(*steps: Callable[[], object]) -> None:
    """Take all steps in order; one that fails is logged and keeps none of the others from it."""
    for step in steps:
        try:
            step()
        except Exception:
            log.exception("a step failed, going on")


class Errands:
    """The errands of one contact. `cancel` when the process ends.

    `on_fault` is called when one fails by a fault of our own code: it is not tried again, and no
    leg event tells anybody. A queue that is away is no fault.
    """

    def __init__(
        self,
        *,
        timers: Timers,
        name: str,
        on_fault: Callable[[], None] = lambda: None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._timers = timers
        self._name = name
        self._on_fault = on_fault
        self._patience = patience
        self._line: deque[Errand] = deque()
        self._runner: asyncio.Task[None] | None = None
        self._urgent: set[asyncio.Task[bool]] = set()

    @property
    def idle(self) -> bool:
        """Nothing is under way or waiting."""
        return self._at_rest and not self._urgent

    def send(self, errand: Errand) -> None:
        """Do `errand` after those sent before it. Its faults are told to `on_fault`."""
        self._line.append(errand)
        if self._at_rest:
            self._runner = asyncio.get_running_loop().create_task(self._run())

    def hurry(self, errand: Errand) -> None:
        """Do `errand` now, past those that wait; it is tried once."""
        task = asyncio.get_running_loop().create_task(self._tried(errand))
        self._urgent.add(task)
        task.add_done_callback(self._urgent.discard)

    async def promptly(self, errand: Callable[[], Awaitable[T]], *, otherwise: T) -> T:
        """Return what `errand` answers; or, when the queue does not answer at once, `otherwise`:
        the errand then stands in line until it is done."""
        try:
            async with asyncio.timeout(self._patience):
                return await errand()
        except (QueueUnavailable, TimeoutError):
            log.warning("%s: the queue does not answer, going on without", self._name)
            self.send(errand)
            return otherwise

    async def settled(self) -> None:
        """Return when every errand sent so far is done."""
        while not self.idle:
            under_way = {*self._urgent, *([self._runner] if self._runner else [])}
            await asyncio.wait(under_way)

    def cancel(self) -> None:
        """Forget all errands: the process ends."""
        self._line.clear()
        for task in (self._runner, *self._urgent):
            if task is not None:
                task.cancel()

    @property
    def _at_rest(self) -> bool:
        return self._runner is None or self._runner.done()

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
            attempt(self._on_fault)
        return True
