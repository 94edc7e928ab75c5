"""Tones: what each side says in a test or demonstration; which of them a WAV holds, and when.

All WAVs are 8 kHz mono 16-bit, as everywhere on the telephone.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hotline.wav import SAMPLE_RATE as RATE

WINDOW = 0.05
"""Seconds; so all tones should be multiples of 20 Hz, to fall on a line of their own."""
PRESENT = 0.05
"""Least share of a window's energy that makes a tone present; G.711 noise is far below."""
QUIET = 50.0
"""RMS below which a window holds no tone at all."""

Samples = npt.NDArray[np.float64]


def write_tone(path: Path, hertz: int, *, seconds: float = 1.0, level: float = 0.3) -> Path:
    """Write a sine of `hertz` to `path` and return it."""
    time = np.arange(round(seconds * RATE)) / RATE
    samples = (np.sin(2 * np.pi * hertz * time) * level * 32767).astype("<i2")
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, RATE, 0, "NONE", ""))
        wav.writeframes(samples.tobytes())
    return path


def samples_of(path: Path) -> Samples:
    """Return the samples of a WAV, also of one that was not closed (length 0 in its header)."""
    data = path.read_bytes()[44:]
    return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.float64)


def seconds_of(path: Path) -> float:
    return len(samples_of(path)) / RATE


def share(window: Samples, hertz: int) -> float:
    """Return the share of the window's energy at `hertz`, 0 to 1 (Goertzel, one bin)."""
    energy = float(np.sum(window**2))
    if energy < QUIET**2 * len(window):
        return 0.0
    wave_ = np.exp(-2j * np.pi * hertz * np.arange(len(window)) / RATE)
    return float(2 * np.abs(np.dot(window, wave_)) ** 2 / len(window) / energy)


def when(path: Path, hertz: int) -> list[tuple[float, float]]:
    """Return the stretches, in seconds, in which the tone is present."""
    return when_in(samples_of(path), hertz)


def when_in(samples: Samples, hertz: int) -> list[tuple[float, float]]:
    """The same of samples at RATE."""
    step = int(WINDOW * RATE)
    stretches: list[tuple[float, float]] = []
    for start in range(0, len(samples) - step + 1, step):
        if share(samples[start : start + step], hertz) < PRESENT:
            continue
        begin, end = start / RATE, (start + step) / RATE
        if stretches and abs(stretches[-1][1] - begin) < WINDOW / 2:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((begin, end))
    return stretches


def seconds_with(path: Path, hertz: int) -> float:
    """Return for how long the tone is present."""
    return _length(when(path, hertz))


def tones_in(path: Path, candidates: Iterable[int], *, least: float = 0.2) -> set[int]:
    """Return which of `candidates` are present for at least `least` seconds."""
    return {hertz for hertz in candidates if seconds_with(path, hertz) >= least}


def tones_among(samples: Samples, candidates: Iterable[int], *, least: float = 0.2) -> set[int]:
    """The same of samples at RATE."""
    return {hertz for hertz in candidates if _length(when_in(samples, hertz)) >= least}


def _length(stretches: Iterable[tuple[float, float]]) -> float:
    return sum(end - begin for begin, end in stretches)
