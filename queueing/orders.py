"""Orders about a contact, from anybody who may give them, to the gateway that owns it."""

from __future__ import annotations

import json

from hotline.errors import UnknownContact
from hotline.ports import EscalateContact
from queueing.scripts import Scripts

REMEMBERED_MS = 3_600_000
"""For how long the key of an order is known."""


class Orders:
    """May raise QueueUnavailable."""

    def __init__(self, *, scripts: Scripts) -> None:
        self._scripts = scripts

    async def give(self, order: EscalateContact, *, key: str) -> bool:
        """Put `order` into the owner's inbox; False: an order with this `key` was given before.

        What comes of it the journal tells. Raises UnknownContact when no contact of that id waits
        or talks.
        """
        message = {
            "kind": "escalate",
            "contact": order.contact,
            "by": order.by,
            "reason": order.reason,
        }
        answer: str = await self._scripts.run(
            "order", order.contact, json.dumps(message), key, REMEMBERED_MS
        )
        if answer == "unknown":
            raise UnknownContact(f"no contact {order.contact} waits or talks")
        return answer == "sent"
