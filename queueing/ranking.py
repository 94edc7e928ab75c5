"""Who gets whom: pure choosing over one picture of who waits and who is ready.

Contacts are served in order of priority, then arrival. Each takes, of the counselors who fit and
are still free, the one of the nearest district (longest common path of tier nodes), and of
several the one who has been idle longest. A contact whom nobody fits holds up nobody behind it.
A crisis that nobody free is certified for goes to anybody who is free: first to one who speaks
the language, then to any human.

Equal needs share one sorted list of candidates, so a pass costs one sort per different need and
one look per contact, not contacts times counselors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from hotline.events import Priority
from hotline.ids import ContactId, CounselorId, NodeId
from hotline.ports import Waiting
from queueing.keys import RANKS
from queueing.skills import CounselorProfile, Need, fits


@dataclass(frozen=True, slots=True)
class ReadyCounselor:
    """A counselor who can take a contact now."""

    profile: CounselorProfile
    idle_since: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """A proposal: this contact to this counselor. Only the offer script makes it true."""

    contact: ContactId
    counselor: CounselorId


class Ranking:
    """One pass. Feed it those who wait, in order, in as many pages as there are."""

    def __init__(self, ready: Iterable[ReadyCounselor]) -> None:
        self._free = {counselor.profile.id: counselor for counselor in ready}
        self._candidates: dict[Need, Iterator[CounselorId]] = {}

    @property
    def is_exhausted(self) -> bool:
        """Nobody is free any more: the rest of the line need not be looked at."""
        return not self._free

    def pairs(self, line: Iterable[Waiting]) -> Iterator[Pair]:
        """Yield a pair for each contact of `line` for whom somebody fits."""
        for waiting in line:
            if self.is_exhausted:
                return
            counselor = self._choose(waiting)
            if counselor is not None:
                yield Pair(waiting.contact, counselor)

    def _choose(self, waiting: Waiting) -> CounselorId | None:
        counselor = self._take(Need.of(waiting))
        if counselor is None and waiting.priority is Priority.CRISIS:
            counselor = self._take(Need(frozenset(), waiting.language, waiting.node))
            counselor = counselor or self._take(Need(frozenset(), None, waiting.node))
        return counselor

    def _take(self, need: Need) -> CounselorId | None:
        if need not in self._candidates:
            self._candidates[need] = iter(self._best_first(need))
        for counselor in self._candidates[need]:
            if self._free.pop(counselor, None) is not None:
                return counselor
        return None

    def _best_first(self, need: Need) -> list[CounselorId]:
        fitting = [c for c in self._free.values() if fits(c.profile, need)]
        fitting.sort(
            key=lambda c: (-nearness(c.profile.node, need.node), c.idle_since, c.profile.id)
        )
        return [c.profile.id for c in fitting]


def rank(line: Iterable[Waiting], ready: Iterable[ReadyCounselor]) -> Iterator[Pair]:
    """Yield who should be offered to whom, best first, each at most once."""
    return Ranking(ready).pairs(sorted(line, key=place))


def place(waiting: Waiting) -> tuple[int, datetime, ContactId]:
    """Return the place in line: the smaller goes first."""
    return (RANKS[waiting.priority], waiting.arrived_at, waiting.contact)


def nearness(one: NodeId, other: NodeId) -> int:
    """Return how many tiers of the two paths are common, from the city downwards."""
    common = 0
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        common += 1
    return common
