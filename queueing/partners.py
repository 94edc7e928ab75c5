"""How many of our callers a partner has at once: counted for all gateways together."""

from __future__ import annotations

from redis.asyncio import Redis

from hotline.ids import ContactId, GatewayId
from queueing import keys
from queueing.scripts import Scripts, redis_errors


class Partners:
    """Implements `hotline.overflow.PartnerSeats`. Every method may raise QueueUnavailable."""

    def __init__(self, redis: Redis, *, scripts: Scripts) -> None:
        self._seats_in = redis
        self._scripts = scripts

    async def take_seat(
        self, partner: str, contact: ContactId, gateway: GatewayId, *, most: int
    ) -> bool:
        """Return whether `contact`, which `gateway` carries, has one of `most` seats there now."""
        taken, _ = await self._scripts.run("seat_partner", partner, contact, gateway, most)
        return bool(taken)

    async def leave_seat(self, partner: str, contact: ContactId) -> None:
        """Give the seat back, if there is one."""
        with redis_errors():
            await self._seats_in.hdel(keys.PARTNER + partner, contact)

    async def seats_taken(self, partner: str) -> int:
        """Return how many callers the partner has, or is being called for."""
        _, count = await self._scripts.run("seat_partner", partner, "", "", 0)
        return int(count)
