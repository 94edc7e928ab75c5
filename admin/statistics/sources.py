"""Figures from the database, on two ways that must agree: from the journal, from the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.statistics.figures import Cell, Figures, Measures, fold, from_contacts
from admin.statistics.trace import ContactFacts
from hotline.events import CounselorState, Reason, Result
from hotline.journal.history import histories
from hotline.journal.tables import ContactRow, CounselorIntervalRow

CHUNK = 1000


def from_journal(
    session: Session,
    measures: Measures,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[Cell, Figures]:
    """Recompute the figures of contacts that arrived in ``since <= at < until`` from events."""
    return fold(histories(session, since, until), measures)


def from_tables(
    session: Session,
    measures: Measures,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[Cell, Figures]:
    """Return the same from what the scribe folded as events came."""
    return from_contacts(contact_facts(session, since, until), measures)


def contact_facts(
    session: Session, since: datetime | None = None, until: datetime | None = None
) -> Iterator[ContactFacts]:
    """Yield the facts of each contact that arrived in ``since <= at < until``."""
    wanted = select(ContactRow).where(ContactRow.arrived_at.is_not(None))
    if since is not None:
        wanted = wanted.where(ContactRow.arrived_at >= since)
    if until is not None:
        wanted = wanted.where(ContactRow.arrived_at < until)
    rows = session.scalars(wanted.order_by(ContactRow.id).execution_options(yield_per=CHUNK))
    for part in rows.partitions():
        wrapped = _wrap_up(session, [row.id for row in part])
        for row in part:
            yield _facts(row, wrapped.get(row.id, 0.0))


def _wrap_up(session: Session, contacts: list[str]) -> dict[str, float]:
    """Return the seconds of finished wrap-up after each of `contacts`."""
    finished = select(CounselorIntervalRow).where(
        CounselorIntervalRow.contact.in_(contacts),
        CounselorIntervalRow.state == CounselorState.WRAP_UP.value,
        CounselorIntervalRow.ended_at.is_not(None),
    )
    seconds: dict[str, float] = {}
    for row in session.scalars(finished.order_by(CounselorIntervalRow.started_at)):
        if row.contact is not None and row.ended_at is not None:
            spent = (row.ended_at - row.started_at).total_seconds()
            seconds[row.contact] = seconds.get(row.contact, 0.0) + spent
    return seconds


def _facts(row: ContactRow, wrap_up: float) -> ContactFacts:
    return ContactFacts(
        id=row.id,
        node=row.node,
        arrived_at=row.arrived_at,
        queued_at=row.queued_first_at,
        promised_at=row.promised_at,
        reached_at=row.reached_at,
        given_up=row.reason == Reason.NOT_REACHED,
        answered_at=row.talk_first_at,
        forwarded_at=row.forwarded_first_at,
        ended_at=row.ended_at,
        result=None if row.result is None else Result(row.result),
        talk=row.talk_seconds,
        hold=row.hold_seconds,
        wrap_up=wrap_up,
    )
