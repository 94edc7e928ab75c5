"""What happened, in the past tense: the vocabulary of the journal.

Every event has an `id` (what makes folding exactly-once), a `subject` (the contact, or the
counselor, or the process it is about), a sequence number `seq` that grows by one per subject,
and `at` (aware UTC). A contact's events are written by the gateway that owns it; a counselor's
by the Lua script that changed the state, in the same step.

No event carries a telephone number in the clear: only a `SealedNumber`.

How an event travels and is stored stands in `wire.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from hotline.ids import (
    ContactId,
    CounselorId,
    EventId,
    GatewayId,
    LegId,
    NodeId,
    OfferId,
    RecordingId,
)


class Priority(StrEnum):
    """Who goes first. A crisis is served before all others, then by age."""

    CRISIS = "crisis"
    HIGH_RISK = "high_risk"
    CALLBACK = "callback"
    NORMAL = "normal"


class CounselorState(StrEnum):
    """What a counselor can do now (domain: ready / offered / talking / wrap-up / ...)."""

    OFFLINE = "offline"
    READY = "ready"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    NOT_READY = "not_ready"


class Result(StrEnum):
    """How a contact ended, as statistics count it."""

    COMPLETED = "completed"
    """A counselor spoke to the caller."""
    ABANDONED = "abandoned"
    """The caller left first."""
    REFUSED = "refused"
    """We did not serve the call: blocked, no codec, over capacity."""
    FAILED = "failed"
    """A fault of ours ended it."""


class Reason(StrEnum):
    """Why a leg or contact ended, chosen where the ending happened."""

    CALLER_HUNG_UP = "caller_hung_up"
    CALLER_CANCELLED = "caller_cancelled"
    COUNSELOR_HUNG_UP = "counselor_hung_up"
    RTP_SILENCE = "rtp_silence"
    SESSION_EXPIRED = "session_expired"
    NO_CODEC = "no_codec"
    OVER_CAPACITY = "over_capacity"
    BLOCKED = "blocked"
    MALFORMED = "malformed"
    SERVED = "served"
    """A call that asked for nothing more, such as a feature code, was served and ended by us."""
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    GATEWAY_LOST = "gateway_lost"
    SHUTDOWN = "shutdown"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Termination:
    """The one ending of a contact."""

    result: Result
    reason: Reason


@dataclass(frozen=True, slots=True)
class SealedNumber:
    """A telephone number that only the holder of the keys can read.

    `cipher`: AES-256-GCM, nonce first, base64url. `digest`: HMAC-SHA-256 of the normalised
    number, hex: equal for equal callers, so that repeat callers are known without the number.
    """

    cipher: str
    digest: str


class AlarmKind(StrEnum):
    """What an operator must look at."""

    DISK_FULL = "disk_full"
    """Recording gave way to the disk; calls go on."""
    SPOOL_FULL = "spool_full"
    """Events wait in memory: neither Redis nor the disk takes them."""
    RECORDING_FAILED = "recording_failed"
    REDIS_AWAY = "redis_away"
    STUCK_STATE_MENDED = "stuck_state_mended"
    PROMPT_MISSING = "prompt_missing"
    OVER_CAPACITY = "over_capacity"
    NOBODY_STAFFED = "nobody_staffed"
    """Somebody waits for whom nobody on duty can be asked, now or later."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The envelope that every event has."""

    id: EventId
    subject: str
    seq: int
    at: datetime

    ENVELOPE: ClassVar[frozenset[str]] = frozenset({"id", "subject", "seq", "at"})


# --- the contact -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEvent(Event):
    """`subject` is a contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteReceived(ContactEvent):
    """A caller's INVITE reached a gateway: the contact begins."""

    gateway: GatewayId
    trunk: str
    dnis: str
    caller: SealedNumber
    node: NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(ContactEvent):
    """We sent 200: the caller hears us."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(ContactEvent):
    """The notice was heard to its end, or passed over by a key, without a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRefused(ContactEvent):
    """The caller refused recording by key; the call goes on unrecorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuFinished(ContactEvent):
    """The menu is over. `outcome`: ``chosen`` or why it was cut short (``silence``,
    ``wrong_keys``, ``prompt_missing``, ``fault``): each leads to a human."""

    outcome: str
    topic: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactQueued(ContactEvent):
    """The contact waits (the first time: it was 'offered' to the service in queue statistics)."""

    priority: Priority
    topic: str
    language: str
    skills: tuple[str, ...]
    node: NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceKept(ContactEvent):
    """The caller was here before and has the place of that visit: in line since `since`.

    `because`: ``fault`` (we cut the caller off) or ``hung_up``.
    """

    since: datetime
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactOffered(ContactEvent):
    """One counselor's phone is asked to take the contact.

    `plan` is the version of the routing plan, `step` the step of the route (from 1) that the
    counselor fits, `sticky` whether it is the one who last took this caller: why this one.
    """

    offer: OfferId
    counselor: CounselorId
    plan: str = ""
    step: int = 0
    sticky: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMissed(ContactEvent):
    """The offer timed out; the contact is back in its place."""

    offer: OfferId
    counselor: CounselorId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(ContactEvent):
    """The counselor refused the offer (486, 603 or a command); the contact is back in its place."""

    offer: OfferId
    counselor: CounselorId
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFailed(ContactEvent):
    """The phone could not be reached; the contact is back in its place."""

    offer: OfferId
    counselor: CounselorId
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(ContactEvent):
    """The offer was taken back (lease lost, Redis restarted); the contact is back in its place."""

    offer: OfferId
    counselor: CounselorId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAnswered(ContactEvent):
    """Counselor and caller hear each other."""

    offer: OfferId
    counselor: CounselorId
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactHeld(ContactEvent):
    """One side put the other on hold (``sendonly`` or ``inactive`` by re-INVITE)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactResumed(ContactEvent):
    """The hold is over."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted(ContactEvent):
    """Both tracks are being written. Paths are relative to the recording folder."""

    recording: RecordingId
    caller_track: str
    counselor_track: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStopped(ContactEvent):
    """Both tracks are closed."""

    recording: RecordingId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFailed(ContactEvent):
    """Recording could not start or go on; the call did. `detail` names no number."""

    recording: RecordingId | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CounselorLost(ContactEvent):
    """The counselor's leg died under the conversation; the caller goes back to the queue."""

    counselor: CounselorId
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CounselorLeft(ContactEvent):
    """The counselor ended the conversation."""

    counselor: CounselorId
    termination: Termination


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLeft(ContactEvent):
    """The caller's leg ended: hang-up, CANCEL, RTP silence or an expired session."""

    termination: Termination


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRefused(ContactEvent):
    """We ended the contact without serving it."""

    termination: Termination


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFailed(ContactEvent):
    """A fault of ours ended the contact."""

    termination: Termination


# --- the counselor -----------------------------------------------------------


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


# --- the platform ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Event):
    """Something needs an operator. `subject` is the process that says so."""

    kind: AlarmKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared(Event):
    """The condition is over."""

    kind: AlarmKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPlanChanged(Event):
    """From here on contacts are routed by this plan. `subject` is ``plan``; `text` is its TOML."""

    version: str
    by: str
    text: str


class Sink(Protocol):
    """Takes events, in the order in which they happened."""

    def append(self, event: Event) -> None:
        """Accept `event` for good. Never blocks and never raises: the telephone goes on."""
        ...
