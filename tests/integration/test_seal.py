"""Two tracks in one Opus file."""

from __future__ import annotations

import errno
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from hotline.errors import RecordingBroken
from recordings.seal import Sealed, discard, repaired, seal
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


def sealed_of(caller: Path, counselor: Path | None) -> tuple[Sealed, BytesIO]:
    """Do what sealing does, but into memory."""
    seconds, file = repaired(caller, counselor), BytesIO()
    seal(caller, counselor, file)
    file.seek(0)
    return seconds, file


class Tape:
    """Takes what is written; can go nowhere else. `limit`: the bytes that fit on it."""

    def __init__(self, limit: float = float("inf")) -> None:
        self.content = b""
        self._limit = limit

    def write(self, data: bytes) -> None:
        if len(self.content) + len(data) > self._limit:
            raise OSError(errno.ENOSPC, "no space left")
        self.content += data


def middle(sound: Sound, rate: int, start: float, end: float) -> Sound:
    return sound[int(start * rate) : int(end * rate)]


def test_left_is_the_caller_and_right_the_counselor_and_neither_is_the_other(
    caller: Path, counselor: Path
) -> None:
    write_track(caller, tone(LOW, 6.0))
    write_track(counselor, tone(HIGH, 6.0))
    sealed, file = sealed_of(caller, counselor)
    left, right, rate = decode_sealed(file)
    one, other = middle(left, rate, 1, 5), middle(right, rate, 1, 5)
    assert strength(one, rate, LOW) > APART * strength(one, rate, HIGH)
    assert strength(other, rate, HIGH) > APART * strength(other, rate, LOW)
    assert (sealed.caller_seconds, sealed.counselor_seconds) == (6.0, 6.0)
    assert len(left) / rate == pytest.approx(6.0, abs=0.05)
    assert sorted(path.name for path in caller.parent.iterdir()) == [caller.name, counselor.name]


def test_tracks_are_aligned_from_their_start_and_the_shorter_ends_in_silence(
    caller: Path, counselor: Path
) -> None:
    write_track(caller, np.concatenate([np.zeros(8000), tone(LOW, 1.0), np.zeros(16000)]))
    write_track(counselor, tone(HIGH, 1.5))
    sealed, file = sealed_of(caller, counselor)
    assert (sealed.caller_seconds, sealed.counselor_seconds) == (4.0, 1.5)
    left, right, rate = decode_sealed(file)
    assert len(left) / rate == pytest.approx(4.0, abs=0.05)
    heard = np.flatnonzero(np.abs(left) > 0.1 * np.abs(left).max()) / rate
    assert (heard[0], heard[-1]) == pytest.approx((1.0, 2.0), abs=0.05)
    heard = np.flatnonzero(np.abs(right) > 0.1 * np.abs(right).max()) / rate
    assert (heard[0], heard[-1]) == pytest.approx((0.0, 1.5), abs=0.05)


def test_a_side_that_never_spoke_is_silence(caller: Path, counselor: Path) -> None:
    write_track(caller, tone(LOW, 2.0))
    counselor.write_bytes(b"")
    sealed, file = sealed_of(caller, counselor)
    assert sealed.counselor_seconds == 0.0
    left, right, _ = decode_sealed(file)
    assert np.abs(right).max() < 0.01 * np.abs(left).max()


def test_the_same_tracks_give_the_same_sound_also_where_nothing_is_gone_back_to(
    caller: Path, counselor: Path
) -> None:
    write_track(caller, tone(LOW, 1.0))
    write_track(counselor, tone(HIGH, 1.0))
    tape = Tape()
    seal(caller, counselor, tape)
    assert tape.content == sealed_of(caller, counselor)[1].getvalue()
    assert tape.content.startswith(b"OggS")


@pytest.mark.parametrize("content", [None, b"OggS" + bytes(60), b""], ids=["gone", "ogg", "empty"])
def test_what_cannot_be_read_is_broken_and_kept(
    caller: Path, counselor: Path, content: bytes | None
) -> None:
    write_track(counselor, tone(HIGH, 0 if content == b"" else 1))
    if content is not None:
        caller.write_bytes(content)
    with pytest.raises(RecordingBroken):
        repaired(caller, counselor)
    assert counselor.exists()
    assert caller.exists() == (content is not None)


def test_why_nothing_more_can_be_written_is_told_as_it_is(caller: Path, counselor: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, 8000 * 20)
    write_track(caller, noise)
    write_track(counselor, noise)
    with pytest.raises(OSError, match="no space left") as raised:
        seal(caller, counselor, Tape(limit=20_000))
    assert raised.value.errno == errno.ENOSPC


def test_discarding_twice_is_no_fault(caller: Path, counselor: Path) -> None:
    write_track(caller, tone(LOW, 0.1))
    discard(caller, counselor)
    discard(caller, counselor)
    assert not caller.exists()


def test_message_is_sealed_with_a_silent_right_side(caller: Path) -> None:
    write_track(caller, tone(LOW, 3.0))
    sealed, file = sealed_of(caller, None)
    left, right, rate = decode_sealed(file)
    one, other = middle(left, rate, 1, 2), middle(right, rate, 1, 2)
    assert strength(one, rate, LOW) > APART * strength(other, rate, LOW)
    assert (sealed.caller_seconds, sealed.counselor_seconds) == (3.0, 0.0)
