"""The measuring instrument is measured first."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from hotline.sip import tone as tones


def test_tone_is_found_and_others_are_not(tmp_path: Path) -> None:
    path = tones.write_tone(tmp_path / "a.wav", 440, seconds=2)
    assert tones.tones_in(path, (440, 460, 600, 880)) == {440}
    assert tones.seconds_with(path, 440) == pytest.approx(2.0, abs=0.06)


def test_mixed_tones_are_both_found(tmp_path: Path) -> None:
    one = tones.samples_of(tones.write_tone(tmp_path / "a.wav", 440))
    two = tones.samples_of(tones.write_tone(tmp_path / "b.wav", 620, level=0.1))
    with wave.open(str(tmp_path / "mix.wav"), "wb") as wav:
        wav.setparams((1, 2, tones.RATE, 0, "NONE", ""))
        wav.writeframes((one + two).astype("<i2").tobytes())
    assert tones.tones_in(tmp_path / "mix.wav", (440, 620, 800)) == {440, 620}


def test_tone_is_placed_in_time(tmp_path: Path) -> None:
    tone = tones.samples_of(tones.write_tone(tmp_path / "a.wav", 440))
    quiet = np.zeros(tones.RATE)
    with wave.open(str(tmp_path / "late.wav"), "wb") as wav:
        wav.setparams((1, 2, tones.RATE, 0, "NONE", ""))
        wav.writeframes(np.concatenate([quiet, tone, quiet]).astype("<i2").tobytes())
    ((begin, end),) = tones.when(tmp_path / "late.wav", 440)
    assert begin == pytest.approx(1.0, abs=0.06)
    assert end == pytest.approx(2.0, abs=0.06)


def test_silence_holds_no_tone(tmp_path: Path) -> None:
    path = tones.write_tone(tmp_path / "a.wav", 440, level=0.0)
    assert tones.tones_in(path, (440, 620)) == set()
