"""A partner's seats without Redis, as `tests/integration/test_contract_partners.py` wants them."""

from __future__ import annotations

from collections import defaultdict

from hotline.errors import QueueUnavailable
from hotline.ids import ContactId, GatewayId


class FakePartners:
    """Implements `hotline.overflow.PartnerSeats`."""

    def __init__(self) -> None:
        self.away = False
        self.seats: dict[str, set[ContactId]] = defaultdict(set)

    async def take_seat(
        self, partner: str, contact: ContactId, _gateway: GatewayId, *, most: int
    ) -> bool:
        self._here()
        seats = self.seats[partner]
        if contact not in seats and len(seats) >= most:
            return False
        seats.add(contact)
        return True

    async def leave_seat(self, partner: str, contact: ContactId) -> None:
        self._here()
        self.seats[partner].discard(contact)

    async def seats_taken(self, partner: str) -> int:
        self._here()
        return len(self.seats[partner])

    def _here(self) -> None:
        if self.away:
            raise QueueUnavailable("away")
