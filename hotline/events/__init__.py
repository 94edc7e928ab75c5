"""What happened, in the past tense: the vocabulary of the journal.

Every event has an `id` (what makes folding exactly-once), a `subject` (the contact, counselor,
caller, line or process it is about), a sequence number `seq` that grows by one per subject,
and `at` (aware UTC). A contact's events are written by the gateway that owns it; a counselor's
by the Lua script that changed the state, in the same step.

No event carries a telephone number in the clear: only a `SealedNumber`.

How an event travels and is stored stands in `wire.py`.
"""

from __future__ import annotations

from hotline.events.caller import (
    BlockConfirmed,
    CallerBlocked,
    CallerEvent,
    CallerUnblocked,
    CarePlanChanged,
    SealedNumber,
    caller_subject,
)
from hotline.events.contact import (
    CallAnswered,
    CallerLeft,
    CareLimitReached,
    ConsentGiven,
    ConsentRefused,
    ContactAnswered,
    ContactEvent,
    ContactFailed,
    ContactHeld,
    ContactOffered,
    ContactQueued,
    ContactRefused,
    ContactResumed,
    ContactRevived,
    CounselorLeft,
    CounselorLost,
    InviteReceived,
    MenuFinished,
    OfferDeclined,
    OfferFailed,
    OfferMissed,
    OfferWithdrawn,
    PlaceKept,
    Priority,
    RecordingFailed,
    RecordingStarted,
    RecordingStopped,
)
from hotline.events.counselor import (
    CounselorMissedOffers,
    CounselorState,
    CounselorStateChanged,
    WrapUpExtended,
)
from hotline.events.ending import Reason, Result, Termination
from hotline.events.event import Event, Sink
from hotline.events.platform import (
    OCCURRENCES,
    AlarmCleared,
    AlarmKind,
    AlarmRaised,
    LineNoticeChanged,
    ProcessStarted,
    RoutingPlanChanged,
)

__all__ = [
    "OCCURRENCES",
    "AlarmCleared",
    "AlarmKind",
    "AlarmRaised",
    "BlockConfirmed",
    "CallAnswered",
    "CallerBlocked",
    "CallerEvent",
    "CallerLeft",
    "CallerUnblocked",
    "CareLimitReached",
    "CarePlanChanged",
    "ConsentGiven",
    "ConsentRefused",
    "ContactAnswered",
    "ContactEvent",
    "ContactFailed",
    "ContactHeld",
    "ContactOffered",
    "ContactQueued",
    "ContactRefused",
    "ContactResumed",
    "ContactRevived",
    "CounselorLeft",
    "CounselorLost",
    "CounselorMissedOffers",
    "CounselorState",
    "CounselorStateChanged",
    "Event",
    "InviteReceived",
    "LineNoticeChanged",
    "MenuFinished",
    "OfferDeclined",
    "OfferFailed",
    "OfferMissed",
    "OfferWithdrawn",
    "PlaceKept",
    "Priority",
    "ProcessStarted",
    "Reason",
    "RecordingFailed",
    "RecordingStarted",
    "RecordingStopped",
    "Result",
    "RoutingPlanChanged",
    "SealedNumber",
    "Sink",
    "Termination",
    "WrapUpExtended",
    "caller_subject",
]
