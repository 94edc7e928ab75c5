"""Chords: what a counselor presses on the phone during a conversation. Pure.

*7 a professional, please: beside me first, then in my stead      *9 a supervisor, please: help
"""

from __future__ import annotations

from enum import StrEnum

WITHIN_SECONDS = 2.0
"""A chord whose second key comes later is none: somebody rested a hand on the phone."""
BEGINS = "*"


class Chord(StrEnum):
    """A star and a digit, one right behind the other."""

    ESCALATE = "*7"
    HELP = "*9"


class ChordReader:
    """Listens to the keys of one phone; keys that make no chord mean nothing."""

    def __init__(self) -> None:
        self._begun_at: float | None = None

    def pressed(self, key: str, *, at: float) -> Chord | None:
        """Take one key, pressed `at` so many seconds of a clock that never goes back; return the
        chord that it completes."""
        begun_at, self._begun_at = self._begun_at, at if key == BEGINS else None
        if begun_at is None or at - begun_at > WITHIN_SECONDS:
            return None
        try:
            return Chord(BEGINS + key)
        except ValueError:
            return None
