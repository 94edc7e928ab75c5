"""Two tracks in one Opus file."""

from __future__ import annotations

import fcntl
import hashlib
import resource
import stat
from pathlib import Path

import numpy as np
import pytest

from hotline.errors import RecordingBroken
from recordings.seal import SealingElsewhere, discard, seal
from tests.tracks import Sound, decode_sealed, strength, tone, write_track

LOW, HIGH = 440.0, 1000.0
APART = 300.0
"""50 dB, as a ratio of amplitudes: how far the sides must be apart."""


@pytest.fixture
def caller(tmp_path: Path) -> Path:
    return tmp_path / "x.caller.wav"


@pytest.fixture
def counselor(tmp_path: Path) -> Path:
    return tmp_path / "x.counselor.wav"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "x.opus"


def middle(sound: Sound, rate: int, start: float, end: float) -> Sound:
    return sound[int(start * rate) : int(end * rate)]


def test_left_is_the_caller_and_right_the_counselor_and_neither_is_the_other(
    caller: Path, counselor: Path, target: Path
) -> None:
    write_track(caller, tone(LOW, 6.0))
    write_track(counselor, tone(HIGH, 6.0))
    sealed = seal(caller, counselor, target)
    left, right, rate = decode_sealed(target)
    one, other = middle(left, rate, 1, 5), middle(right, rate, 1, 5)
    assert strength(one, rate, LOW) > APART * strength(one, rate, HIGH)
    assert strength(other, rate, HIGH) > APART * strength(other, rate, LOW)
    assert sealed.checksum == hashlib.sha256(target.read_bytes()).hexdigest()
    assert (sealed.caller_seconds, sealed.counselor_seconds) == (6.0, 6.0)
    assert len(left) / rate == pytest.approx(6.0, abs=0.05)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in sorted(target.parent.iterdir())] == [
        "x.caller.wav", "x.counselor.wav", "x.opus",
    ]  # fmt: skip


def test_tracks_are_aligned_from_their_start_and_the_shorter_ends_in_silence(
    caller: Path, counselor: Path, target: Path
) -> None:
    write_track(caller, np.concatenate([np.zeros(8000), tone(LOW, 1.0), np.zeros(16000)]))
    write_track(counselor, tone(HIGH, 1.5))
    sealed = seal(caller, counselor, target)
    assert (sealed.caller_seconds, sealed.counselor_seconds) == (4.0, 1.5)
    left, right, rate = decode_sealed(target)
    assert len(left) / rate == pytest.approx(4.0, abs=0.05)
    heard = np.flatnonzero(np.abs(left) > 0.1 * np.abs(left).max()) / rate
    assert (heard[0], heard[-1]) == pytest.approx((1.0, 2.0), abs=0.05)
    heard = np.flatnonzero(np.abs(right) > 0.1 * np.abs(right).max()) / rate
    assert (heard[0], heard[-1]) == pytest.approx((0.0, 1.5), abs=0.05)


def test_a_side_that_never_spoke_is_silence(caller: Path, counselor: Path, target: Path) -> None:
    write_track(caller, tone(LOW, 2.0))
    counselor.write_bytes(b"")
    assert seal(caller, counselor, target).counselor_seconds == 0.0
    left, right, _ = decode_sealed(target)
    assert np.abs(right).max() < 0.01 * np.abs(left).max()


def test_the_same_tracks_give_the_same_bytes(caller: Path, counselor: Path, target: Path) -> None:
    write_track(caller, tone(LOW, 1.0))
    write_track(counselor, tone(HIGH, 1.0))
    assert seal(caller, counselor, target) == seal(caller, counselor, target)


@pytest.mark.parametrize("content", [None, b"OggS" + bytes(60), b""], ids=["gone", "ogg", "empty"])
def test_what_cannot_be_read_is_broken_and_kept(
    caller: Path, counselor: Path, target: Path, content: bytes | None
) -> None:
    write_track(counselor, tone(HIGH, 0 if content == b"" else 1))
    if content is not None:
        caller.write_bytes(content)
    with pytest.raises(RecordingBroken):
        seal(caller, counselor, target)
    assert counselor.exists()
    assert caller.exists() == (content is not None)
    assert not target.exists()
    assert not list(target.parent.glob(".*"))


def test_two_processes_do_not_seal_into_one_file(
    caller: Path, counselor: Path, target: Path
) -> None:
    write_track(caller, tone(LOW, 1.0))
    write_track(counselor, tone(HIGH, 1.0))
    with (target.parent / ".x.opus.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(SealingElsewhere):
            seal(caller, counselor, target)
        assert not target.exists()
    seal(caller, counselor, target)


def test_a_full_disk_while_sealing_leaves_the_tracks_and_nothing_else(
    caller: Path, counselor: Path, target: Path
) -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, 8000 * 20)
    write_track(caller, noise)
    write_track(counselor, noise)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, unlimited[1]))
    try:
        with pytest.raises(OSError):  # noqa: PT011 - EFBIG here, ENOSPC on a full disk
            seal(caller, counselor, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert not target.exists()
    assert not list(target.parent.glob(".*"))
    assert seal(caller, counselor, target).caller_seconds == 20.0


def test_discarding_twice_is_no_fault(caller: Path, counselor: Path) -> None:
    write_track(caller, tone(LOW, 0.1))
    discard(caller, counselor)
    discard(caller, counselor)
    assert not caller.exists()


def test_message_is_sealed_with_a_silent_right_side(caller: Path, target: Path) -> None:
    write_track(caller, tone(LOW, 3.0))
    sealed = seal(caller, None, target)
    left, right, rate = decode_sealed(target)
    one, other = middle(left, rate, 1, 2), middle(right, rate, 1, 2)
    assert strength(one, rate, LOW) > APART * strength(other, rate, LOW)
    assert (sealed.caller_seconds, sealed.counselor_seconds) == (3.0, 0.0)
