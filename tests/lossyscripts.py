"""Scripts that are counted, whose replies get lost, and that are held up on their way."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from hotline.clock import Clock
from hotline.errors import QueueUnavailable
from queueing import keys
from queueing.scripts import Scripts, redis_errors
from tests.queue_answers import answers_of


class LossyScripts(Scripts):
    """Scripts whose replies get lost when a test says so, once each time.

    `lose` ``again``: the connection broke after the script ran, and the client sends the very same
    call once more. ``told``: the caller hears QueueUnavailable, though it ran. ``never``: the
    caller hears it, and it did not run.
    """

    def __init__(self, redis: Redis, *, clock: Clock) -> None:
        super().__init__(redis, clock=clock)
        self._at = clock
        self.lose = ""
        self.ran: Counter[str] = Counter()
        """How often each script was asked for."""
        self.met: Counter[tuple[str, str]] = Counter()
        """How often each script gave each of its answers, heard or not."""

    async def run(self, name: str, *args: str | int) -> Any:
        self.ran[name] += 1
        lose, self.lose = self.lose, ""
        if lose == "never":
            raise QueueUnavailable("the question was lost")
        if lose == "again":
            now = self._at.now()
            head = (keys.milliseconds(now), now.isoformat(), f"seed {datetime.now(UTC)}")
            with redis_errors():
                for _ in range(2):
                    answer = await self._scripts[name](keys=keys.SCRIPT_KEYS, args=(*head, *args))
                    self._meet(name, answer)
            return answer
        answer = await super().run(name, *args)
        self._meet(name, answer)
        if lose == "told":
            raise QueueUnavailable("the reply was lost")
        return answer

    def _meet(self, name: str, answer: Any) -> None:
        self.met.update((name, word) for word in answers_of(name, answer))


class HeldScripts(LossyScripts):
    """Scripts that wait when a test says so.

    `hold` ``asked``: each waits before Redis hears of it. ``answered``: it has run, and its reply
    waits. `let_go` lets all go that wait; `lose` counts for what happens then.
    """

    def __init__(self, redis: Redis, *, clock: Clock) -> None:
        super().__init__(redis, clock=clock)
        self.hold = ""
        self.waiting = 0
        """How many wait now."""
        self._go = asyncio.Event()
        self._connection = 0

    async def run(self, name: str, *args: str | int) -> Any:
        hold, connection = self.hold, self._connection
        if hold == "asked":
            await self._wait(connection)
        try:
            return await super().run(name, *args)
        finally:
            if hold == "answered":
                await self._wait(connection)

    def disconnect(self) -> None:
        """Whatever waits now is not asked, or not heard: Redis is another."""
        self._connection += 1

    def let_go(self) -> None:
        """Let go what waits, and hold nothing more."""
        self.hold = ""
        self._go.set()
        self._go = asyncio.Event()

    async def _wait(self, connection: int) -> None:
        self.waiting += 1
        try:
            await self._go.wait()
        finally:
            self.waiting -= 1
        if connection != self._connection:
            raise QueueUnavailable("the connection is another")
