"""From two plain tracks (of a message, one) to one sealed file and its row, as often as it takes.

    tracks -> repair -> encode -> fsync, rename -> row (commit) -> tracks deleted

Killed at any arrow, the next attempt ends in the same file and the same row: until the commit the
tracks are there, and the same tracks give the same bytes; after it only deleting is left.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from hotline.clock import Clock
from hotline.database import snapshot, unit_of_work
from hotline.errors import HotlineError, RecordingBroken
from hotline.ids import RecordingId
from recordings.seal import Sealed, checksum_of, discard, seal
from recordings.tables import RecordingRow, RecordingState

log = logging.getLogger(__name__)

QUIET = timedelta(minutes=5)
"""A track that nobody has written to for so long belongs to a gateway that died: a living one
writes several times a second, silence too."""


class UnknownRecording(HotlineError):
    """No recording has that id (yet)."""

    code = "unknown_recording"


class StillRecording(HotlineError):
    """The tracks are being written: they can be sealed later."""

    code = "still_recording"


class Sealing:
    """Seals recordings below `root` and notes it in the database. Short transactions only: no
    lock is held while a file is encoded."""

    def __init__(self, *, engine: Engine, root: Path, clock: Clock) -> None:
        self._engine = engine
        self._root = root
        self._clock = clock

    def seal(self, recording: RecordingId) -> RecordingState:
        """Seal one recording and return its state, ``sealed`` or ``broken``; again: the same.

        A broken one keeps its tracks. Raises UnknownRecording, StillRecording,
        seal.SealingElsewhere or OSError (a full disk): try again later.
        """
        row = self._row(recording)
        if row.state == RecordingState.BROKEN:
            return RecordingState.BROKEN
        tracks = self._tracks(row)
        caller, counselor = tracks[0], tracks[1] if len(tracks) == 2 else None
        target = caller.with_name(f"{recording}.opus")
        if row.state == RecordingState.SEALED and self._is_whole(target, row.checksum):
            discard(*tracks)
            return RecordingState.SEALED
        if row.stopped_at is None and not self._is_quiet(*tracks):
            raise StillRecording(f"recording {recording[:8]} is being written")
        try:
            sealed = seal(caller, counselor, target)
        except RecordingBroken as error:
            return self._note_broken(recording, str(error))
        self._note_sealed(recording, target, sealed)
        discard(*tracks)
        log.info("recording %s is sealed", recording[:8])
        return RecordingState.SEALED

    def waiting(self) -> list[RecordingId]:
        """Return every raw recording that nobody writes to any more, the oldest first."""
        raw = select(RecordingRow).where(RecordingRow.state == RecordingState.RAW)
        with snapshot(self._engine) as session:
            rows = list(session.scalars(raw.order_by(RecordingRow.started_at)))
        return [
            RecordingId(row.id)
            for row in rows
            if row.stopped_at is not None or self._is_quiet(*self._tracks(row))
        ]

    def _tracks(self, row: RecordingRow) -> list[Path]:
        """Return the caller's track, and the counselor's unless it is a message."""
        return [self._root / track for track in (row.caller_track, row.counselor_track) if track]

    def _row(self, recording: RecordingId) -> RecordingRow:
        with snapshot(self._engine) as session:
            row = session.get(RecordingRow, recording)
        if row is None:
            raise UnknownRecording(f"no recording {recording[:8]}")
        return row

    def _is_whole(self, target: Path, checksum: str | None) -> bool:
        return target.is_file() and checksum_of(target) == checksum

    def _is_quiet(self, *tracks: Path) -> bool:
        written = [
            datetime.fromtimestamp(track.stat().st_mtime, UTC) for track in tracks if track.exists()
        ]
        return all(self._clock.now() - last > QUIET for last in written)

    def _note_sealed(self, recording: RecordingId, target: Path, sealed: Sealed) -> None:
        with unit_of_work(self._engine) as session:
            row = session.get_one(RecordingRow, recording)
            row.state = RecordingState.SEALED
            row.sealed_file = target.relative_to(self._root).as_posix()
            row.checksum = sealed.checksum
            row.caller_seconds = sealed.caller_seconds
            row.counselor_seconds = sealed.counselor_seconds
            row.sealed_at = row.sealed_at or self._clock.now()

    def _note_broken(self, recording: RecordingId, problem: str) -> RecordingState:
        with unit_of_work(self._engine) as session:
            row = session.get_one(RecordingRow, recording)
            if row.state == RecordingState.RAW:
                row.state = RecordingState.BROKEN
                row.problem = problem
            # A sealed one stays so: another process may just have been faster, and deleted.
            log.error("recording %s (%s) cannot be sealed: %s", recording[:8], row.state, problem)
            return RecordingState(row.state)
