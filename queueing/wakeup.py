"""The wake-up call: tells dispatchers at once that somebody waits or somebody is ready."""

from __future__ import annotations

import asyncio
from types import TracebackType

from redis.asyncio import Redis
from redis.exceptions import RedisError

from queueing import keys
from queueing.scripts import REPLY_WITHIN, connect


class WakeUp:
    """Listens on `keys.WAKE`. A call that is lost costs one tick, so nothing is stored."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = connect(url)
        self._listener = self._redis.pubsub(ignore_subscribe_messages=True)

    async def __aenter__(self) -> WakeUp:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self._listener.aclose()  # type: ignore[no-untyped-call]  # redis-py has no hints here
        await self._redis.aclose()

    async def wait(self, seconds: float) -> None:
        """Return when called, or after `seconds`, also while Redis is away.

        Several calls that came meanwhile count as one. The first wait subscribes.
        """
        try:
            if not self._listener.subscribed:
                await self._listener.subscribe(keys.WAKE)
                await self._listener.get_message(timeout=REPLY_WITHIN)  # the confirmation
                return  # somebody may have called before we listened
            if await self._listener.get_message(timeout=seconds) is not None:
                while await self._listener.get_message(timeout=0) is not None:
                    pass
        except (RedisError, OSError):
            await asyncio.sleep(seconds)
