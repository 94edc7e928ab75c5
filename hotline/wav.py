"""What a WAV must be to be played: 8 kHz, mono, 16-bit PCM. Pure, apart from reading the header."""

from __future__ import annotations

import wave
from pathlib import Path

from hotline.errors import PromptMissing

SAMPLE_RATE = 8000
SHORTEST_FRAMES = 400
"""The engine refuses a WAV with less audio than this (PJMEDIA_EWAVETOOSHORT)."""


class Lengths:
    """Remembers how long each file plays until the file changes: menus say the same all day."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int], float]] = {}

    def seconds_of(self, path: Path) -> float:
        """See `seconds_of`."""
        try:
            found = path.stat()
        except OSError as error:
            raise PromptMissing(f"{path.name}: {error.strerror}") from None
        look = (found.st_mtime_ns, found.st_size)
        known = self._known.get(path)
        if known is None or known[0] != look:
            known = self._known[path] = (look, seconds_of(path))
        return known[1]


def seconds_of(path: Path) -> float:
    """Return how long `path` plays.

    Raises PromptMissing when it is not there, not readable, or not 8 kHz mono 16-bit PCM.
    """
    try:
        with wave.open(str(path), "rb") as wav:
            shape = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
            frames = wav.getnframes()
    except (OSError, EOFError, wave.Error) as error:
        raise PromptMissing(
            f"{path.name}: not a readable PCM WAV ({error or 'cut short'})"
        ) from None
    if shape != (SAMPLE_RATE, 1, 2):
        rate, channels, width = shape
        raise PromptMissing(
            f"{path.name}: {rate} Hz, {channels} channels, {8 * width} bit; "
            "needed are 8000 Hz, mono, 16 bit"
        )
    if frames < SHORTEST_FRAMES:
        raise PromptMissing(f"{path.name}: only {frames} samples; needed are {SHORTEST_FRAMES}")
    return frames / SAMPLE_RATE


def wav_fault(path: Path) -> str | None:
    """Return why `path` cannot be played to a caller, or None when it can."""
    try:
        seconds_of(path)
    except PromptMissing as error:
        return str(error)
    return None
