"""What the gateway carries: a contact with its legs, on the line or being called back."""

from __future__ import annotations

from typing import Protocol

from hotline.call import LegEvent
from hotline.contact import Contact
from hotline.events import Reason
from hotline.ids import LegId, OfferId, RecordingId
from hotline.ports import Offer


class Visit(Protocol):
    """Implemented by `Conversation` and `CallingBack`; nothing here does harm when it is late."""

    @property
    def contact(self) -> Contact: ...

    @property
    def lives(self) -> bool:
        """The contact is this gateway's to carry."""
        ...

    @property
    def over(self) -> bool:
        """It is not, and the queue knows everything we had to say."""
        ...

    @property
    def legs(self) -> frozenset[LegId]: ...

    @property
    def waits(self) -> bool:
        """The contact is in line, or a phone rings for it, while its caller is on the line."""
        ...

    def requeue(self) -> None: ...

    def leg_event(self, event: LegEvent) -> None: ...

    def offer_made(self, offer: Offer) -> None: ...

    def offer_withdrawn(self, offer: OfferId) -> None: ...

    def recording_stopped(self, recording: RecordingId, detail: str) -> None: ...

    def fail(self, reason: Reason) -> None: ...

    def rescue(self) -> None: ...

    async def settled(self) -> None: ...
