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


class Agenda:
    """To be walked once, while `crew.free` shrinks."""

    def __init__(self, crew: Crew, *, fresh: int, restless: Iterable[Place]) -> None:
        self._crew = crew
        self._fresh = fresh
        self._entries: list[tuple[Rank, int]] = [(place.rank, ALONE) for place in restless]
        self._alone = len(self._entries)
        """How many there are still that came by themselves, not as the head of a line."""
        self._circles = self._fresh_circles()
        self._entries += [(c.line[0], n) for n, c in enumerate(self._circles) if c.line]
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

    def _fresh_circles(self) -> list[Circle]:
        circles: set[Circle] = set()
        for seat in self._crew.seats(self._fresh & self._crew.free):
            circles |= seat.circles
        return list(circles)
