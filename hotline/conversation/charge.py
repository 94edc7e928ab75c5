"""What is in a gateway's charge: a contact with its legs, on the line or being called back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hotline.call import LegEvent
from hotline.contact import Contact
from hotline.events import Reason
from hotline.ids import ContactId, LegId, OfferId, RecordingId
from hotline.ports import Carried, EscalateContact, Offer


class Charge(Protocol):
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
    def caller_leg(self) -> LegId | None:
        """The leg without which there is nothing to live for; None while there need not be any."""
        ...

    @property
    def has_third(self) -> bool:
        """A second counselor is asked for, or there."""
        ...

    @property
    def waits(self) -> bool:
        """The contact is in line, or a phone rings for it, while its caller is on the line."""
        ...

    @property
    def carried(self) -> Mapping[ContactId, Carried]:
        """What the heartbeat says."""
        ...

    def tell_again(self, which: ContactId) -> None: ...

    def revive(self, seq: int) -> None: ...

    def leg_event(self, event: LegEvent) -> None: ...

    def offer_made(self, offer: Offer) -> None: ...

    def offer_withdrawn(self, offer: OfferId) -> None: ...

    def ordered(self, order: EscalateContact) -> None: ...

    def nobody_staffed(self, nobody: bool) -> None: ...

    def recording_stopped(self, recording: RecordingId, detail: str) -> None: ...

    def fail(self, reason: Reason) -> None: ...

    def rescue(self, event: LegEvent | None = None, /) -> None: ...

    async def settled(self) -> None: ...
