"""Callbacks: callers who keep their place and are called instead of waiting on the line.

    waits --promise--> in line, nobody's --offer--> a gateway's --dial--> fenced --reached--> a talk
                         ^        |                     |                    |
              opens      |        | closes              | release            | release: failed
                         |        v                     v                    v
                        outside of the line <-----------'--------------------'--> given up

Between two attempts no process owns a promise: it stands in Redis alone. `expire.lua` puts it in
line and takes it out again as its openings begin and end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import TypeAdapter
from redis.asyncio import Redis

from hotline.events import Reason
from hotline.ids import ContactId, EventId, GatewayId
from hotline.ports import CHOSEN_THERE, Offer, Promise, Released
from hotline.waiting import Waiting
from queueing import keys
from queueing.limits import Limits
from queueing.routing.order import waiting_score
from queueing.scripts import Scripts, redis_errors

_PROMISE = TypeAdapter(Promise)
_WAITING = TypeAdapter(Waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A promise as it stands. `state`: ``outside``, ``queued``, ``offered`` or ``talking`` (being
    dialled); `looks_at`: when it comes into line, or leaves it, by time alone."""

    contact: ContactId
    promise: Promise
    attempts: int
    state: str
    looks_at: datetime | None


class Withdrawal(StrEnum):
    """What became of a promise that an operator took back."""

    WITHDRAWN = "withdrawn"
    """Nobody is dialled for it any more."""
    DIALLED = "dialled"
    """A gateway was allowed to dial before: the phone may ring this moment. The gateway is told to
    stop, and it is over when the promise is gone."""
    UNKNOWN = "unknown"
    """There is none for this contact."""


class Callbacks:
    """Implements `hotline.ports.Callbacks`. Every method may raise QueueUnavailable."""

    def __init__(self, redis: Redis, *, scripts: Scripts, limits: Limits) -> None:
        self._redis = redis
        self._scripts = scripts
        self._limits = limits

    async def promise(
        self,
        contact: ContactId,
        promise: Promise,
        *,
        gateway: GatewayId,
        seq: int,
        event: EventId = CHOSEN_THERE,
    ) -> bool:
        """See `hotline.ports.Callbacks.promise`."""
        waiting = promise.waiting
        openings = [
            [keys.milliseconds(o.opens), keys.milliseconds(o.closes)] for o in promise.openings
        ]
        return bool(
            await self._scripts.run(
                "promise",
                contact,
                gateway,
                seq,
                _PROMISE.dump_json(promise).decode(),
                _WAITING.dump_json(waiting).decode(),
                waiting_score(waiting.priority, keys.milliseconds(waiting.arrived_at)),
                json.dumps(openings),
                promise.choice,
                promise.openings[-1].closes.isoformat(),
                waiting.asked_for or "",
                self._limits.callback_attempts,
                round(self._limits.callback_retry * 1000),
                event,
            )
        )

    async def dial(self, offer: Offer, *, seq: int) -> int:
        """See `hotline.ports.Callbacks.dial`."""
        return int(
            await self._scripts.run("dial_back", offer.contact, offer.counselor, offer.id, seq)
        )

    async def reached(self, offer: Offer) -> None:
        """See `hotline.ports.Callbacks.reached`."""
        await self._scripts.run("reach_back", offer.contact, offer.counselor, offer.id)

    async def release(
        self,
        offer: Offer,
        *,
        gateway: GatewayId,
        seq: int,
        reason: Reason,
        journalled: bool = True,
    ) -> Released:
        """See `hotline.ports.Callbacks.release`."""
        about = (offer.contact, gateway, offer.id, seq, reason, int(journalled))
        return Released(await self._scripts.run("release_back", *about))

    async def withdraw_callback(self, contact: ContactId, *, by: str) -> Withdrawal:
        """Take a promise back: from here on nobody is allowed to dial for it."""
        return Withdrawal(await self._scripts.run("withdraw_back", contact, by))

    async def promised(self) -> list[Standing]:
        """Return every promise that stands, the oldest caller first."""
        with redis_errors():
            contacts = [str(one) for one in await self._redis.hvals(keys.PROMISED)]
            async with self._redis.pipeline(transaction=False) as asked:
                for contact in contacts:
                    asked.hmget(keys.PROMISE + contact, ["record", "attempts"])
                    asked.hget(keys.CONTACT + contact, "state")
                    asked.zscore(keys.LOOKS, contact)
                rows = await asked.execute()
        found = [
            Standing(
                contact=ContactId(contact),
                promise=_PROMISE.validate_json(record),
                attempts=int(attempts),
                state=state or "outside",
                looks_at=None if at is None else datetime.fromtimestamp(at / 1000, UTC),
            )
            for contact, (record, attempts), state, at in zip(
                contacts, rows[::3], rows[1::3], rows[2::3], strict=True
            )
            if record is not None
        ]
        return sorted(found, key=lambda one: one.promise.waiting.arrived_at)
