"""Scripts that are counted, and whose replies get lost."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from hotline.clock import Clock
from hotline.errors import QueueUnavailable
from queueing import keys
from queueing.scripts import Scripts, redis_errors


class LossyScripts(Scripts):
    """Scripts whose replies get lost when a test says so, once each time.

    `lose` ``again``: the connection broke after the script ran, and the client sends the very same
    call once more. ``told``: the caller hears QueueUnavailable, though it ran.
    """

    def __init__(self, redis: Redis, *, clock: Clock) -> None:
        super().__init__(redis, clock=clock)
        self._at = clock
        self.lose = ""
        self.ran: Counter[str] = Counter()
        """How often each script was asked for."""

    async def run(self, name: str, *args: str | int) -> Any:
        self.ran[name] += 1
        lose, self.lose = self.lose, ""
        if lose == "again":
            now = self._at.now()
            head = (keys.milliseconds(now), now.isoformat(), f"seed {datetime.now(UTC)}")
            with redis_errors():
                for _ in range(2):
                    answer = await self._scripts[name](keys=keys.SCRIPT_KEYS, args=(*head, *args))
            return answer
        answer = await super().run(name, *args)
        if lose == "told":
            raise QueueUnavailable("the reply was lost")
        return answer
