"""What happens to a counselor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hotline.events.event import Event
from hotline.ids import ContactId


class CounselorState(StrEnum):
    """What a counselor can do now (domain: ready / offered / talking / wrap-up / ...)."""

    OFFLINE = "offline"
    READY = "ready"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class CounselorStateChanged(Event):
    """A counselor's state changed; `by` is ``counselor``, ``system`` or a supervisor's extension.

    `contact` is set in offered, talking and wrap-up.
    """

    previous: CounselorState
    state: CounselorState
    reason: str
    by: str
    contact: ContactId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CounselorMissedOffers(Event):
    """A supervisor must know: so many offers in a row rang at this phone in vain."""

    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpExtended(Event):
    """A wrap-up may take longer: `seconds` in all, from when it began."""

    seconds: float
    by: str
