"""Folds the journal to the facts of each contact that figures need: pure, without the database.

It is written apart from the scribe's projection on purpose: two folds that agree check each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hotline import events as e
from hotline.contact import ContactState
from hotline.events import Event, Result
from hotline.journal.burial import Ending


@dataclass(slots=True, kw_only=True)
class ContactFacts:
    """What figures need of one contact. `talk` is without hold; all durations in seconds."""

    id: str
    node: str | None = None
    arrived_at: datetime | None = None
    queued_at: datetime | None = None
    promised_at: datetime | None = None
    reached_at: datetime | None = None
    given_up: bool = False
    answered_at: datetime | None = None
    forwarded_at: datetime | None = None
    ended_at: datetime | None = None
    result: Result | None = None
    talk: float = 0.0
    hold: float = 0.0
    wrap_up: float = 0.0


def trace(events: Iterable[Event]) -> list[ContactFacts]:
    """Fold `events` to one `ContactFacts` per contact.

    Needs each contact's events as `burial.settled` orders them, and each counselor's as
    they were journalled; how
    subjects mix does not matter.
    """
    tracer = _Tracer()
    for event in events:
        tracer.take(event)
    return tracer.facts()


class _Tracer:
    """Folds events one at a time, without the database: the check on what the scribe folded."""

    def __init__(self) -> None:
        self._contacts: dict[str, ContactFacts] = {}
        self._talking: dict[str, datetime] = {}
        self._holding: dict[str, dict[str, datetime]] = {}
        self._conversed: dict[str, float] = {}
        self._wrapping: dict[str, tuple[str, datetime]] = {}
        self._wrapped: dict[str, float] = {}

    def facts(self) -> list[ContactFacts]:
        for contact, facts in self._contacts.items():
            facts.wrap_up = self._wrapped.get(contact, 0.0)
            facts.talk = self._conversed.get(contact, 0.0) - facts.hold
        return list(self._contacts.values())

    def take(self, event: Event) -> None:
        if isinstance(event, e.CounselorStateChanged):
            self._wrap_up(event)
        elif isinstance(event, e.ContactEvent):
            facts = self._contacts.setdefault(event.subject, ContactFacts(id=event.subject))
            self._take_contact(facts, event)

    def _wrap_up(self, event: e.CounselorStateChanged) -> None:
        if begun := self._wrapping.pop(event.subject, None):
            contact, since = begun
            seconds = max(0.0, (event.at - since).total_seconds())  # over a clock set back: none
            self._wrapped[contact] = self._wrapped.get(contact, 0.0) + seconds
        if event.state is e.CounselorState.WRAP_UP and event.contact is not None:
            self._wrapping[event.subject] = event.contact, event.at

    def _take_contact(self, facts: ContactFacts, event: Event) -> None:
        if isinstance(event, e.ContactRevived):
            self._revive(facts, event)
        if facts.ended_at is not None:
            return  # the first ending counts, and nothing after it
        _take_elsewhere(facts, event)
        match event:
            case e.InviteReceived():
                facts.arrived_at, facts.node = event.at, facts.node or event.node
            case e.ContactQueued():
                facts.queued_at, facts.node = facts.queued_at or event.at, event.node
            case e.ContactAnswered() | e.CallbackReached():
                self._end_talk(facts, event.at)  # if one goes on, how it ended never came
                facts.answered_at = facts.answered_at or event.at
                self._talking[facts.id] = event.at
            case e.ContactHeld() | e.ContactResumed() | e.CounselorParted():
                self._hold(facts, event)
            case e.CounselorLost() | e.CallbackFailed():
                self._end_talk(facts, event.at)
            case _ if isinstance(event, Ending):
                self._end_talk(facts, event.at)
                facts.given_up = isinstance(event, e.CallbackGivenUp)
                facts.ended_at, facts.result = event.at, event.termination.result
            case _:
                pass

    def _revive(self, facts: ContactFacts, event: e.ContactRevived) -> None:
        """It was buried and lives after all: that ending does not count."""
        facts.ended_at = facts.result = None
        if event.state == ContactState.TALKING and facts.id not in self._talking:
            facts.answered_at = facts.answered_at or event.at
            self._talking[facts.id] = event.at

    def _hold(
        self, facts: ContactFacts, event: e.ContactHeld | e.ContactResumed | e.CounselorParted
    ) -> None:
        """Hold lasts from the first leg's hold to the last leg's resumption, or parting."""
        if facts.id not in self._talking:
            return
        held = self._holding.setdefault(facts.id, {})
        if isinstance(event, e.ContactHeld):
            held.setdefault(event.leg, min(held.values(), default=event.at))
        elif (since := held.pop(event.leg, None)) and not held:
            facts.hold += (event.at - since).total_seconds()

    def _end_talk(self, facts: ContactFacts, at: datetime) -> None:
        began = self._talking.pop(facts.id, None)
        held = self._holding.pop(facts.id, {})
        if began is None:
            return
        spoken = (at - began).total_seconds()
        self._conversed[facts.id] = self._conversed.get(facts.id, 0.0) + spoken
        if held:
            facts.hold += (at - min(held.values())).total_seconds()


def _take_elsewhere(facts: ContactFacts, event: Event) -> None:
    """Note the first time at which somebody else, or somebody later, was to serve the caller."""
    match event:
        case e.ContactForwarded():
            facts.forwarded_at = facts.forwarded_at or event.at
        case e.CallbackPromised():
            facts.promised_at = facts.promised_at or event.at
        case e.CallbackReached():
            facts.reached_at = facts.reached_at or event.at
