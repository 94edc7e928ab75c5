"""What is measured: something that answers callers, rings phones, joins and records both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench.callers import Callers
from tests.bench.cpu import Meter
from tests.bench.phones import Phones
from tests.bench.speech import Speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One system under load. `carriers` are the parts of `meter` that carry the calls, `load` those
    that make them; `tracks` is the folder below which both sides' tracks are written."""

    name: str
    callers: Callers
    phones: Phones
    speech: Speech
    meter: Meter
    carriers: tuple[str, ...]
    load: tuple[str, ...]
    tracks: Path

    def recorded_bytes(self) -> int:
        """How much audio stands in the tracks now."""
        return sum(track.stat().st_size for track in self.tracks.rglob("*.wav"))


class System(Protocol):
    """A setup that can be asked who rang for whom."""

    @property
    def setup(self) -> Setup: ...

    async def contacts_of(self, numbers: Sequence[str]) -> Mapping[str, str]:
        """Return, by caller's number, what phones were told the contact is called; waits until
        the system has said so. Who is missing was never heard of."""
        ...

    async def rest(self) -> None:
        """Return when nothing is left to do from the load so far."""
        ...
