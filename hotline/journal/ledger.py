"""The database side of the scribe: one batch of stream entries in one transaction."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from hotline.clock import Clock
from hotline.database import unit_of_work
from hotline.events import ContactEvent, Event
from hotline.journal.history import Projection, histories_of, unsettled
from hotline.journal.rows import let_go
from hotline.journal.stream import Entry
from hotline.journal.tables import JournalRow, RejectRow, SubjectRow, WriterRow
from hotline.wire import decode

log = logging.getLogger(__name__)

WRITER = 1
"""The id of the one row of ``journal_writer``."""


class FenceLost(Exception):
    """Another scribe has taken over since; nothing was written."""


@dataclass(slots=True)
class Written:
    """What became of one batch."""

    new: list[Event] = field(default_factory=list)
    """Written by this very transaction."""
    decoded: list[Event] = field(default_factory=list)
    """The same, and those that were in the journal already."""
    gaps: int = 0
    """Numbers jumped over, less those that came late."""
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class _Item:
    entry: Entry
    event: Event


@dataclass(frozen=True, slots=True)
class _Reject:
    entry: Entry
    stage: str
    reason: str


class Ledger:
    """Writes batches, as the holder of the fence."""

    def __init__(self, engine: Engine, projections: Sequence[Projection], clock: Clock) -> None:
        self._engine = engine
        self._projections = projections
        self._clock = clock
        self._epoch = 0

    def take_over(self) -> None:
        """Become the one that may write; every other ledger's `write` raises FenceLost from now."""
        with unit_of_work(self._engine) as session:
            row = session.get(WriterRow, WRITER, with_for_update=True)
            if row is None:
                row = WriterRow(id=WRITER, epoch=0)
                session.add(row)
            row.epoch += 1
            self._epoch = row.epoch

    def write(self, entries: Iterable[Entry]) -> Written:
        """Journal and fold `entries`, all in one transaction; skip events that are there already.

        Raises FenceLost, or OperationalError when the database is away.
        """
        items, rejects = _decode(entries)
        try:
            return self._transact(items, rejects, careful=False)
        except (FenceLost, OperationalError, InterfaceError):
            raise
        except Exception as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            # One event that cannot be stored or folded must not hold up the others.
            log.warning("scribe: a batch failed (%s); one by one now", type(error).__name__)
            return self._transact(items, rejects, careful=True)

    def _transact(self, items: list[_Item], rejects: list[_Reject], *, careful: bool) -> Written:
        written = Written(decoded=[item.event for item in items])
        with unit_of_work(self._engine) as session:
            self._check_fence(session)
            fresh = _unknown(session, items)
            if careful:
                fresh, faults = _store_each(session, fresh)
                rejects = rejects + faults
            elif fresh:
                session.execute(insert(JournalRow), [_row(item) for item in fresh])
            written.new = [item.event for item in fresh]
            written.gaps, late = _follow(session, written.new)
            again = late | unsettled(session, written.new)
            if careful:
                rejects = rejects + self._fold_each(session, self._to_fold(session, fresh, again))
            else:
                for item in self._to_fold(session, fresh, again):
                    for projection in self._projections:
                        projection.fold(session, item.event)
            written.rejected = self._reject(session, rejects)
        return written

    def _check_fence(self, session: Session) -> None:
        # The row lock also makes two writers wait for each other (SQLite: BEGIN IMMEDIATE).
        current = select(WriterRow.epoch).where(WriterRow.id == WRITER).with_for_update()
        if session.scalar(current) != self._epoch:
            raise FenceLost

    def _to_fold(self, session: Session, fresh: list[_Item], again: set[str]) -> list[_Item]:
        """Return what is to be folded now: `fresh`, but of the contacts that begin `again` all that
        the journal has, after what was folded of them has been taken back."""
        if not again:
            return fresh
        for projection in self._projections:
            projection.forget(session, again)
        own = {item.event.id: item.entry for item in fresh}
        latest = {item.event.subject: item.entry for item in fresh}
        whole = [
            _Item(own.get(event.id, latest[event.subject]), event)
            for event in histories_of(session, again)
        ]
        return whole + [item for item in fresh if item.event.subject not in again]

    def _fold_each(self, session: Session, items: Sequence[_Item]) -> list[_Reject]:
        """Fold each event for each projection under a savepoint of its own."""
        faults = []
        for item in items:
            for projection in self._projections:
                try:
                    with session.begin_nested():
                        projection.fold(session, item.event)
                except OperationalError:
                    raise
                except Exception as error:
                    let_go(session)
                    faults.append(_Reject(item.entry, projection.name, _reason(error)))
        return faults

    def _reject(self, session: Session, rejects: Sequence[_Reject]) -> int:
        """Note what was rejected, once; return how many were new."""
        new = 0
        for reject in rejects:
            same = select(RejectRow.position).where(
                RejectRow.entry == reject.entry.id, RejectRow.stage == reject.stage
            )
            if session.scalar(same) is not None:
                continue
            wire = json.dumps(reject.entry.wire)  # ASCII: any database takes it
            session.add(
                RejectRow(
                    entry=reject.entry.id,
                    stage=reject.stage,
                    reason=reject.reason,
                    wire=wire,
                    at=self._clock.now(),
                )
            )
            new += 1
        return new


