"""Two legs that hear each other."""

from __future__ import annotations

from hotline.ids import LegId
from hotline.ports import Audio


def bridge(audio: Audio, one: LegId, other: LegId) -> None:
    audio.hear(one, other)
    audio.hear(other, one)


def part(audio: Audio, one: LegId, other: LegId) -> None:
    audio.unhear(one, other)
    audio.unhear(other, one)
