"""The wake-up call: tells dispatchers at once that somebody waits or somebody is ready."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

from redis.asyncio import Redis
from redis.exceptions import RedisError

from queueing import keys
from queueing.cancellation import pause, still_wanted
from queueing.scripts import connect

AGAIN_AFTER = 0.5
"""Seconds until the next try when Redis is away."""


class WakeUp:
    """Listens on `keys.WAKE` within ``async with``; calls that come together count as one.

    One task reads without a time limit: a read that is cut short by one can lose a message.
    """

    def __init__(self, url: str) -> None:
        self._redis: Redis = connect(url)
        self._called = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> WakeUp:
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._redis.aclose()

    async def wait(self, seconds: float) -> None:
        """Return when called since the last wait, or after `seconds`, also without Redis."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._called.wait()
        self._called.clear()

    async def _listen(self) -> None:
        while still_wanted():
            try:
                async with self._redis.pubsub() as listener:
                    await listener.subscribe(keys.WAKE)
                    while still_wanted():
                        await listener.get_message(timeout=None)
                        self._called.set()  # the confirmation too: we may have missed a call
            except (RedisError, OSError):
                await pause(AGAIN_AFTER)
