"""The envelope of every event, and who takes events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from hotline.ids import EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The envelope that every event has."""

    id: EventId
    subject: str
    seq: int
    at: datetime

    ENVELOPE: ClassVar[frozenset[str]] = frozenset({"id", "subject", "seq", "at"})


class Sink(Protocol):
    """Takes events, in the order in which they happened."""

    def append(self, event: Event) -> None:
        """Accept `event` for good. Never blocks and never raises: the telephone goes on."""
        ...
