"""The whole queue in one look, and the few figures by which a picture of it is checked."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from hotline.events import CounselorState
from hotline.ids import CounselorId
from hotline.ports import Waiting
from queueing import keys
from queueing.routing.skills import CounselorProfile
from queueing.routing.standing import Standing
from queueing.scripts import Scripts, redis_errors

log = logging.getLogger(__name__)

ROWS_PER_BREATH = 200
"""How many rows are read in one go."""

_WAITING = TypeAdapter(Waiting)
_PROFILE = TypeAdapter(CounselorProfile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everybody, as of the change numbered `last`. `plan`: its TOML; None: none was ever put.

    `waiting` is in order; with each goes the counselor who last took that caller.
    """

    generation: str
    last: str
    plan: str | None
    waiting: tuple[tuple[Waiting, CounselorId | None], ...]
    counselors: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """What must agree with a picture that has seen the change numbered `last`."""

    generation: str
    last: str
    waiting: int
    ready: int
    counselors: int


class Overview:
    """Every method may raise QueueUnavailable."""

    def __init__(self, redis: Redis, *, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def snapshot(self) -> Snapshot:
        """Return everybody, as of one instant. What cannot be read is logged and left out."""
        text: str = await self._scripts.run("snapshot")
        raw: dict[str, Any] = json.loads(text)
        waiting = [_waiting(row) async for row in _in_breaths(raw["waiting"])]
        counselors = [_standing(row) async for row in _in_breaths(raw["counselors"])]
        return Snapshot(
            generation=raw["generation"],
            last=raw["last"],
            plan=raw["plan"],
            waiting=tuple(row for row in waiting if row is not None),
            counselors=tuple(row for row in counselors if row is not None),
        )

    async def pulse(self) -> Pulse:
        """Return what a picture must agree with."""
        return Pulse(*await self._scripts.run("pulse"))

    async def plan_text(self) -> str | None:
        """Return the routing plan that was put last, as TOML; None: none was ever put."""
        with redis_errors():
            text = await self._redis.hget(keys.PLAN, "text")
        return None if text is None else str(text)


def standing(profile: CounselorProfile, *, state: str, idle: str, busy: str, on: str) -> Standing:
    """Return a counselor's standing from the texts in which Redis keeps it."""
    return Standing(
        profile=profile,
        state=CounselorState(state),
        idle_since=int(idle),
        busy=int(busy),
        signed_on=int(on),
    )


async def _in_breaths(rows: list[Any]) -> AsyncIterator[Any]:
    """Yield each row; others run now and then, for ten thousand take longer than a call waits."""
    for n, row in enumerate(rows):
        yield row
        if n % ROWS_PER_BREATH == ROWS_PER_BREATH - 1:
            await asyncio.sleep(0)


def _waiting(row: list[Any]) -> tuple[Waiting, CounselorId | None] | None:
    asks, sticky = row
    try:
        return _WAITING.validate_python(asks), CounselorId(sticky) if sticky else None
    except ValidationError as error:
        log.error("snapshot: a contact cannot be read: %s", error.errors(include_input=False))
        return None


def _standing(row: list[Any]) -> Standing | None:
    profile, state, idle, busy, on = row
    try:
        return standing(_PROFILE.validate_python(profile), state=state, idle=idle, busy=busy, on=on)
    except ValueError as error:
        log.error("snapshot: a counselor cannot be read: %s", type(error).__name__)
        return None
