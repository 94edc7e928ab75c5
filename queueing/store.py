"""The queue's whole state, in Redis: one object for all who ask.

Every change is one Lua script, run by exactly one method; whatever outlives a process lives
there. Time comes from the `Clock` alone, never from Redis.
"""

from __future__ import annotations

from redis.asyncio import Redis

from hotline.clock import Clock
from queueing.callbacks import Callbacks
from queueing.counselors import Counselors
from queueing.leases import Leases
from queueing.limits import Limits
from queueing.offers import Offers
from queueing.orders import Orders
from queueing.overview import Overview
from queueing.pace import Pace
from queueing.partners import Partners
from queueing.screening import Screening
from queueing.scripts import Scripts, connect
from queueing.waiting import Line
from queueing.wrapup import WrapUps


class QueueStore(
    Line,
    Offers,
    Callbacks,
    Orders,
    Counselors,
    Screening,
    WrapUps,
    Leases,
    Overview,
    Pace,
    Partners,
):
    """Implements the ports Queue, Offers, Callbacks, Counselors and Screening, and what
    this package needs.

    Every method may raise QueueUnavailable, and works again when Redis is back.
    """

    def __init__(self, redis: Redis, *, clock: Clock, limits: Limits) -> None:
        scripts = Scripts(redis, clock=clock)
        Line.__init__(self, redis, scripts=scripts, clock=clock, limits=limits)
        Offers.__init__(self, scripts=scripts, clock=clock, limits=limits)
        Callbacks.__init__(self, redis, scripts=scripts, limits=limits)
        Orders.__init__(self, scripts=scripts)
        Counselors.__init__(self, redis, scripts=scripts)
        Screening.__init__(self, redis, scripts=scripts, clock=clock)
        WrapUps.__init__(self, scripts=scripts, limits=limits)
        Leases.__init__(self, scripts=scripts, limits=limits)
        Overview.__init__(self, redis, scripts=scripts)
        Pace.__init__(self, redis, clock=clock, counselors=self.counselors)
        Partners.__init__(self, redis, scripts=scripts)

    @classmethod
    def open(cls, url: str, *, clock: Clock, limits: Limits) -> QueueStore:
        """Return a store that connects to `url` when it is first used."""
        return cls(connect(url), clock=clock, limits=limits)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
