"""The caller, of whom the journal knows a sealed number and no more.

The subject of a caller's events is `caller_subject` of the number's digest; `caller` is the whole
digest, by which the caller's contacts are found. `by` is who decided: ``operator:<name>``, or
``system`` for what ended by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hotline.events.event import Event


@dataclass(frozen=True, slots=True)
class SealedNumber:
    """A telephone number that only the holder of the keys can read.

    `cipher`: AES-256-GCM, nonce first, base64url. `digest`: HMAC-SHA-256 of the normalised
    number, hex: equal for equal callers, so that repeat callers are known without the number.
    """

    cipher: str
    digest: str


def caller_subject(digest: str) -> str:
    """Return the subject of the events about the caller with this digest.

    Half of the digest: enough that no two callers share it, and short enough for the journal.
    """
    return f"caller:{digest[:32]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerEvent(Event):
    """`subject` is a caller."""

    caller: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerBlocked(CallerEvent):
    """Calls of this caller are turned away until `until`, but for the danger key. Somebody must
    look at it again at `review`."""

    reason: str
    until: datetime
    review: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockConfirmed(CallerEvent):
    """Somebody looked at the block again, and it goes on until `until`."""

    reason: str
    until: datetime
    review: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerUnblocked(CallerEvent):
    """The block is over. `reason`: why, or ``expired``."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarePlanChanged(CallerEvent):
    """From here on the caller is served by this plan (`queueing.care`); `plan` is its JSON, empty
    when there is none any more."""

    plan: str
