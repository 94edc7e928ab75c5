"""Two legs on two tracks, and a disk that runs short."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline.clock import ManualClock
from hotline.ids import ContactId, LegId
from recordings.recorder import MEGABYTE, Recorder, free_space
from tests.tracks import FileTracks, read_track, tone

CONTACT = ContactId("c" * 32)
CALLER, COUNSELOR = LegId("a" * 32), LegId("b" * 32)
RESERVE_MB = 512


class Disk:
    """How much is left, as the test says."""

    def __init__(self) -> None:
        self.free = 10_000 * MEGABYTE
        self.unreadable = False

    def __call__(self, folder: Path) -> int:
        if self.unreadable:
            raise OSError("stale handle")
        return self.free


@pytest.fixture
def tracks() -> FileTracks:
    return FileTracks()


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    before = os.umask(0)  # what is private must not depend on it
    yield tmp_path / "recordings"
    os.umask(before)


@pytest.fixture
def recorder(tracks: FileTracks, disk: Disk, root: Path) -> Recorder:
    clock = ManualClock(datetime(2026, 3, 9, 23, 59, tzinfo=UTC))
    return Recorder(tracks=tracks, root=root, reserve_mb=RESERVE_MB, clock=clock, free=disk)


def test_each_side_is_written_to_its_own_private_file(
    recorder: Recorder, tracks: FileTracks, root: Path
) -> None:
    started = recorder.start(CONTACT, caller=CALLER, counselor=COUNSELOR)
    tracks.say(CALLER, tone(440, 0.5))
    tracks.say(COUNSELOR, tone(1000, 0.25))
    recorder.stop(started.id)
    assert started.caller_track == f"2026/03/09/{started.id}.caller.wav"
    assert started.counselor_track == f"2026/03/09/{started.id}.counselor.wav"
    assert len(read_track(root / started.caller_track)) == 4000
    assert len(read_track(root / started.counselor_track)) == 2000
    for path in (started.caller_track, started.counselor_track):
        assert stat.S_IMODE((root / path).stat().st_mode) == 0o600
    for folder in (root, *(root / p for p in ("2026", "2026/03", "2026/03/09"))):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_stopping_twice_or_what_is_unknown_does_nothing(
    recorder: Recorder, tracks: FileTracks
) -> None:
    started = recorder.start(CONTACT, caller=CALLER, counselor=COUNSELOR)
    recorder.stop(started.id)
    assert not tracks.running
    recorder.stop(started.id)


def test_below_the_reserve_nothing_is_recorded(
    recorder: Recorder, tracks: FileTracks, disk: Disk
) -> None:
    disk.free = RESERVE_MB * MEGABYTE - 1
    with pytest.raises(OSError, match="reserve_mb"):
        recorder.start(CONTACT, caller=CALLER, counselor=COUNSELOR)
    assert not tracks.running
    disk.free += 1
    recorder.start(CONTACT, caller=CALLER, counselor=COUNSELOR)


@pytest.mark.parametrize("leg", [CALLER, COUNSELOR])
def test_both_tracks_begin_or_neither(
    recorder: Recorder, tracks: FileTracks, root: Path, leg: LegId
) -> None:
    tracks.refused = {leg}
    with pytest.raises(OSError, match="no track"):
        recorder.start(CONTACT, caller=CALLER, counselor=COUNSELOR)
    assert not tracks.running
    assert not [path for path in root.rglob("*") if path.is_file()]


def test_a_disk_that_runs_short_stops_every_recording_and_says_which(
    recorder: Recorder, tracks: FileTracks, disk: Disk, root: Path
) -> None:
    one = recorder.start(CONTACT, caller=CALLER, counselor=COUNSELOR)
    other = recorder.start(CONTACT, caller=LegId("d" * 32), counselor=LegId("e" * 32))
    tracks.say(CALLER, tone(440, 0.5))
    assert recorder.sweep() == []
    assert len(tracks.running) == 4
    disk.free = 0
    assert recorder.sweep() == [one.id, other.id]
    assert not tracks.running
    assert len(read_track(root / one.caller_track)) == 4000
    assert recorder.sweep() == []


def test_a_disk_that_cannot_be_asked_counts_as_short(recorder: Recorder, disk: Disk) -> None:
    started = recorder.start(CONTACT, caller=CALLER, counselor=COUNSELOR)
    disk.unreadable = True
    assert recorder.sweep() == [started.id]


def test_free_space_is_that_of_the_folder(tmp_path: Path) -> None:
    assert free_space(tmp_path) == pytest.approx(
        os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize, rel=0.2
    )
