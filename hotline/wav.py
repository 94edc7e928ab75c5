"""What a WAV must be to be played: 8 kHz, mono, 16-bit PCM. Pure, apart from reading the header."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from hotline.errors import PromptMissing

SAMPLE_RATE = 8000
SHORTEST_FRAMES = 400
"""The engine refuses a WAV with less audio than this (PJMEDIA_EWAVETOOSHORT)."""
_FRAME_OCTETS = 2
_PCM = 1
_PCM_FORMAT = struct.Struct("<HHIIHH")
"""Coding, channels, samples a second, octets a second, octets a frame, bits a sample."""


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
        with path.open("rb") as file:
            octets = _octets_of_sound(file)
    except _NotPlayable as error:
        raise PromptMissing(f"{path.name}: {error}") from None
    except OSError as error:
        raise PromptMissing(
            f"{path.name}: not a readable PCM WAV ({error.strerror or type(error).__name__})"
        ) from None
    frames = octets // _FRAME_OCTETS
    if frames < SHORTEST_FRAMES:
        raise PromptMissing(f"{path.name}: only {frames} samples; needed are {SHORTEST_FRAMES}")
    return frames / SAMPLE_RATE


class _NotPlayable(Exception):
    """Why the engine would refuse this file."""


def _octets_of_sound(file: BinaryIO) -> int:
    """Return how many octets of sound there are, going by what the engine goes by.

    Not by the module `wave`: it heeds the length in the RIFF header, which the engine passes over,
    allows other chunks before the format and pads odd ones, which the engine does not, and raises
    what it likes for a header that is damaged.
    """
    riff, _, kind, fmt, size = struct.unpack("<4sI4s4sI", _taken(file, 20))
    if (riff, kind, fmt) != (b"RIFF", b"WAVE", b"fmt "):
        raise _NotPlayable("not a readable PCM WAV (no RIFF, WAVE and fmt at its beginning)")
    if size < _PCM_FORMAT.size:
        raise _NotPlayable("not a readable PCM WAV (its format is cut short)")
    coding, channels, rate, _, align, bits = _PCM_FORMAT.unpack(_taken(file, _PCM_FORMAT.size))
    if coding != _PCM:
        raise _NotPlayable(f"not a readable PCM WAV (coding {coding}; PCM is {_PCM})")
    if (rate, channels, bits, align) != (SAMPLE_RATE, 1, 16, _FRAME_OCTETS):
        raise _NotPlayable(
            f"{rate} Hz, {channels} channels, {bits} bit; needed are 8000 Hz, mono, 16 bit"
        )
    file.seek(size - _PCM_FORMAT.size, os.SEEK_CUR)
    length = _sought_data(file)
    begin = file.tell()
    if length > file.seek(0, os.SEEK_END) - begin:
        raise _NotPlayable("not a readable PCM WAV (cut short)")
    return length


def _sought_data(file: BinaryIO) -> int:
    """Go to the sound and return its length in octets. It ends: each chunk leads further."""
    while True:
        name, length = struct.unpack("<4sI", _taken(file, 8))
        if name == b"data":
            return int(length)
        if not length or name == bytes(4):
            raise _NotPlayable("not a readable PCM WAV (an empty chunk before its sound)")
        file.seek(length, os.SEEK_CUR)


def _taken(file: BinaryIO, count: int) -> bytes:
    octets = file.read(count)
    if len(octets) < count:
        raise _NotPlayable("not a readable PCM WAV (cut short)")
    return octets


def wav_fault(path: Path) -> str | None:
    """Return why `path` cannot be played to a caller, or None when it can."""
    try:
        seconds_of(path)
    except PromptMissing as error:
        return str(error)
    return None
