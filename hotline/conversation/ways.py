"""Where a caller can go besides our own counselors: to partners' lines, and to leave a message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hotline.events import SealedNumber
from hotline.overflow import Overflow, PartnerSeats
from hotline.ports import Recorder
from hotline.voicemail import Voicemail


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What this site has; nothing, unless it says so.

    `recorder`: None where nothing is recorded, nor any message. `identity_of` returns a caller's
    number as a partner is told it (P-Asserted-Identity), empty without one. `room` says whether a
    partner may ring: never with the last legs, which our own counselors' phones need. `seats`
    counts the callers of partners who take only so many; None: nobody does.
    """

    overflow: tuple[Overflow, ...] = ()
    voicemail: Voicemail = field(default_factory=Voicemail)
    recorder: Recorder | None = None
    identity_of: Callable[[SealedNumber], str] = lambda _: ""
    room: Callable[[], bool] = lambda: True
    seats: PartnerSeats | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.overflow) or self.takes_messages

    @property
    def takes_messages(self) -> bool:
        return self.voicemail.enabled and self.recorder is not None
