"""The contact machine: one caller's one visit, from INVITE to its one ending.

    ringing --CallAnswered--> greeted --ContactQueued--> queued <---------------.
       |                         |                        |  ^ missed, declined, |
       |                         |          ContactOffered|  | failed, withdrawn |
       v                         v                        v  |                   |
    abandoned <---CallerLeft-----+---------------------- offered                 |
                                                          | ContactAnswered      |
    completed <---CallerLeft, CounselorLeft------------ talking --CounselorLost--'
                                                         ^  |
                        EscalationRequested, the offers  |  |
                        of it, CounselorJoined, -Parted  '--'

    queued --ContactForwarded--> forwarded --CallerLeft, PartnerLeft--> completed
                                     '--PartnerLost--> queued
    greeted, queued --MessageStarted--> message --MessageLeft--> message_left
                                           '--ContactQueued (danger key)--> queued

A partner's line may ring while the contact waits or is offered; it changes nothing until it is
answered.

A caller who is called back instead of waiting:

    queued --CallbackPromised--> promised --ContactOffered--> returning    a counselor's phone rings
                                  ^    ^                         |
                                  |    '-- missed, declined, ... | CallbackDialled
                                  |                              v
    lapsed <--CallbackGivenUp-----'------ CallbackFailed ----- dialled --CallbackReached--> talking

A promised contact belongs to no gateway until a counselor is claimed for it.

``refused`` and ``failed`` can be reached from every living state where they make sense. The six
endings accept no event at all: a contact ends once. Whoever feeds the machine drops what comes
after the end (`Contact.ended`) or after the promise (`Contact.lives`).

Others may journal a contact's ContactFailed, when its gateway is taken for dead. Here, where it
lives, nothing has ended: ContactRevived says so to the journal, and changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from hotline import events as e
from hotline.errors import IllegalTransition
from hotline.ids import ContactId, new_event_id

log = logging.getLogger(__name__)

E = TypeVar("E", bound=e.Event)


class ContactState(StrEnum):
    """Where a contact is on its way."""

    RINGING = "ringing"
    GREETED = "greeted"
    QUEUED = "queued"
    OFFERED = "offered"
    PROMISED = "promised"
    """The caller has hung up and will be called."""
    RETURNING = "returning"
    """A counselor's phone rings for a callback."""
    DIALLED = "dialled"
    """The caller is being called; the counselor listens."""
    TALKING = "talking"
    FORWARDED = "forwarded"
    MESSAGE = "message"
    COMPLETED = "completed"
    MESSAGE_LEFT = "message_left"
    ABANDONED = "abandoned"
    REFUSED = "refused"
    FAILED = "failed"
    LAPSED = "lapsed"


S = ContactState
ENDINGS = frozenset({S.COMPLETED, S.MESSAGE_LEFT, S.ABANDONED, S.REFUSED, S.FAILED, S.LAPSED})

_ENDS_UNSERVED: Mapping[type[e.Event], ContactState] = {
    e.CallerLeft: S.ABANDONED,
    e.ContactRefused: S.REFUSED,
    e.ContactFailed: S.FAILED,
}

_ENDS_PROMISE: Mapping[type[e.Event], ContactState] = {
    e.CallbackGivenUp: S.LAPSED,
    e.CallbackWithdrawn: S.LAPSED,
    e.ContactFailed: S.FAILED,
}

_SECOND_COUNSELOR: Mapping[type[e.Event], ContactState] = {
    e.EscalationRequested: S.TALKING,
    e.EscalationWithdrawn: S.TALKING,
    e.ContactOffered: S.TALKING,
    e.OfferMissed: S.TALKING,
    e.OfferDeclined: S.TALKING,
    e.OfferFailed: S.TALKING,
    e.OfferWithdrawn: S.TALKING,
    e.CounselorJoined: S.TALKING,
    e.CounselorParted: S.TALKING,
    e.HelpRequested: S.TALKING,
}
"""A second counselor is asked for, comes and goes: the conversation goes on meanwhile."""

