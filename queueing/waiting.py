"""The line of those who wait."""

from __future__ import annotations

import json

from pydantic import TypeAdapter
from redis.asyncio import Redis

from hotline.clock import Clock
from hotline.ids import ContactId
from hotline.ports import Waiting
from queueing import keys
from queueing.limits import Limits
from queueing.scripts import Scripts, redis_errors

_WAITING = TypeAdapter(Waiting)


class Line:
    """Implements `hotline.ports.Queue`. Every method may raise QueueUnavailable."""

    def __init__(self, redis: Redis, *, scripts: Scripts, clock: Clock, limits: Limits) -> None:
        self._redis = redis
        self._scripts = scripts
        self._clock = clock
        self._limits = limits

    async def enqueue(self, waiting: Waiting) -> None:
        """Put the contact in line, or change what it asks for (see `Queue.enqueue`).

        Renews its gateway's lease too. A contact that is being offered meanwhile stays so.
        """
        lease = keys.milliseconds(self._clock.now()) + round(self._limits.gateway_lease * 1000)
        await self._scripts.run(
            "enqueue",
            waiting.contact,
            waiting.gateway,
            keys.waiting_score(waiting.priority, waiting.arrived_at),
            _WAITING.dump_json(waiting).decode(),
            self._limits.wrap_up_ms,
            self._limits.after_wrap_up,
            lease,
        )

    async def leave(self, contact: ContactId) -> None:
        """Take the contact out, whatever its state; frees a counselor it was offered to."""
        await self._scripts.run(
            "leave", contact, self._limits.wrap_up_ms, self._limits.after_wrap_up
        )

    async def position(self, contact: ContactId) -> int:
        """Return its place among those who wait, 1 for the next; 0 when it does not wait."""
        with redis_errors():
            rank = await self._redis.zrank(keys.WAITING, contact)
        return 0 if rank is None else int(rank) + 1  # type: ignore[arg-type]  # no score asked for

    async def waiting(self, start: int = 0, count: int | None = None) -> list[Waiting]:
        """Return those who wait and are not being offered, in order; all, or one page."""
        end = -1 if count is None else start + count - 1
        text: str = await self._scripts.run("waiting", start, end)
        asked: list[str] = json.loads(text or "[]")
        return [_WAITING.validate_json(one) for one in asked]
