"""Sounds without words, composed here so that they belong to nobody: waiting music and a beep."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hotline.wav import SAMPLE_RATE

Sound = npt.NDArray[np.float64]

CHORD_SECONDS = 6
PAD_SECONDS = 2 * CHORD_SECONDS
"""Each chord swells and fades over twice its time, so that neighbours always overlap."""
CHORDS = (
    (130.81, 196.00, 246.94, 329.63),  # C major 7
    (110.00, 196.00, 261.63, 329.63),  # A minor 7
    (87.31, 174.61, 220.00, 329.63),  # F major 7
    (98.00, 196.00, 246.94, 293.66),  # G major
    (130.81, 196.00, 246.94, 329.63),
    (82.41, 164.81, 246.94, 392.00),  # E minor
    (87.31, 220.00, 261.63, 329.63),
    (98.00, 174.61, 246.94, 293.66),  # G 7, which leads back to the beginning
)
"""Hz. Slow, plain, in one key: nothing here asks for attention."""
PARTIALS = ((1, 1.0), (2, 0.45), (3, 0.2), (4, 0.08))
"""Number and strength of the overtones; the low notes are heard by theirs on a telephone."""
MUSIC_LEVEL = 10 ** (-27 / 20)
"""RMS of the music below full scale: quieter than any voice."""


def waiting_music() -> Sound:
    """Return 48 s of soft chords, between -1 and 1, that loop without a seam."""
    pad = PAD_SECONDS * SAMPLE_RATE
    total = len(CHORDS) * CHORD_SECONDS * SAMPLE_RATE
    music = np.zeros(total)
    swell = np.sin(np.pi * (np.arange(pad) + 0.5) / pad) ** 2
    for number, chord in enumerate(CHORDS):
        where = (np.arange(pad) + number * CHORD_SECONDS * SAMPLE_RATE) % total
        music[where] += swell * _chord(chord, pad)
    return music * float(MUSIC_LEVEL / np.sqrt(np.mean(music**2)))


def beep(frequency: float = 880.0, seconds: float = 0.2, level: float = 0.15) -> Sound:
    """Return one soft tone, faded in and out over 10 ms."""
    count = int(seconds * SAMPLE_RATE)
    edge = int(0.01 * SAMPLE_RATE)
    fade = np.clip(np.minimum(np.arange(count), np.arange(count)[::-1]) / edge, 0, 1)
    tone: Sound = level * fade * np.sin(2 * np.pi * frequency * np.arange(count) / SAMPLE_RATE)
    return tone


def _chord(notes: tuple[float, ...], count: int) -> Sound:
    time = np.arange(count) / SAMPLE_RATE
    sound = np.zeros(count)
    for voice, note in enumerate(notes):
        breath = 1 + 0.15 * np.sin(2 * np.pi * (0.1 + 0.03 * voice) * time)
        for partial, strength in PARTIALS:
            # a slightly detuned twin makes the tone float instead of whistle
            for detuned in (note, note * 1.003):
                sound += breath * strength * np.sin(2 * np.pi * partial * detuned * time + voice)
    return sound
