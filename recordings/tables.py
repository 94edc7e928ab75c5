"""The tables of recordings and messages: what the journal says of each, and what sealing made."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base
from hotline.journal.tables import Key


class RecordingState(StrEnum):
    """What there is of a recording."""

    RAW = "raw"
    """Two plain tracks, being written or waiting to be sealed."""
    SEALED = "sealed"
    """One checksummed file; the tracks are gone."""
    BROKEN = "broken"
    """The tracks cannot be read; they are kept for a human to look at."""


class RecordingRow(Base):
    """One recording. The first part is folded from the journal; the second is written by the
    worker and stands in no event: it outlives a rebuild. Paths are relative to the folder of
    recordings."""

    __tablename__ = "recordings"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    contact: Mapped[str] = mapped_column(Key, index=True)
    caller_track: Mapped[str] = mapped_column(Text)
    counselor_track: Mapped[str] = mapped_column(Text)
    """Empty: a message, which has the caller's track alone."""
    started_at: Mapped[datetime] = mapped_column(index=True)
    stopped_at: Mapped[datetime | None]
    """When nobody wrote to the tracks any more."""
    fault: Mapped[str | None] = mapped_column(Text)
    """Why it ended before the conversation did."""

    state: Mapped[str] = mapped_column(String(16), default=RecordingState.RAW, index=True)
    sealed_file: Mapped[str | None] = mapped_column(Text)
    checksum: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the sealed file, in hex."""
    caller_seconds: Mapped[float | None]
    counselor_seconds: Mapped[float | None]
    sealed_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(Text)
    """Why it is broken."""


class MessageRow(Base):
    """The message of one contact, folded from the journal. It waits for somebody while `left_at` is
    there and `done_at` is not."""

    __tablename__ = "messages"

    contact: Mapped[str] = mapped_column(Key, primary_key=True)
    recording: Mapped[str | None] = mapped_column(Key)
    started_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None] = mapped_column(index=True)
    """Complete, or cut off by a fault of ours: what was said until then waits all the same."""
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    done_by: Mapped[str | None] = mapped_column(Key)
