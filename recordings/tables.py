"""The tables of recordings and messages: what the journal says of each, and what sealing made.

``recording_keys`` and ``recording_chain`` are folded from nothing: no rebuild of the journal's
projections touches them, and what is lost of them is lost.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base
from hotline.journal.tables import Key, Position


class RecordingState(StrEnum):
    """What there is of a recording."""

    RAW = "raw"
    """Two plain tracks, being written or waiting to be sealed."""
    SEALED = "sealed"
    """One encrypted, checksummed file; the tracks are gone."""
    ERASED = "erased"
    """The data key was dropped: whatever copy of the file there is, nobody can open it."""
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
    discarded_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the plain tracks of a sealed recording were deleted; until then that is still to do."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why it is broken; of a raw one, why the last attempt to seal it came to nothing."""


class RecordingKeyRow(Base):
    """The data key of one recording, wrapped with a master key. Who deletes the row has erased the
    recording: no copy of its file can be opened any more."""

    __tablename__ = "recording_keys"

    recording: Mapped[str] = mapped_column(Key, primary_key=True)
    master: Mapped[str] = mapped_column(Key, index=True)
    """The id of the master key."""
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]


class ChainLinkRow(Base):
    """One link of the chain of sealed files (see `recordings.link`). Links are only ever added."""

    __tablename__ = "recording_chain"

    number: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=False)
    """From 1, without a gap."""
    kind: Mapped[str] = mapped_column(String(16))
    recording: Mapped[str] = mapped_column(Key, index=True)
    checksum: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the sealed file, in hex."""
    at: Mapped[datetime]
    previous: Mapped[str] = mapped_column(String(64))
    """The digest of the link before."""
    digest: Mapped[str] = mapped_column(String(64))


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
