"""Two legs, two tracks: where they are written, and when recording must give way to the disk. A
message is the caller's track alone.

    <root>/YYYY/MM/DD/<recording-id>.caller.wav
    <root>/YYYY/MM/DD/<recording-id>.counselor.wav

Folders are 0700, files 0600. The day is that of the start, in UTC.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath

from hotline.clock import Clock
from hotline.ids import ContactId, LegId, RecordingId, new_recording_id
from hotline.ports import StartedRecording, Tracks
from recordings.quiet import quiet_seconds

log = logging.getLogger(__name__)

FreeSpace = Callable[[Path], int]
"""Bytes left where a folder is."""
MEGABYTE = 1_000_000


def free_space(folder: Path) -> int:
    """Return the bytes that can still be written below `folder`."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class _Running:
    contact: ContactId
    caller: LegId
    counselors: list[LegId]
    """Nobody: a message."""
    caller_track: Path


class Recorder:
    """Implements ports.Recorder over `tracks`; runs on the reactor's thread."""

    def __init__(
        self,
        *,
        tracks: Tracks,
        root: Path,
        reserve_mb: int,
        clock: Clock,
        free: FreeSpace = free_space,
    ) -> None:
        self._tracks = tracks
        self._root = root
        self._reserve = reserve_mb * MEGABYTE
        self._clock = clock
        self._free = free
        self._running: dict[RecordingId, _Running] = {}

    def start(self, contact: ContactId, *, caller: LegId, counselor: LegId) -> StartedRecording:
        """Begin both tracks or neither. Raises OSError, also when the reserve is not there."""
        started = self._prepare(with_counselor=True)
        self._start_track(caller, started.caller_track)
        try:
            self._start_track(counselor, started.counselor_track)
        except OSError:
            self._tracks.stop_track(caller)
            (self._root / started.caller_track).unlink(missing_ok=True)
            raise
        return self._runs(contact, started, caller, [counselor])

    def start_message(self, contact: ContactId, *, caller: LegId) -> StartedRecording:
        """Begin the caller's track. Raises OSError, also when the reserve is not there."""
        started = self._prepare(with_counselor=False)
        self._start_track(caller, started.caller_track)
        return self._runs(contact, started, caller, [])

    def quiet_seconds(self, recording: RecordingId, most: float) -> float:
        """Return for how long the caller has said nothing up to now (see `ports.Recorder`)."""
        running = self._running.get(recording)
        return 0.0 if running is None else quiet_seconds(running.caller_track, most)

    def join(self, recording: RecordingId, counselor: LegId) -> None:
        """Write a second counselor to the counselor's track as well; nothing happens when the
        recording is not running."""
        running = self._running.get(recording)
        if running is None:
            return
        for other in running.counselors:  # whoever of them is still there
            self._tracks.share_track(other, counselor)
        running.counselors.append(counselor)

    def stop(self, recording: RecordingId) -> None:
        """Close its tracks; nothing happens when the recording is not running."""
        running = self._running.pop(recording, None)
        if running is None:
            return
        self._tracks.stop_track(running.caller)
        for counselor in running.counselors:
            self._tracks.stop_track(counselor)
        log.info("contact %s: recording %s stopped", running.contact[:8], recording[:8])

    def sweep(self) -> list[RecordingId]:
        """Stop every recording if the disk runs short and return which; call it each second.

        The calls go on. What was recorded so far is whole and can be sealed.
        """
        if not self._running or not self.disk_is_short():
            return []
        stopped = list(self._running)
        for recording in stopped:
            self.stop(recording)
        log.error("the disk runs short: %d recordings were stopped", len(stopped))
        return stopped

    def disk_is_short(self) -> bool:
        """Whether less than the reserve is left (or nobody can tell): nothing is recorded then."""
        try:
            return self._free(self._root) < self._reserve
        except OSError:
            log.exception("cannot tell how much disk is left")
            return True

    def _prepare(self, *, with_counselor: bool) -> StartedRecording:
        """Return a new recording's id and paths, once there is a folder and room for it."""
        day = Path(self._clock.now().strftime("%Y/%m/%d"))
        make_private_folders(self._root, day)
        if self.disk_is_short():
            raise OSError(errno.ENOSPC, "the disk has less space than recording.reserve_mb")
        recording = new_recording_id()
        return StartedRecording(
            id=recording,
            caller_track=f"{day}/{recording}.caller.wav",
            counselor_track=f"{day}/{recording}.counselor.wav" if with_counselor else "",
        )

    def _runs(
        self,
        contact: ContactId,
        started: StartedRecording,
        caller: LegId,
        counselors: list[LegId],
    ) -> StartedRecording:
        track = self._root / started.caller_track
        self._running[started.id] = _Running(contact, caller, counselors, track)
        log.info("contact %s: recording %s began", contact[:8], started.id[:8])
        return started

    def _start_track(self, leg: LegId, relative: str) -> None:
        path = self._root / relative
        # Created here, so that the writer finds a file that only we may read.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            self._tracks.start_track(leg, path)
        except OSError:
            path.unlink(missing_ok=True)
            raise


def make_private_folders(root: Path, relative: PurePath) -> None:
    """Create `root` and the folders of `relative` below it, each 0700 whatever the umask."""
    folder = root
    for part in ("", *relative.parts):
        folder = folder / part
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
