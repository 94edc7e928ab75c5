"""What the plays of the property test stand on: one Redis, two gateways, a clock moved by hand."""

from __future__ import annotations

import asyncio
from collections import Counter

import redis

from hotline.clock import ManualClock
from queueing.limits import Limits
from tests.queue_scene import NOON
from tests.queue_state import Look
from tests.stepped_gateway import SteppedGateway

LIMITS = Limits(
    wrap_up=20,
    wrap_up_extension=15,
    wrap_up_most=50,
    offer_lease=30,
    misses_in_a_row=2,
    callback_attempts=2,
    callback_retry=30,
)


class Stage:
    """What one play after the other uses: connections are dear to make."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.redis = redis.Redis.from_url(url, decode_responses=True)
        self.copy = redis.Redis.from_url(url[:-1] + "1", decode_responses=True)
        self.look = Look(self.redis)
        self.runner = asyncio.Runner()
        self.clock = ManualClock(NOON)
        self.gateways = [
            SteppedGateway(url, slot, clock=self.clock, limits=LIMITS)
            for slot in ("gateway-1", "gateway-2")
        ]

    @property
    def met(self) -> Counter[tuple[str, str]]:
        """How often each script gave each of its answers, in all plays."""
        total: Counter[tuple[str, str]] = Counter()
        for gateway in self.gateways:
            total += gateway.scripts.met + gateway.claiming.met
        return total

    def clear(self) -> None:
        """Forget the last play."""
        self.redis.flushall()
        self.clock.advance((NOON - self.clock.now()).total_seconds())
        for gateway in self.gateways:
            gateway.begin_life()

    def close(self) -> None:
        for gateway in self.gateways:
            self.runner.run(gateway.close())
        self.runner.close()
        self.redis.close()
        self.copy.close()
