"""How long nothing has been said on a track that is being written: read off the end of the file.

The writer puts a block on the disk several times a second, silence too, so that the end of the file
is the present but for a moment.
"""

from __future__ import annotations

import os
import sys
from array import array
from pathlib import Path

from hotline.wav import SAMPLE_RATE

HEADER_BYTES = 44
SAMPLE_BYTES = 2
QUIET_PEAK = 800
"""Of 32767: a voice is ten times louder, the noise of a line several times softer."""
WINDOW_SECONDS = 0.1
CLICKS = 1
"""Loud windows among the last that are a click of the line, not a voice."""


def quiet_seconds(track: Path, most: float) -> float:
    """Return for how long the end of `track` has held no voice, `most` seconds at the most.

    The time before the track began does not count. A track that cannot be read is not quiet: 0.
    """
    try:
        samples = _tail(track, most)
    except OSError:
        return 0.0
    window = int(WINDOW_SECONDS * SAMPLE_RATE)
    quiet, clicks = 0, 0
    for end in range(len(samples), window - 1, -window):
        part = samples[end - window : end]
        if max(max(part), -min(part)) > QUIET_PEAK:
            clicks += 1
            if clicks > CLICKS:
                return max(0, quiet - 1) * WINDOW_SECONDS
        quiet += 1
    return quiet * WINDOW_SECONDS


def _tail(track: Path, most: float) -> array[int]:
    with track.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        wanted = int(most * SAMPLE_RATE) * SAMPLE_BYTES
        there = max(0, size - HEADER_BYTES) // SAMPLE_BYTES * SAMPLE_BYTES
        file.seek(HEADER_BYTES + there - min(wanted, there))
        samples = array("h", file.read(min(wanted, there)))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
