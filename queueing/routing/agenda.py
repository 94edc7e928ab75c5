"""The contacts that one pass looks at, in order, though few of those who wait are touched.

They are the restless ones and, for every counselor who has just become free, the head of the line
of each circle that this counselor is in. Each is asked for after the one before was dealt with, so
a line that has lost its head offers the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

from hotline.ids import ContactId
from queueing.routing.circle import Circle, Rank
from queueing.routing.crew import Crew
from queueing.routing.place import Place

ALONE = -1
"""In place of a circle's number."""
FEW = 8
"""Up to so many are asked for their circles; for more, those with a line are asked for them."""


class Agenda:
    """To be walked once, while `crew.free` shrinks. `lined`: all circles with a line."""

    def __init__(
        self, crew: Crew, lined: Iterable[Circle], *, fresh: int, restless: Iterable[Place]
    ) -> None:
        self._crew = crew
        self._fresh = fresh
        self._entries: list[tuple[Rank, int]] = [(place.rank, ALONE) for place in restless]
        self._alone = len(self._entries)
        """How many there are still that came by themselves, not as the head of a line."""
        self._circles = self._fresh_circles(lined)
        self._entries += [(c.line[0], n) for n, c in enumerate(self._circles)]
        heapify(self._entries)

    def __iter__(self) -> Iterator[ContactId]:
        crew, entries = self._crew, self._entries
        while entries and crew.free and (self._alone or self._fresh & crew.free):
            rank, number = heappop(entries)
            if number == ALONE:
                self._alone -= 1
                yield rank[1]
                continue
            circle = self._circles[number]
            if circle.line and circle.line[0] == rank and circle.members & crew.free:
                yield rank[1]
            if circle.line and circle.line[0] != rank and circle.members & crew.free:
                heappush(entries, (circle.line[0], number))

    def _fresh_circles(self, lined: Iterable[Circle]) -> list[Circle]:
        """Return those of `lined` that somebody fresh is in."""
        fresh = self._fresh & self._crew.free
        if fresh.bit_count() > FEW:
            return [circle for circle in lined if circle.members & fresh]
        theirs: set[Circle] = set()
        for seat in self._crew.seats(fresh):
            theirs |= seat.circles
        return [circle for circle in theirs if circle.line]
