"""The journal in the database: what a projection is, reading it back, folding it again.

Two ways lead from events to figures and must agree: the scribe folds each event once as it comes,
and `rebuild` folds all of them again from the beginning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hotline.events import CounselorStateChanged, Event, InviteReceived
from hotline.journal.tables import JournalRow
from hotline.wire import decode

CHUNK = 1000


class Projection(Protocol):
    """Tables that are folded from events."""

    name: str
    """Names it among the rejects."""

    def fold(self, session: Session, event: Event) -> None:
        """Write what `event` changes; ignore types that mean nothing here.

        Called once per event, per subject in the order of events. It bears a history with holes
        (then some of its fields stay empty), and raises only on a fault of its own.
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

    Each subject's events come in the order of its sequence numbers.
    """
    arrived = select(JournalRow.subject).where(JournalRow.type == InviteReceived.__name__)
    counselors = JournalRow.type == CounselorStateChanged.__name__
    if since is not None:
        arrived = arrived.where(JournalRow.at >= since)
        counselors &= JournalRow.at >= since
    if until is not None:
        arrived = arrived.where(JournalRow.at < until)
    contacts = select(JournalRow).where(JournalRow.subject.in_(arrived))
    yield from _events(session, contacts.order_by(JournalRow.subject, JournalRow.seq))
    # A counselor's numbers begin again when Redis is lost: only the time orders all of them.
    states = select(JournalRow).where(counselors)
    yield from _events(session, states.order_by(JournalRow.subject, JournalRow.at, JournalRow.seq))


def rebuild(session: Session, projections: Sequence[Projection]) -> int:
    """Drop what was folded and fold the whole journal again; return the number of events.

    Ordered by subject and sequence, which also heals what was folded out of order.
    """
    for projection in projections:
        projection.clear(session)
    count = 0
    everything = select(JournalRow).order_by(JournalRow.subject, JournalRow.seq, JournalRow.at)
    for event in _events(session, everything):
        for projection in projections:
            projection.fold(session, event)
        count += 1
        if count % CHUNK == 0:
            session.flush()
    return count


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