TRANSITIONS: Mapping[ContactState | None, Mapping[type[e.Event], ContactState]] = {
    None: {e.InviteReceived: S.RINGING},
    S.RINGING: {e.CallAnswered: S.GREETED, e.ContactRevived: S.RINGING, **_ENDS_UNSERVED},
    S.GREETED: {
        e.ContactRevived: S.GREETED,
        e.ConsentGiven: S.GREETED,
        e.ConsentRefused: S.GREETED,
        e.MenuFinished: S.GREETED,
        e.ContactQueued: S.QUEUED,
        e.MessageStarted: S.MESSAGE,  # the line is closed
        **_ENDS_UNSERVED,
    },
    S.QUEUED: {
        e.ContactRevived: S.QUEUED,
        e.ConsentRefused: S.QUEUED,
        e.ContactOffered: S.OFFERED,
        e.ContactQueued: S.QUEUED,  # asked for something else while waiting
        e.PlaceKept: S.QUEUED,
        e.PartnerDialled: S.QUEUED,
        e.PartnerFailed: S.QUEUED,
        e.ContactForwarded: S.FORWARDED,
        e.MessageStarted: S.MESSAGE,
        e.CallbackPromised: S.PROMISED,
        **_ENDS_UNSERVED,
    },
    S.OFFERED: {
        e.ContactRevived: S.OFFERED,
        e.ConsentRefused: S.OFFERED,
        e.ContactAnswered: S.TALKING,
        e.ContactQueued: S.OFFERED,  # asked for something else while a phone rings
        e.PlaceKept: S.OFFERED,  # the news of it came after the offer
        e.OfferMissed: S.QUEUED,
        e.OfferDeclined: S.QUEUED,
        e.OfferFailed: S.QUEUED,
        e.OfferWithdrawn: S.QUEUED,
        e.PartnerFailed: S.OFFERED,  # it was dialled before the offer
        **_ENDS_UNSERVED,
    },
    S.PROMISED: {
        e.ContactOffered: S.RETURNING,
        e.ContactRevived: S.PROMISED,
        e.ContactQueued: S.QUEUED,  # in danger after all, or the promise was never heard
        # Said by whoever found the gateway dead that had just claimed the contact, or whose
        # answer from the queue was lost.
        e.OfferWithdrawn: S.PROMISED,
        e.CallbackFailed: S.PROMISED,
        **_ENDS_PROMISE,
    },
    S.RETURNING: {
        e.ContactRevived: S.RETURNING,
        e.CallbackDialled: S.DIALLED,
        e.OfferMissed: S.PROMISED,
        e.OfferDeclined: S.PROMISED,
        e.OfferFailed: S.PROMISED,
        e.OfferWithdrawn: S.PROMISED,
        **_ENDS_PROMISE,
    },
    S.DIALLED: {
        e.ContactRevived: S.DIALLED,
        e.CallbackReached: S.TALKING,
        e.CallbackFailed: S.PROMISED,
        **_ENDS_PROMISE,
    },
    S.TALKING: {
        e.ContactRevived: S.TALKING,
        e.RecordingStarted: S.TALKING,
        e.RecordingStopped: S.TALKING,
        e.RecordingFailed: S.TALKING,
        e.ContactHeld: S.TALKING,
        e.ContactResumed: S.TALKING,
        e.CareLimitReached: S.TALKING,
        # Said by whoever found the gateway dead that called back: the promise stands.
        e.CallbackFailed: S.PROMISED,
        **_SECOND_COUNSELOR,
        e.CounselorLost: S.QUEUED,
        e.CounselorLeft: S.COMPLETED,
        e.CallerLeft: S.COMPLETED,
        e.ContactFailed: S.FAILED,
    },
    S.FORWARDED: {
        e.ContactRevived: S.FORWARDED,
        e.RecordingStarted: S.FORWARDED,
        e.RecordingStopped: S.FORWARDED,
        e.RecordingFailed: S.FORWARDED,
        e.PartnerLost: S.QUEUED,
        e.PartnerLeft: S.COMPLETED,
        e.CallerLeft: S.COMPLETED,
        e.ContactFailed: S.FAILED,
    },
    S.MESSAGE: {
        e.ContactRevived: S.MESSAGE,
        e.RecordingStarted: S.MESSAGE,
        e.RecordingStopped: S.MESSAGE,
        e.RecordingFailed: S.MESSAGE,
        e.ContactQueued: S.QUEUED,  # the danger key, or the message could not be written down
        e.MessageLeft: S.MESSAGE_LEFT,
        e.CallerLeft: S.ABANDONED,  # without a word
        e.ContactFailed: S.FAILED,
    },
    S.COMPLETED: {},
    S.MESSAGE_LEFT: {},
    S.ABANDONED: {},
    S.REFUSED: {},
    S.FAILED: {},
    S.LAPSED: {},
}
"""Every transition there is. `None` is a contact that does not exist yet."""


