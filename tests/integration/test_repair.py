"""Tracks that nobody closed."""

from __future__ import annotations

import resource
import struct
from pathlib import Path

import numpy as np
import pytest

from hotline.errors import RecordingBroken
from recordings.repair import EMPTY, repair
from tests.tracks import read_track, tone, write_track

SOUND = tone(440, 0.1)
HEADER = 44
WHOLE = HEADER + 2 * len(SOUND)


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    path = tmp_path / "whole.wav"
    write_track(path, SOUND)
    return path.read_bytes()


@pytest.fixture
def track(tmp_path: Path) -> Path:
    return tmp_path / "x.caller.wav"


def unclosed(whole: bytes) -> bytes:
    return whole[:4] + bytes(4) + whole[8:40] + bytes(4) + whole[44:]


CUTS = [*range(HEADER + 5), WHOLE - 3, WHOLE - 2, WHOLE - 1, WHOLE]


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "unclosed"])
@pytest.mark.parametrize("cut", CUTS)
def test_a_track_cut_anywhere_keeps_every_whole_sample(
    track: Path, whole: bytes, cut: int, closed: bool
) -> None:
    track.write_bytes((whole if closed else unclosed(whole))[:cut])
    samples = max(0, cut - HEADER) // 2
    assert repair(track) == samples / 8000
    expected = np.frombuffer(whole[HEADER : HEADER + 2 * samples], "<i2") / 32768
    assert np.array_equal(read_track(track), expected)
    mended = track.read_bytes()
    assert len(mended) == HEADER + 2 * samples
    assert repair(track) == samples / 8000
    assert track.read_bytes() == mended


def test_a_whole_track_is_left_as_it_is(track: Path, whole: bytes) -> None:
    track.write_bytes(whole)
    before = track.stat()
    assert repair(track) == 0.1
    assert track.read_bytes() == whole
    assert track.stat().st_mtime_ns == before.st_mtime_ns


def test_chunks_before_and_behind_the_samples_are_borne(track: Path, whole: bytes) -> None:
    fact = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    track.write_bytes(whole[:36] + fact + whole[36:] + fact)
    assert repair(track) == 0.1
    track.write_bytes(whole[:36] + fact + b"data" + bytes(4) + whole[HEADER:])
    assert repair(track) == 0.1
    assert np.array_equal(read_track(track), np.frombuffer(whole[HEADER:], "<i2") / 32768)


def test_a_repair_that_died_between_its_writes_is_finished(track: Path, whole: bytes) -> None:
    only_the_data_length = whole[:4] + bytes(4) + whole[8:]
    track.write_bytes(only_the_data_length)
    assert repair(track) == 0.1
    assert len(read_track(track)) == len(SOUND)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"OggS" + bytes(60), "not a WAV"),
        (b"x", "not a WAV"),
        (EMPTY[:20] + struct.pack("<HHIIHH", 1, 2, 8000, 32000, 4, 16) + EMPTY[36:], "2 channels"),
        (EMPTY[:20] + struct.pack("<HHIIHH", 7, 1, 8000, 8000, 1, 8) + EMPTY[36:], "coding 7"),
        (EMPTY[:20] + struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16) + EMPTY[36:], "16000 Hz"),
        (EMPTY[:12] + EMPTY[36:], "without a format"),
    ],
    ids=["ogg", "one byte", "stereo", "u-law", "16 kHz", "no format"],
)
def test_what_is_no_track_of_ours_is_broken_and_left_alone(
    track: Path, content: bytes, words: str
) -> None:
    track.write_bytes(content)
    with pytest.raises(RecordingBroken, match=words):
        repair(track)
    assert track.read_bytes() == content


def test_a_full_disk_says_nothing_of_the_track(track: Path) -> None:
    """Cut before its first sample, as a crash leaves it; there is no room for a header."""
    track.write_bytes(b"")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, unlimited[1]))
    try:
        with pytest.raises(OSError):  # noqa: PT011 - EFBIG here, ENOSPC on a full disk
            repair(track)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert repair(track) == 0.0


def test_a_track_that_is_not_there_is_broken(track: Path) -> None:
    with pytest.raises(RecordingBroken, match="No such file"):
        repair(track)
