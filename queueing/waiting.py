"""The line of those who wait."""

from __future__ import annotations

from datetime import datetime

from pydantic import TypeAdapter
from redis.asyncio import Redis

from hotline.clock import Clock
from hotline.ids import ContactId
from hotline.ports import KeptPlace, Waiting
from queueing import keys
from queueing.limits import Limits
from queueing.routing.order import score_of
from queueing.scripts import Scripts

_WAITING = TypeAdapter(Waiting)
_INSTANT = TypeAdapter(datetime)


def waiting_from_json(text: str | bytes) -> Waiting:
    """Return what a contact asks for, as it is stored; raises pydantic.ValidationError."""
    return _WAITING.validate_json(text)


def waiting_to_json(waiting: Waiting) -> str:
    """Return what a contact asks for, as it is stored."""
    return _WAITING.dump_json(waiting).decode()


def instant_to_json(at: datetime) -> str:
    """Return `at` as it stands in that JSON."""
    return _INSTANT.dump_json(at).decode()


class Line:
    """Implements `hotline.ports.Queue` but for `place` (`queueing.pace`).

    Every method may raise QueueUnavailable.
    """

    def __init__(self, redis: Redis, *, scripts: Scripts, clock: Clock, limits: Limits) -> None:
        self._redis = redis
        self._scripts = scripts
        self._clock = clock
        self._limits = limits

    async def enqueue(self, waiting: Waiting, *, rings: bool = False) -> KeptPlace | None:
        """Put the contact in line, or change what it asks for (see `Queue.enqueue`).

        Renews its gateway's lease too. A contact that is being offered meanwhile stays so.
        """
        arrived = keys.milliseconds(waiting.arrived_at)
        lease = keys.milliseconds(self._clock.now()) + round(self._limits.gateway_lease * 1000)
        kept: list[str] = await self._scripts.run(
            "enqueue",
            waiting.contact,
            waiting.gateway,
            score_of(waiting),
            waiting_to_json(waiting),
            self._limits.wrap_up_ms,
            self._limits.after_wrap_up,
            lease,
            waiting.caller_digest,
            arrived,
            instant_to_json(waiting.arrived_at),
            waiting.asked_for or "",
            int(rings),
        )
        return KeptPlace(_INSTANT.validate_json(kept[0]), kept[1]) if kept else None

    async def leave(self, contact: ContactId, *, fault: bool = False, served: bool = False) -> None:
        """Take the contact out, whatever its state (see `Queue.leave`)."""
        limits = self._limits
        because, kept_for = "hung_up", limits.place_after_hang_up_ms
        if fault:
            because, kept_for = "fault", limits.place_after_fault_ms
        elif served:
            because, kept_for = "elsewhere", 0
        await self._scripts.run(
            "leave", contact, limits.wrap_up_ms, limits.after_wrap_up, because, kept_for
        )