def after(state: ContactState | None, event: e.Event, subject: str) -> ContactState:
    """Return the state that follows `event`; raise IllegalTransition where there is none."""
    try:
        return TRANSITIONS[state][type(event)]
    except KeyError:
        raise IllegalTransition(subject, state or "nothing", type(event).__name__) from None


class Contact:
    """One contact's state and the next sequence number; writes each event it accepts.

    `journal` receives every accepted event in order. One that was promised a callback begins here
    where it stopped elsewhere: in `state`, after the event number `seq`. Nothing here knows the
    time: `at` is given.
    """

    def __init__(
        self,
        contact_id: ContactId,
        *,
        journal: e.Sink,
        state: ContactState | None = None,
        seq: int = 0,
    ) -> None:
        self.id = contact_id
        self.state = state
        self.seq = seq
        """Of the last event that was accepted."""
        self._journal = journal

    @property
    def ended(self) -> bool:
        return self.state in ENDINGS

    @property
    def lives(self) -> bool:
        """Its gateway has something to do for it: it has not ended, nor gone with a promise."""
        return not self.ended and self.state is not S.PROMISED

    def record(self, kind: type[E], *, at: datetime, **facts: Any) -> E:
        """Make the event `kind` happen now, journal it and return it.

        Raises IllegalTransition, and then nothing has changed and nothing was journalled.
        """
        event = self._happened(kind, at=at, **facts)
        self._journal.append(event)
        return event

    def was_told(self, kind: type[E], *, at: datetime, **facts: Any) -> E:
        """Make an event happen here that the queue's script has journalled already."""
        return self._happened(kind, at=at, **facts)

    def _happened(self, kind: type[E], *, at: datetime, **facts: Any) -> E:
        event = kind(id=new_event_id(), subject=self.id, seq=self.seq + 1, at=at, **facts)
        self._move(event)
        self.seq += 1
        return event

    def reserve(self, kind: type[E], *, at: datetime, **facts: Any) -> E:
        """Take the next number for `kind`, which changes nothing here, and journal nothing yet: the
        queue's script may journal another event in its place, with its number and id."""
        self.seq += 1
        return kind(id=new_event_id(), subject=self.id, seq=self.seq, at=at, **facts)

    def fill(self, reserved: e.Event) -> None:
        """Journal what was reserved: nobody else did, or, whoever has, the journal takes one."""
        self._journal.append(reserved)

    def gave_way(
        self, reserved: e.Event, kind: type[e.Event], *, at: datetime, **facts: Any
    ) -> None:
        """The queue's script has journalled `kind` in the place of what was reserved."""
        self._move(kind(id=reserved.id, subject=self.id, seq=reserved.seq, at=at, **facts))

    def revive(self, seq: int, *, at: datetime, **facts: Any) -> None:
        """Take back the ContactFailed that others journalled with number `seq`."""
        self.seq = max(self.seq, seq)
        self.record(e.ContactRevived, at=at, **facts)

    def _move(self, event: e.Event) -> None:
        state = after(self.state, event, f"contact {self.id[:8]}")
        log.info(
            "contact %s: %s -[%s]-> %s",
            self.id[:8],
            self.state or "nothing",
            type(event).__name__,
            state,
        )
        self.state = state
