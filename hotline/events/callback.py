"""What happens to a callback: a contact that is called instead of waiting on the line.

They are written by the scripts that make them happen, for between two attempts no process owns the
contact; only `CallbackReached` comes from the gateway, which bridges without waiting for the queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hotline.events.contact import ContactEvent
from hotline.events.ending import Reason, Termination
from hotline.ids import CounselorId, LegId, OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPromised(ContactEvent):
    """The caller hangs up and keeps the place; we call before `until` or give up.

    `choice`: ``soon`` (as soon as it is the contact's turn) or ``window`` (not before it opens).
    """

    choice: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDialled(ContactEvent):
    """The counselor is on the line, and the caller's phone may ring from here on: this is the
    fence, written before the INVITE. `attempt` counts from 1."""

    offer: OfferId
    counselor: CounselorId
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReached(ContactEvent):
    """The caller confirmed by key: counselor and caller hear each other. `leg` is the caller's."""

    offer: OfferId
    counselor: CounselorId
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFailed(ContactEvent):
    """The attempt came to nothing; the promise stands, unless another event says that it ended.

    `reason`: of the caller's leg, or ``not_confirmed`` when somebody answered and pressed nothing.
    """

    offer: OfferId
    counselor: CounselorId
    attempt: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackGivenUp(ContactEvent):
    """The plan's attempts, or the caller's windows, are used up. A supervisor is told."""

    attempts: int
    termination: Termination


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackWithdrawn(ContactEvent):
    """Nobody is called any more. `by`: ``caller`` (who called again, and has the place now) or
    ``operator:<name>``."""

    by: str
    termination: Termination