def _decode(entries: Iterable[Entry]) -> tuple[list[_Item], list[_Reject]]:
    items, rejects = [], []
    for entry in entries:
        try:
            event = decode(entry.wire)
            if event.at.tzinfo is None:
                raise ValueError("at has no zone")
        except Exception as error:  # anything at all may stand in a stream
            rejects.append(_Reject(entry, "decode", _reason(error)))
        else:
            items.append(_Item(entry, event))
    return items, rejects


def _store_each(session: Session, items: Sequence[_Item]) -> tuple[list[_Item], list[_Reject]]:
    """Journal each event under a savepoint of its own."""
    stored, faults = [], []
    for item in items:
        try:
            with session.begin_nested():
                session.execute(insert(JournalRow), [_row(item)])
        except OperationalError:
            raise
        except Exception as error:
            faults.append(_Reject(item.entry, "store", _reason(error)))
        else:
            stored.append(item)
    return stored, faults


def _unknown(session: Session, items: Sequence[_Item]) -> list[_Item]:
    """Return those whose event is not in the journal, each once."""
    by_id: dict[str, _Item] = {}
    for item in items:
        by_id.setdefault(item.event.id, item)
    known = set(session.scalars(select(JournalRow.id).where(JournalRow.id.in_(by_id))))
    return [item for event_id, item in by_id.items() if event_id not in known]


def _follow(session: Session, events: Sequence[Event]) -> tuple[int, set[str]]:
    """Keep each subject's last number.

    Return how many numbers were jumped over, less late comers; and the contacts of the late comers.
    """
    subjects = {event.subject for event in events}
    found = session.scalars(select(SubjectRow).where(SubjectRow.subject.in_(subjects)))
    rows = {row.subject: row for row in found}
    gaps, late = 0, set()
    for event in events:
        row = rows.get(event.subject)
        if row is None:
            row = rows[event.subject] = SubjectRow(subject=event.subject, seq=0, missing=0)
            session.add(row)
        step = event.seq - row.seq
        if step >= 1:
            row.missing += step - 1
            gaps += step - 1
            row.seq = event.seq
            continue
        of_contact = isinstance(event, ContactEvent)
        if of_contact:
            late.add(event.subject)
        if row.missing:
            row.missing -= 1
            gaps -= 1
        elif not of_contact:  # a contact's never do: others gave one of its events this number
            log.warning("scribe: the numbers of subject %s begin again", event.subject[:8])
            row.seq = event.seq
    return gaps, late


def _row(item: _Item) -> dict[str, Any]:
    event = item.event
    return {
        "id": event.id,
        "type": type(event).__name__,
        "subject": event.subject,
        "seq": event.seq,
        "at": event.at,
        "data": json.loads(item.entry.wire["data"]),
    }


def _reason(error: Exception) -> str:
    """Say what was wrong without the values, which may be personal."""
    if isinstance(error, ValidationError):
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        return "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults)
    if isinstance(error, DBAPIError):
        return f"{type(error).__name__}: {type(error.orig).__name__}"
    return f"{type(error).__name__}: {error}"
