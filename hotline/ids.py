"""Identifiers, each a type of its own: a SIP Call-ID is never a ContactId."""

from __future__ import annotations

from typing import NewType
from uuid import uuid4

ContactId = NewType("ContactId", str)
"""One caller's one visit; 32 hex digits."""
LegId = NewType("LegId", str)
"""One SIP dialog of a contact; 32 hex digits, ours, not the Call-ID."""
OfferId = NewType("OfferId", str)
"""One attempt to give one contact to one counselor: the offer's number, in decimal."""
CounselorId = NewType("CounselorId", str)
"""A counselor's extension, 3 to 8 digits, such as ``1001``: what their phone registers as."""
EventId = NewType("EventId", str)
"""One journal event; 32 hex digits. What makes folding exactly-once possible."""
GatewayId = NewType("GatewayId", str)
"""One life of one gateway process: ``<slot>.<random>`` or ``<slot>.<seat>.<random>``, so that a
restart is a new owner. Of those who are equal but for the last part only the latest is alive."""
RecordingId = NewType("RecordingId", str)
"""One stretch of one conversation on two tracks; 32 hex digits."""
NodeId = NewType("NodeId", str)
"""A node of the tiers city - district - street - community, as a path: ``city/east/riverside``."""


def new_contact_id() -> ContactId:
    return ContactId(uuid4().hex)


def request_id(contact: ContactId, number: int) -> ContactId:
    """Return the id of the `number`-th request for a second counselor in `contact`'s conversation.

    A request stands in line like a contact; its id names the contact that it is for.
    """
    return ContactId(f"{contact}+{number}")


def requested_for(contact: ContactId) -> ContactId | None:
    """Return the contact that a request is for; None: `contact` is a contact itself."""
    name, plus, number = contact.rpartition("+")
    return ContactId(name) if name and plus and number.isdecimal() else None


def new_leg_id() -> LegId:
    return LegId(uuid4().hex)


def new_event_id() -> EventId:
    return EventId(uuid4().hex)


def new_recording_id() -> RecordingId:
    return RecordingId(uuid4().hex)


def new_gateway_id(slot: str, *, seat: str = "") -> GatewayId:
    """Return the id of a gateway life that begins now in `slot` (such as ``gateway-1``).

    `seat` says where no two can live at a time: hosts may have slots of the same name.
    """
    return GatewayId(".".join(part for part in (slot, seat, uuid4().hex[:8]) if part))
