"""Messages that wait for somebody: what the contact, the message and its recording say of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hotline.ids import ContactId
from hotline.journal.tables import ContactRow
from recordings.messages import waiting_messages
from recordings.tables import RecordingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMessage:
    """`file` is relative to the folder of recordings, the track until it is sealed; `seconds` is
    None until then, where the gateway could not say."""

    contact: ContactId
    left_at: datetime
    seconds: float | None
    topic: str
    language: str
    line: str
    file: str


def waiting(session: Session) -> list[WaitingMessage]:
    """Return the messages that nobody has dealt with, the oldest first."""
    found = []
    for row in waiting_messages(session):
        if row.left_at is None:
            continue
        contact = session.get(ContactRow, row.contact)
        recording = session.get(RecordingRow, row.recording) if row.recording else None
        found.append(
            WaitingMessage(
                contact=ContactId(row.contact),
                left_at=row.left_at,
                seconds=_seconds(recording),
                topic=(contact.topic if contact else None) or "",
                language=(contact.language if contact else None) or "",
                line=(contact.dnis if contact else None) or "",
                file=(recording.sealed_file or recording.caller_track) if recording else "",
            )
        )
    return found


def _seconds(recording: RecordingRow | None) -> float | None:
    if recording is None:
        return None
    if recording.caller_seconds is not None or recording.stopped_at is None:
        return recording.caller_seconds
    return (recording.stopped_at - recording.started_at).total_seconds()
