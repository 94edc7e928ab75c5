"""Who hears whom in a conversation follows from the part that each takes in it. Pure.

    part        hears          is heard by
    voice       every voice    every voice              a caller, counselors, 110, who barges in
    coach       every voice    the one who is coached   a supervisor who whispers
    listener    every voice    nobody                   a supervisor who listens, a trainee

Whoever is apart (on hold) hears nothing of it and is not heard; whoever is muted is not heard.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from hotline.ids import LegId


class Part(StrEnum):
    """What somebody takes in a conversation."""

    VOICE = "voice"
    COACH = "coach"
    LISTENER = "listener"


class Heard(NamedTuple):
    """One who hears another; the other way round is another one."""

    listener: LegId
    speaker: LegId


@dataclass(frozen=True, slots=True)
class Party:
    """One leg of a conversation; `coached` is who hears a coach."""

    leg: LegId
    part: Part = Part.VOICE
    coached: LegId | None = None
    apart: bool = False
    muted: bool = False


def hearing(parties: Iterable[Party]) -> frozenset[Heard]:
    """Return who hears whom of `parties`, whose legs differ."""
    there = [party for party in parties if not party.apart]
    return frozenset(
        Heard(listener.leg, speaker.leg)
        for listener in there
        for speaker in there
        if _hears(listener, speaker)
    )


def _hears(listener: Party, speaker: Party) -> bool:
    if listener.leg == speaker.leg or speaker.muted:
        return False
    if speaker.part is Part.COACH:
        return speaker.coached == listener.leg
    return speaker.part is Part.VOICE


def is_alone(leg: LegId, parties: Iterable[Party]) -> bool:
    """Whether `leg` is with no voice: held by the others, or left by them."""
    there = {party.leg for party in parties if party.part is Part.VOICE and not party.apart}
    return leg not in there or there == {leg}
