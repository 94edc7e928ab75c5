"""The journal in the database: what a projection is, reading it back, folding it again.

Two ways lead from events to figures and must agree: the scribe folds each event as it comes, and
`histories` are folded again from the beginning. They agree because both fold a contact's events as
`burial.settled` orders them: where one comes out of that order, the scribe takes back what it had
folded of the contact, and folds all of it anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import chain, groupby
from operator import attrgetter
from typing import Protocol

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hotline.events import (
    ContactEvent,
    ContactRevived,
    CounselorStateChanged,
    Event,
    InviteReceived,
    Reason,
)
from hotline.journal.burial import Ending, is_burial, settled
from hotline.journal.rows import hold
from hotline.journal.tables import ContactRow, JournalRow
from hotline.wire import EVENT_TYPES, decode

CHUNK = 1000
CONTACT_EVENTS = [name for name, kind in EVENT_TYPES.items() if issubclass(kind, ContactEvent)]


class Projection(Protocol):
    """Tables that are folded from events."""

    name: str
    """Names it among the rejects."""

    def fold(self, session: Session, event: Event) -> None:
        """Write what `event` changes; ignore types that mean nothing here.

        Called once per event, per contact as `settled` orders them, and again only for what was
        taken back by `forget`. It bears a history with holes (then some of its fields stay empty),
        and raises only on a fault of its own.
        """
        ...

    def forget(self, session: Session, contacts: Collection[str]) -> None:
        """Take back what the own events of `contacts` made of them, to fold those again.

        A row that others write to as well keeps what they wrote, and stays where it is.
        """
        ...

    def clear(self, session: Session) -> None:
        """Delete everything that was folded."""
        ...


def read(
    session: Session, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Event]:
    """Yield the events with ``since <= at < until``, in the order in which they were journalled."""
    wanted = select(JournalRow)
    if since is not None:
        wanted = wanted.where(JournalRow.at >= since)
    if until is not None:
        wanted = wanted.where(JournalRow.at < until)
    yield from _events(session, wanted.order_by(JournalRow.position))


def histories(
    session: Session, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Event]:
    """Yield all events, whenever they were, of the contacts that *arrived* in ``since <= at <
    until``, and all counselor states from `since` on: what figures of that time are folded from.

    Each contact's events come as `settled` orders them.
    """
    arrived = select(JournalRow.subject).where(JournalRow.type == InviteReceived.__name__)
    counselors = JournalRow.type == CounselorStateChanged.__name__
    if since is not None:
        arrived = arrived.where(JournalRow.at >= since)
        counselors &= JournalRow.at >= since
    if until is not None:
        arrived = arrived.where(JournalRow.at < until)
    yield from _settled(session, select(JournalRow).where(JournalRow.subject.in_(arrived)))
    # A counselor's numbers begin again when Redis is lost, their dates when a clock is set back.
    states = select(JournalRow).where(counselors)
    yield from _events(session, states.order_by(JournalRow.subject, JournalRow.position))


def unsettled(session: Session, events: Sequence[Event]) -> set[str]:
    """Return the contacts of which one of `events` may change what was folded before it: a burial
    stands that it may prove wrong, or it is a burial itself and the contact had ended.

    Each contact's `events` are in order; those that are not are known to be late. One query,
    whatever their number.
    """
    contacts = {event.subject for event in events if isinstance(event, ContactEvent)}
    standing, ended, buried = set[str](), set[str](), set[str]()
    with session.no_autoflush:  # what is pending is no contact
        rows = session.scalars(select(ContactRow).where(ContactRow.id.in_(contacts))).all()
    for row in rows:
        hold(session, (ContactRow, row.id), row)  # the projection will ask for it
        if row.ended_at is not None:
            (standing if row.reason == Reason.GATEWAY_LOST.value else ended).add(row.id)
    found = set[str]()
    for event in events:
        contact = event.subject
        if contact in standing:
            found.add(contact)
        elif is_burial(event):
            if contact in ended or contact in buried:
                found.add(contact)
            buried.add(contact)
        elif contact in buried:
            if isinstance(event, ContactRevived):  # the next that the owner said: both count
                buried.remove(contact)
            else:
                found.add(contact)
        elif isinstance(event, Ending):
            ended.add(contact)
    return found


def histories_of(session: Session, contacts: Collection[str]) -> list[Event]:
    """Return all events of `contacts`, one contact after the other, as `settled` orders them."""
    return list(_settled(session, select(JournalRow).where(JournalRow.subject.in_(contacts))))


def rebuild(session: Session, projections: Sequence[Projection]) -> int:
    """Drop what was folded and fold the whole journal again; return the number of events folded.

    No command calls it: what comes out of order is healed by the scribe at once. It is for
    tests, which say by it what the tables must be, and for whoever mends a database by hand.
    Contacts are folded as `settled`, all else as it was journalled.
    """
    for projection in projections:
        projection.clear(session)
    count = 0
    of_contacts = JournalRow.type.in_(CONTACT_EVENTS)
    others = select(JournalRow).where(~of_contacts).order_by(JournalRow.position)
    contacts = _settled(session, select(JournalRow).where(of_contacts))
    for event in chain(contacts, _events(session, others)):
        for projection in projections:
            projection.fold(session, event)
        count += 1
        if count % CHUNK == 0:
            session.flush()
    return count


def _settled(session: Session, contacts: Select[JournalRow]) -> Iterator[Event]:
    """Yield the events of `contacts`, one contact after the other, as they count."""
    events = _events(session, contacts.order_by(JournalRow.subject))
    for _, history in groupby(events, key=attrgetter("subject")):
        yield from settled(history)


def _events(session: Session, rows: Select[JournalRow]) -> Iterator[Event]:
    # Not kept in the session: a year of events would stay in memory.
    for row in session.scalars(rows.execution_options(yield_per=CHUNK)):
        session.expunge(row)
        yield decode(
            {
                "id": row.id,
                "type": row.type,
                "subject": row.subject,
                "seq": str(row.seq),
                "at": row.at.isoformat(),
                "data": json.dumps(row.data),
            }
        )
