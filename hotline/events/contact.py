"""What happens to a contact: one caller's one visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.events.caller import SealedNumber
from hotline.events.ending import Reason, Termination
from hotline.events.event import Event
from hotline.ids import ContactId, CounselorId, GatewayId, LegId, NodeId, OfferId, RecordingId


class Priority(StrEnum):
    """Who goes first. A crisis is served before all others, then by age."""

    CRISIS = "crisis"
    HIGH_RISK = "high_risk"
    CALLBACK = "callback"
    NORMAL = "normal"


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
    """The contact waits (the first time: it was 'offered' to the service in queue statistics).

    `skills` are required; of those who hold them, who has more of `preferred` is asked first.
    """

    priority: Priority
    topic: str
    language: str
    skills: tuple[str, ...]
    node: NodeId
    preferred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceKept(ContactEvent):
    """The caller was here before and has the place of that visit: in line since `since`.

    `because`: ``fault`` (we cut the caller off), ``hung_up``, or ``callback`` (one was promised).
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
class EscalationRequested(ContactEvent):
    """`counselor`, who talks, shall get a professional beside them; the conversation goes on.

    `request` is its id in line (`ids.request_id`), `by` who asked: ``counselor``, or
    ``operator:<name>`` with a `reason`. The offers of it are events of this contact, by their
    numbers.
    """

    request: ContactId
    counselor: CounselorId
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationWithdrawn(ContactEvent):
    """Nobody is asked any more, and nobody came. `by`: ``counselor``, ``system`` (the conversation
    is over, or the counselor's leg is), or who gave the order."""

    request: ContactId
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CounselorJoined(ContactEvent):
    """A second counselor picked up: after a word in private, all three hear each other."""

    request: ContactId
    offer: OfferId
    counselor: CounselorId
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CounselorParted(ContactEvent):
    """One of two counselors is out of the conversation; `stays` goes on with the caller."""

    counselor: CounselorId
    leg: LegId
    stays: CounselorId
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpRequested(ContactEvent):
    """A counselor in conversation asks the supervisors on duty for help."""

    counselor: CounselorId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactHeld(ContactEvent):
    """One side put the other on hold (``sendonly`` or ``inactive`` by re-INVITE)."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactResumed(ContactEvent):
    """The hold is over."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CareLimitReached(ContactEvent):
    """The conversation has lasted `seconds`, all that the caller's care plan allows; it goes on."""

    counselor: CounselorId
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted(ContactEvent):
    """Both tracks are being written. Paths are relative to the recording folder. Of a message
    there is the caller's track alone: the other one is empty."""

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
class PartnerDialled(ContactEvent):
    """A partner's line is asked to take the contact, for the `attempt`-th time (from 1); the
    contact keeps its place. `because`: ``waiting`` or ``unstaffed``."""

    partner: str
    attempt: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFailed(ContactEvent):
    """It came to nothing: declined, no answer, unreachable; or withdrawn, since somebody of ours
    answered first. The contact has kept its place. `status`: what SIP said."""

    partner: str
    reason: Reason
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactForwarded(ContactEvent):
    """The partner answered: caller and partner hear each other; the contact is out of line."""

    partner: str
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerLost(ContactEvent):
    """The partner's leg died under the conversation; the caller goes back to the original place."""

    partner: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerLeft(ContactEvent):
    """The partner ended the conversation."""

    partner: str
    termination: Termination


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStarted(ContactEvent):
    """Nobody was there, and the caller chose to leave a message: from here on it is written down.
    The contact is out of line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft(ContactEvent):
    """The message is complete, and the contact over: somebody has to call back. `recording` is of
    the caller alone; `seconds`: how long it is."""

    recording: RecordingId
    seconds: float
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
class ContactRevived(ContactEvent):
    """The contact had been given up with its gateway (ContactFailed), which was only silent for
    longer than its lease: it lives, and is in `state` (a `contact.ContactState`); in talking with
    `counselor`. What the gateway did since it was given up counts from here."""

    state: str
    counselor: CounselorId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFailed(ContactEvent):
    """A fault of ours ended the contact."""

    termination: Termination
