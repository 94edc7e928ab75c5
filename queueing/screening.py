"""Callers who are blocked, known by the digest of their number alone."""

from __future__ import annotations

import json
from datetime import datetime

from redis.asyncio import Redis

from hotline.clock import Clock
from queueing import keys
from queueing.scripts import redis_errors


class Screening:
    """Implements `hotline.ports.Screening`. Every method may raise QueueUnavailable."""

    def __init__(self, redis: Redis, *, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock

    async def block(self, caller_digest: str, *, reason: str, until: datetime | None) -> None:
        """Block the caller until `until`, or until `unblock`; a later block replaces this one."""
        entry = {"reason": reason, "until": until.isoformat() if until else None}
        with redis_errors():
            await self._redis.hset(keys.BLOCKED, caller_digest, json.dumps(entry))

    async def unblock(self, caller_digest: str) -> None:
        """Let the caller through again; nothing happens when there was no block."""
        with redis_errors():
            await self._redis.hdel(keys.BLOCKED, caller_digest)

    async def is_blocked(self, caller_digest: str) -> bool:
        """Whether the caller is blocked now."""
        with redis_errors():
            text = await self._redis.hget(keys.BLOCKED, caller_digest)
        if text is None:
            return False
        until = json.loads(text)["until"]
        return until is None or self._clock.now() < datetime.fromisoformat(until)
