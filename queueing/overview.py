"""The whole queue in one look, and the few figures by which a picture of it is checked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from redis.asyncio import Redis

from hotline.events import CounselorState
from hotline.ids import ContactId, CounselorId
from hotline.ports import Waiting
from queueing import keys
from queueing.routing.skills import CounselorProfile, profile_from_json
from queueing.routing.standing import Standing
from queueing.scripts import Scripts, redis_errors
from queueing.waiting import waiting_from_json

log = logging.getLogger(__name__)

ROWS_PER_BREATH = 200
"""How many rows are read in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InLine:
    """One who waits. `score` is the place in line, `sticky` the counselor who is asked first,
    `tried` who was asked in vain, `opened` what was open at the last offer (`routing.opened`);
    `waiting` is None where this version cannot read what the contact asks for."""

    contact: ContactId
    score: int
    sticky: CounselorId | None
    waiting: Waiting | None
    tried: tuple[CounselorId, ...] = ()
    opened: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """One counselor; `standing` is None where this version cannot read it."""

    counselor: CounselorId
    state: str
    standing: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everybody, as of the change numbered `last`. `plan`: its TOML; None: none was ever put.

    `line` is in order. `unheard`: see `Pulse`.
    """

    generation: str
    last: str
    plan: str | None
    unheard: int
    line: tuple[InLine, ...]
    present: tuple[Present, ...]

    @property
    def waiting(self) -> list[tuple[Waiting, CounselorId | None]]:
        """What those ask for who wait and can be read, each with the counselor asked first."""
        return [(one.waiting, one.sticky) for one in self.line if one.waiting is not None]

    @property
    def counselors(self) -> list[Standing]:
        """Those who can be read."""
        return [one.standing for one in self.present if one.standing is not None]


@dataclass(frozen=True, slots=True)
class Pulse:
    """What must agree with a picture that has seen the change numbered `last`.

    `unheard`: how many gateways have not said what they do since Redis started: until they have,
    somebody who is free here may be talking.
    """

    generation: str
    last: str
    waiting: int
    ready: int
    counselors: int
    unheard: int = 0


class Overview:
    """Every method may raise QueueUnavailable."""

    def __init__(self, redis: Redis, *, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def snapshot(self) -> Snapshot:
        """Return everybody, as of one instant."""
        generation, last, plan, unheard, line, present = await self._scripts.run("snapshot")
        return Snapshot(
            generation=generation,
            last=last,
            plan=plan,
            unheard=unheard,
            line=tuple([_in_line(row) async for row in _in_breaths(line)]),
            present=tuple([_present(row) async for row in _in_breaths(present)]),
        )

    async def pulse(self) -> Pulse:
        """Return what a picture must agree with."""
        return Pulse(*await self._scripts.run("pulse"))

    async def plan_text(self) -> str | None:
        """Return the routing plan that was put last, as TOML; None: none was ever put."""
        with redis_errors():
            text = await self._redis.hget(keys.PLAN, "text")
        return None if text is None else str(text)


def tried_from_text(text: str) -> tuple[CounselorId, ...]:
    """Return who was asked in vain for a contact, longest ago first, as Redis keeps it."""
    return tuple(map(CounselorId, text.split()))


def standing(
    profile: CounselorProfile, *, state: str, idle: str, busy: str, available: str, counted: str
) -> Standing:
    """Return a counselor's standing from the texts in which Redis keeps it."""
    return Standing(
        profile=profile,
        state=CounselorState(state),
        idle_since=int(idle),
        busy=int(busy),
        available=int(available),
        counted=int(counted),
    )


async def _in_breaths(text: str) -> AsyncIterator[str]:
    """Yield each line; others run now and then, for ten thousand take longer than a call waits."""
    for n, row in enumerate(text.split("\n") if text else ()):
        yield row
        if n % ROWS_PER_BREATH == ROWS_PER_BREATH - 1:
            await asyncio.sleep(0)


def _in_line(row: str) -> InLine:
    contact, score, sticky, tried, opened, asks = row.split("\t")
    try:
        waiting = waiting_from_json(asks)
    except ValueError as error:  # its text would show what stands there
        log.error("snapshot: contact %s cannot be read: %s", contact[:8], type(error).__name__)
        waiting = None
    return InLine(
        contact=ContactId(contact),
        score=int(score or 0),
        sticky=CounselorId(sticky) if sticky else None,
        waiting=waiting,
        tried=tried_from_text(tried),
        opened=opened,
    )


def _present(row: str) -> Present:
    counselor, state, idle, busy, available, counted, profile = row.split("\t")
    read = None
    try:
        read = standing(
            profile_from_json(profile),
            state=state,
            idle=idle,
            busy=busy,
            available=available,
            counted=counted,
        )
    except ValueError as error:
        log.error("snapshot: counselor %s cannot be read: %s", counselor, type(error).__name__)
    return Present(counselor=CounselorId(counselor), state=state, standing=read)
