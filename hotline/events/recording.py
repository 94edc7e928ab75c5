"""What becomes of a recording once it is sealed."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.events.event import Event
from hotline.ids import EventId, RecordingId


def access_subject(event: EventId) -> str:
    """Return the subject of one access: accesses are many, and none comes after another."""
    return f"access:{event}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingExported(Event):
    """Somebody was given what is in a recording, or tried to be. `by` is ``operator:<name>``."""

    recording: RecordingId
    by: str
    reason: str
