"""Recordings, folded from the journal."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, true, update
from sqlalchemy.orm import Session

from hotline import events as e
from hotline.journal.rows import held, let_go
from recordings.tables import RecordingRow, RecordingState

ENDINGS = (
    e.CallerLeft, e.CounselorLeft, e.CounselorLost, e.ContactFailed,
    e.PartnerLeft, e.PartnerLost, e.MessageLeft,
)  # fmt: skip
"""After any of these nobody writes to a contact's tracks, whether or not the gateway lived to say
RecordingStopped."""


class RecordingProjection:
    """Implements journal.Projection: the first part of `RecordingRow`."""

    name = "recordings"

    def fold(self, session: Session, event: e.Event) -> None:
        """Write what `event` says of a recording; all other events mean nothing here."""
        match event:
            case e.RecordingStarted():
                _start(session, event)
            case e.RecordingStopped(recording=recording):
                _stop(_of(session, event.subject).get(recording), event.at)
            case e.RecordingFailed(recording=str(recording)):
                row = _of(session, event.subject).get(recording)
                _stop(row, event.at)
                if row is not None:
                    row.fault = event.detail
            case _ if isinstance(event, ENDINGS):
                for row in _of(session, event.subject).values():
                    _stop(row, event.at)

    def forget(self, session: Session, contacts: Collection[str]) -> None:
        """Keep every row: the worker may be sealing it just now."""
        let_go(session)
        _forget_stops(session, RecordingRow.contact.in_(contacts))

    def clear(self, session: Session) -> None:
        """Forget the raw ones. What was sealed keeps its row: where the file is, and with which
        checksum, is in no event; folding again finds the row and says anew when it stopped."""
        let_go(session)
        session.execute(delete(RecordingRow).where(RecordingRow.state == RecordingState.RAW))
        _forget_stops(session, true())


def _forget_stops(session: Session, which: ColumnElement[bool]) -> None:
    session.execute(update(RecordingRow).where(which).values(stopped_at=None, fault=None))


def _of(session: Session, contact: str) -> dict[str, RecordingRow]:
    """All recordings of `contact`, by id."""

    def find() -> dict[str, RecordingRow]:
        rows = session.scalars(select(RecordingRow).where(RecordingRow.contact == contact))
        return {row.id: row for row in rows}

    return held(session, (RecordingRow, contact), find)


def _start(session: Session, event: e.RecordingStarted) -> None:
    rows = _of(session, event.subject)
    row = rows.setdefault(event.recording, RecordingRow(id=event.recording))
    row.contact = event.subject
    row.caller_track = event.caller_track
    row.counselor_track = event.counselor_track
    row.started_at = event.at
    session.add(row)


def _stop(row: RecordingRow | None, at: datetime) -> None:
    if row is not None and row.stopped_at is None:
        row.stopped_at = at
