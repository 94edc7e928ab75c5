"""An offer of a waiting contact to a counselor, and what its gateway knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.contact import ContactState
from hotline.ids import ContactId, CounselorId, OfferId
from hotline.promise import Callback


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One attempt to give one waiting contact to one ready counselor.

    `plan`, `step` and `sticky` say why this one (see `events.ContactOffered`). `callback`: the
    caller is not on the line, and to be called once the counselor is.
    """

    id: OfferId
    contact: ContactId
    counselor: CounselorId
    expires_at: datetime
    plan: str = ""
    step: int = 0
    sticky: bool = False
    callback: Callback | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What one living contact does, as the gateway that carries it knows: the truth about a call.

    `seq` is of its last event; `offer` the one under which it is `OFFERED` or `TALKING`.
    """

    seq: int
    state: ContactState | None = None
    offer: Offer | None = None


class OfferOutcome(StrEnum):
    """Why an offer came to nothing."""

    MISSED = "missed"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"


class Restated(StrEnum):
    """What became of telling the queue again what is so."""

    KNOWN = "known"
    """It said so already."""
    MENDED = "mended"
    """It says so from now on."""
    REFUSED = "refused"
    """A newer offer holds one of the two; or a phone rings whose counselor is not ready."""
