"""How long nobody has spoken, read off a track that is being written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings.quiet import quiet_seconds
from recordings.repair import EMPTY
from tests.tracks import RATE, Sound, tone


def silence(seconds: float) -> Sound:
    return np.zeros(int(seconds * RATE))


def hiss(seconds: float) -> Sound:
    """The noise of a bad line."""
    drawn: Sound = np.random.default_rng(7).normal(0, 0.004, int(seconds * RATE))
    return drawn


CLICK = tone(440, 0.005)


def track(folder: Path, *sounds: Sound, odd: bool = False) -> Path:
    """A track that nobody has closed: its header says that it is empty."""
    path = folder / "caller.wav"
    said = (np.concatenate(sounds) * 32767).astype("<i2").tobytes() if sounds else b""
    path.write_bytes(EMPTY + said + (b"x" if odd else b""))
    return path


@pytest.mark.parametrize("odd", [False, True])
def test_quiet_lasts_since_the_last_word(tmp_path: Path, odd: bool) -> None:
    path = track(tmp_path, silence(2), tone(440, 1), silence(3), odd=odd)
    assert quiet_seconds(path, 10) == pytest.approx(3.0, abs=0.1)


def test_soft_voice_is_a_voice_and_hiss_or_one_click_is_none(tmp_path: Path) -> None:
    assert quiet_seconds(track(tmp_path, tone(440, 3, level=0.04)), 10) == 0
    assert quiet_seconds(track(tmp_path, hiss(3)), 10) == pytest.approx(3.0, abs=0.1)
    clicked = track(tmp_path, tone(440, 1), silence(1), CLICK, silence(2))
    assert quiet_seconds(clicked, 10) == pytest.approx(3.0, abs=0.15)


def test_no_more_is_read_than_is_asked_for_and_no_more_said_than_is_there(tmp_path: Path) -> None:
    path = track(tmp_path, silence(5))
    assert quiet_seconds(path, 2) == pytest.approx(2.0)
    assert quiet_seconds(path, 60) == pytest.approx(5.0)
    assert quiet_seconds(track(tmp_path), 60) == 0


def test_track_that_cannot_be_read_is_not_quiet(tmp_path: Path) -> None:
    assert quiet_seconds(tmp_path / "absent.wav", 5) == 0
