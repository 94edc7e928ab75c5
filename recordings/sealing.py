"""From two plain tracks (of a message, one) to one sealed file and its row, as often as it takes.

    tracks -> repair -> data key (commit) -> encode and encrypt -> fsync, rename
           -> row and link (commit) -> head -> tracks deleted -> noted (commit)

Killed at any arrow, the next attempt ends in one good file, its row and one link of the chain:

* until the second commit the tracks are there, and the next attempt begins from them. The same
  tracks give the same sound, but never the same file: each attempt draws a salt, from which key and
  nonces of its envelope are derived, so that it may use the data key that the first one committed.
  What that one had written is encrypted, nobody has noted it, and it is written over;
* after that commit the file is what the row says (its checksum is looked at), and only the head and
  deleting are left; who deletes, deletes what is in the sealed file.

Two at a time (one was thought dead) do not write one file at once; should one be done before the
other has noted its own, that one finds another salt in the file, and notes nothing.

A file without its data key cannot be: the key is committed before the file's first byte. Where
sealing is impossible (no master key, a full disk) the tracks stay where they are, 0700, and the row
says why: the worker tries again, and tells an operator (`recordings.jobs`).
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, and_, or_, select
from sqlalchemy.exc import SQLAlchemyError

from hotline.clock import Clock
from hotline.database import snapshot, unit_of_work
from hotline.errors import HotlineError, RecordingBroken
from hotline.ids import RecordingId
from recordings import chain
from recordings.head import HeadFile
from recordings.seal import Sealed, discard, repaired, seal
from recordings.storage import SealingElsewhere
from recordings.tables import RecordingRow, RecordingState
from recordings.vault import SUFFIX, Draft, Vault

log = logging.getLogger(__name__)

QUIET = timedelta(minutes=5)
"""A track that nobody has written to for so long belongs to a gateway that died: a living one
writes several times a second, silence too."""
TO_DO = or_(
    RecordingRow.state == RecordingState.RAW,
    and_(RecordingRow.state == RecordingState.SEALED, RecordingRow.discarded_at.is_(None)),
)
"""What there are, or may be, plain tracks of."""


class UnknownRecording(HotlineError):
    """No recording has that id (yet)."""

    code = "unknown_recording"


class StillRecording(HotlineError):
    """The tracks are being written: they can be sealed later."""

    code = "still_recording"


class Sealing:
    """Seals recordings whose tracks are below `root` and notes it in the database. Short
    transactions only: no lock is held while a file is encoded."""

    def __init__(
        self, *, engine: Engine, root: Path, vault: Vault, head: HeadFile, clock: Clock
    ) -> None:
        self._engine = engine
        self._root = root
        self._vault = vault
        self._head = head
        self._clock = clock

    def seal(self, recording: RecordingId) -> RecordingState:
        """Seal one recording and return its state, ``sealed`` or ``broken``; again: the same (of an
        erased one, ``erased``).

        A broken one keeps its tracks. Raises UnknownRecording, StillRecording, SealingElsewhere, an
        error of the master keys or OSError (a full disk): try again later. But for the first three
        the row says why.
        """
        row = self._row(recording)
        try:
            return self._seal(recording, row)
        except (UnknownRecording, StillRecording, SealingElsewhere):
            raise
        except (HotlineError, OSError) as error:
            if isinstance(error, FileNotFoundError) and self._is_done_meanwhile(recording):
                return RecordingState.SEALED
            self._note_problem(recording, str(error))
            raise

    def waiting(self) -> list[RecordingId]:
        """Return every recording with something left to do that nobody writes to any more, the
        oldest first: raw ones, and sealed ones whose tracks may not be deleted yet."""
        with snapshot(self._engine) as session:
            rows = list(session.scalars(select(RecordingRow).where(TO_DO).order_by(_BY_AGE)))
        return [
            RecordingId(row.id)
            for row in rows
            if row.stopped_at is not None or self._is_quiet(*self._tracks(row))
        ]

    def impossible(self, *, overdue: timedelta) -> list[str]:
        """Say of which recordings plain tracks lie about, and why, the oldest first: sealing them
        failed, or has not been done for so long after their end."""
        late = RecordingRow.stopped_at < self._clock.now() - overdue
        lying = select(RecordingRow).where(TO_DO, or_(RecordingRow.problem.is_not(None), late))
        with snapshot(self._engine) as session:
            rows = list(session.scalars(lying.order_by(_BY_AGE)))
        return [f"{row.id[:8]}: {row.problem or 'nobody has sealed it'}" for row in rows]

    def _seal(self, recording: RecordingId, row: RecordingRow) -> RecordingState:
        if row.state == RecordingState.BROKEN:
            return RecordingState.BROKEN
        tracks = self._tracks(row)
        if row.state == RecordingState.ERASED or self._is_done(row, tracks):
            return self._finish(recording, tracks)
        if row.stopped_at is None and not self._is_quiet(*tracks):
            raise StillRecording(f"recording {recording[:8]} is being written")
        caller, counselor = tracks[0], tracks[1] if len(tracks) == 2 else None
        name = Path(row.caller_track).with_name(f"{recording}{SUFFIX}").as_posix()
        try:
            sealed = repaired(caller, counselor)
        except RecordingBroken as error:
            return self._note_broken(recording, str(error))
        with self._vault.writing(recording, name) as draft:
            seal(caller, counselor, draft)
        self._note_sealed(recording, name, draft, sealed)
        log.info("recording %s is sealed", recording[:8])
        return self._finish(recording, tracks)

    def _finish(self, recording: RecordingId, tracks: list[Path]) -> RecordingState:
        """Do what follows the commit."""
        self._head.advance(self._engine)
        discard(*tracks)
        with unit_of_work(self._engine) as session:
            row = session.get_one(RecordingRow, recording)
            row.discarded_at = row.discarded_at or self._clock.now()
            row.problem = None
            return RecordingState(row.state)

    def _is_done(self, row: RecordingRow, tracks: list[Path]) -> bool:
        """Whether the sealed file is what was noted, or there is nothing to make another from."""
        if row.state != RecordingState.SEALED:
            return False
        if not any(track.exists() for track in tracks):
            return True
        with suppress(FileNotFoundError):
            return self._vault.checksum(row.sealed_file or "") == row.checksum
        return False

    def _tracks(self, row: RecordingRow) -> list[Path]:
        """Return the caller's track, and the counselor's unless it is a message."""
        return [self._root / track for track in (row.caller_track, row.counselor_track) if track]

    def _row(self, recording: RecordingId) -> RecordingRow:
        with snapshot(self._engine) as session:
            row = session.get(RecordingRow, recording)
        if row is None:
            raise UnknownRecording(f"no recording {recording[:8]}")
        return row

    def _is_quiet(self, *tracks: Path) -> bool:
        written = [
            datetime.fromtimestamp(track.stat().st_mtime, UTC) for track in tracks if track.exists()
        ]
        return all(self._clock.now() - last > QUIET for last in written)

    def _note_sealed(self, recording: RecordingId, name: str, draft: Draft, sealed: Sealed) -> None:
        with unit_of_work(self._engine) as session:
            row = session.get_one(RecordingRow, recording)
            chain.note_file(session, row, name, self._vault, draft, self._clock.now())
            row.caller_seconds = sealed.caller_seconds
            row.counselor_seconds = sealed.counselor_seconds

    def _note_broken(self, recording: RecordingId, problem: str) -> RecordingState:
        with unit_of_work(self._engine) as session:
            row = session.get_one(RecordingRow, recording)
            if row.state == RecordingState.RAW:
                row.state = RecordingState.BROKEN
                row.problem = problem
            # A sealed one stays so: another process may just have been faster, and deleted.
            log.error("recording %s (%s) cannot be sealed: %s", recording[:8], row.state, problem)
            return RecordingState(row.state)

    def _is_done_meanwhile(self, recording: RecordingId) -> bool:
        """Whether another process was faster, and has deleted the tracks before our eyes."""
        with suppress(SQLAlchemyError):
            row = self._row(recording)
            gone = not any(track.exists() for track in self._tracks(row))
            return gone and row.state == RecordingState.SEALED
        return False

    def _note_problem(self, recording: RecordingId, problem: str) -> None:
        """Write down why it was in vain; not to be able to do so takes nothing from the reason."""
        log.error("recording %s cannot be sealed now: %s", recording[:8], problem)
        try:
            with unit_of_work(self._engine) as session:
                session.get_one(RecordingRow, recording).problem = problem
        except SQLAlchemyError:
            log.exception("recording %s: that could not be noted", recording[:8])


_BY_AGE = RecordingRow.started_at
