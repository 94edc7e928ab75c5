"""The Lua scripts: loaded from `lua/`, each run in one step with the time and fresh randomness.

Redis errors become QueueUnavailable here and in `redis_errors`, nowhere else.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any
from uuid import uuid4

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError, ResponseError

from hotline.clock import Clock
from hotline.errors import QueueUnavailable
from queueing.keys import SCRIPT_KEYS, milliseconds
from queueing.presence import lua_table

log = logging.getLogger(__name__)

NAMES = (
    "accept", "change_state", "dial_back", "enqueue", "expire", "extend_wrap_up", "finish",
    "give_back", "hand_over", "heartbeat", "leave", "offer", "order", "promise", "pulse",
    "put_counselor", "put_plan", "put_record", "reach_back", "release_back", "remove_counselor",
    "restate", "seat_partner", "snapshot", "withdraw_back",
)  # fmt: skip
"""One script each, and one method of the store each."""

SHARED = ("counselor", "talk", "line", "gateways", "promise", "tail")
"""The parts that scripts share, each after those that it needs itself."""

REPLY_WITHIN = 3.0
"""Seconds after which an unanswered command counts as Redis being away."""

MOST_CONNECTIONS = 64
"""Per client; whoever finds them all busy waits for one, so that a burst is not an absence. Few are
in use: an answer takes a millisecond or two. When a full machine makes that a hundred, eight of
them would be too few for twenty calls a second, and every caller would wait behind them."""


def connect(url: str, *, reply_within: float | None = REPLY_WITHIN, retries: int = 1) -> Redis:
    """Return a client that connects when first used and again after every loss.

    One immediate retry only: a connection that a restart of Redis left dead is replaced unseen,
    while an absence is told at once. Every script may be run twice without harm. With `retries` 0
    every loss is told.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        timeout=REPLY_WITHIN,
        decode_responses=True,
        socket_timeout=reply_within,
        socket_connect_timeout=REPLY_WITHIN,
        retry=Retry(NoBackoff(), retries),
    )
    return Redis.from_pool(pool)


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn whatever Redis or its socket says into QueueUnavailable."""
    try:
        yield
    except (RedisError, OSError) as error:
        if isinstance(error, ResponseError):  # it is there and refuses: full disk, or our fault
            log.error("Redis refused: %s", error)
        raise QueueUnavailable(f"{type(error).__name__}: {error}") from error


class Scripts:
    """Runs the scripts on one Redis."""

    def __init__(self, redis: Redis, *, clock: Clock) -> None:
        self._clock = clock
        self._scripts: dict[str, AsyncScript] = {
            name: redis.register_script(whole_text(name)) for name in NAMES
        }

    async def run(self, name: str, *args: str | int) -> Any:
        """Run `name` now with its own arguments; raises QueueUnavailable."""
        now = self._clock.now()
        head = (milliseconds(now), now.isoformat(), uuid4().hex)
        with redis_errors():
            return await self._scripts[name](keys=SCRIPT_KEYS, args=(*head, *args))


def whole_text(name: str) -> str:
    """Return a script as Redis gets it: the prelude, what it shares with others, and itself."""
    needed = shared_by(name)
    shared = [_text(f"shared/{part}") for part in SHARED if part in needed]
    table = f"local TRANSITIONS = {lua_table()}"
    return "\n".join([table, _text("prelude"), *shared, _text(name)])


def shared_by(name: str) -> set[str]:
    """Return the parts of ``lua/shared/`` that a script, or another part, needs: as its line SHARED
    says, and what those need in turn."""
    [line] = re.findall(r"(?m)^-- SHARED +(.*)$", _text(name))
    named = set() if line == "nothing" else set(line.split(", "))
    return named.union(*(shared_by(f"shared/{part}") for part in named))


def _text(name: str) -> str:
    return (files("queueing") / "lua" / f"{name}.lua").read_text(encoding="utf-8")
