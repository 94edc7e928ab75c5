"""Recordings, folded from the journal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from hotline import events as e
from recordings.tables import RecordingRow, RecordingState

ENDINGS = (e.CallerLeft, e.CounselorLeft, e.CounselorLost, e.ContactFailed)
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
                _stop(session, event.at, RecordingRow.id == recording)
            case e.RecordingFailed(recording=str(recording)):
                _stop(session, event.at, RecordingRow.id == recording)
                session.execute(
                    update(RecordingRow)
                    .where(RecordingRow.id == recording)
                    .values(fault=event.detail)
                )
            case _ if isinstance(event, ENDINGS):
                _stop(session, event.at, RecordingRow.contact == event.subject)

    def clear(self, session: Session) -> None:
        """Forget the raw ones. What was sealed keeps its row: where the file is, and with which
        checksum, is in no event; folding again finds the row and agrees with it."""
        session.execute(delete(RecordingRow).where(RecordingRow.state == RecordingState.RAW))


def _start(session: Session, event: e.RecordingStarted) -> None:
    row = session.get(RecordingRow, event.recording) or RecordingRow(id=event.recording)
    row.contact = event.subject
    row.caller_track = event.caller_track
    row.counselor_track = event.counselor_track
    row.started_at = event.at
    session.add(row)
    session.flush()


def _stop(session: Session, at: datetime, which: object) -> None:
    session.execute(
        update(RecordingRow)
        .where(which, RecordingRow.stopped_at.is_(None))  # type: ignore[arg-type]
        .values(stopped_at=at)
    )
