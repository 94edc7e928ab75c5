"""Messages that callers left: folded from the journal, and those that wait for somebody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hotline import events as e
from hotline.journal.rows import held, let_go
from recordings.tables import MessageRow


class MessageProjection:
    """Implements journal.Projection: one `MessageRow` per contact that left one."""

    name = "messages"

    def fold(self, session: Session, event: e.Event) -> None:
        match event:
            case e.MessageStarted():
                _row(session, event.subject).started_at = event.at
            case e.RecordingStarted(counselor_track=""):
                _row(session, event.subject).recording = event.recording
            case e.MessageLeft():
                row = _row(session, event.subject)
                row.recording, row.left_at = event.recording, event.at
            case e.ContactFailed():
                _cut_off(session, event.subject, event.at)
            case e.ContactQueued() | e.CallerLeft():
                _give_up(session, event.subject)
            case e.MessageHandled():
                row = _row(session, event.contact)
                if row.done_at is None:
                    row.done_at, row.done_by = event.at, event.by
            case _:
                pass

    def forget(self, session: Session, contacts: Collection[str]) -> None:
        """Keep who dealt with a message: that is told by events that are not the contact's."""
        let_go(session)
        told = update(MessageRow).where(MessageRow.contact.in_(contacts))
        session.execute(told.values(recording=None, started_at=None, left_at=None))

    def clear(self, session: Session) -> None:
        let_go(session)
        session.execute(delete(MessageRow))


def waiting_messages(session: Session) -> list[MessageRow]:
    """Return the messages that nobody has dealt with, the oldest first."""
    waits = select(MessageRow).where(MessageRow.left_at.is_not(None), MessageRow.done_at.is_(None))
    return list(session.scalars(waits.order_by(MessageRow.left_at, MessageRow.contact)))


def _find(session: Session, contact: str) -> list[MessageRow]:
    """Return the contact's message in a list that the transaction keeps; empty: there is none."""

    def find() -> list[MessageRow]:
        row = session.get(MessageRow, contact)
        return [row] if row is not None else []

    return held(session, (MessageRow, contact), find)


def _row(session: Session, contact: str) -> MessageRow:
    found = _find(session, contact)
    if not found:
        found.append(MessageRow(contact=contact))
        session.add(found[0])
    return found[0]


def _cut_off(session: Session, contact: str, at: datetime) -> None:
    """A fault of ours: what the caller had said until then waits like any other message."""
    for row in _find(session, contact):
        if row.recording is not None and row.left_at is None:
            row.left_at = at


def _give_up(session: Session, contact: str) -> None:
    """The caller went on to a human, or said nothing: what was begun waits for nobody."""
    found = _find(session, contact)
    for row in found:
        if row.left_at is None:
            row.started_at = row.recording = None
