"""One line, simulated: who is told what, and how long they waited then. For `estimate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from random import Random

from hotline.ports import Band
from queueing.routing.estimate import ENDS, HOUR, MINUTE, estimate

FIRST, EVERY = 10_000, 45_000
"""ms after which a waiting caller is told, for the first time and again."""
LONGEST_RING = 10_000

Handle = Callable[[Random], float]
"""Seconds that one conversation takes, with its wrap-up."""


@dataclass
class WaitingLine:
    """First come, first served, by `counselors` who are all busy at the beginning.

    `load` is how many callers arrive, over how many could be served; `patience` the mean seconds
    after which a caller gives up.
    """

    counselors: int
    handle: Handle
    load: float
    patience: float
    seed: int = 1
    together: bool = False
    """Whether the counselors begin at the same instant, not spread over a conversation."""
    told: Counter[Band | None] = field(default_factory=Counter)
    late: Counter[Band] = field(default_factory=Counter)
    """Of those told this band: who waited longer than its upper end."""

    def __post_init__(self) -> None:
        self.now = 0
        self.answers: list[int] = []
        self._random = Random(self.seed)
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._line: list[int] = []
        self._ringing = 0
        self._free = 0
        self._leaving = 0
        self._promises: dict[int, list[tuple[int, Band]]] = {}
        mean = sum(self.handle(Random(n)) for n in range(500)) / 500
        self._pause = mean / (self.load * self.counselors)
        for _ in range(self.counselors):
            first = 1.0 if self.together else self._random.uniform(0, mean)
            self._after(first, self._counselor_free)
        self._after(self._random.expovariate(1 / self._pause), self._caller_arrives)

    def run(self, hours: float) -> None:
        """Let so much time pass."""
        end = self.now + round(hours * HOUR)
        while self._due and self._due[0][0] <= end:
            self.now, _, happen = heappop(self._due)
            happen()
        self.now = end

    def counselors_leave(self, count: int) -> None:
        """So many go home, each when free next."""
        self._leaving = count

    @property
    def promised(self) -> int:
        """How often an upper end was told."""
        return sum(count for band, count in self.told.items() if band not in (None, Band.OVER_20))

    def share_late(self, band: Band | None = None) -> float:
        """Of those who were told an upper end (of this band): who waited longer."""
        if band is not None:
            return self.late[band] / max(1, self.told[band])
        return self.late.total() / max(1, self.promised)

    def _after(self, seconds: float, happen: Callable[[], None]) -> None:
        self._number += 1
        heappush(self._due, (self.now + round(seconds * 1000), self._number, happen))

    def _caller_arrives(self) -> None:
        self._after(self._random.expovariate(1 / self._pause), self._caller_arrives)
        caller = self._number
        self._line.append(caller)
        self._promises[caller] = []
        self._after(self._random.expovariate(1 / self.patience), lambda: self._left(caller))
        self._after(FIRST / 1000, lambda: self._tell(caller))
        self._ring()

    def _tell(self, caller: int) -> None:
        if caller not in self._line:
            return
        position = self._line.index(caller) + 1 + self._ringing
        band = estimate(position, self.answers, now=self.now)
        self.told[band] += 1
        if band is not None:
            self._promises[caller].append((self.now, band))
        self._after(EVERY / 1000, lambda: self._tell(caller))

    def _left(self, caller: int) -> None:
        """Impatient: a promise that was broken by then is broken, the others were not put to
        the test, and count as kept."""
        if caller in self._line:
            self._line.remove(caller)
            self._settle(caller)

    def _counselor_free(self) -> None:
        if self._leaving:
            self._leaving -= 1
            return
        self._free += 1
        self._ring()

    def _ring(self) -> None:
        while self._free and self._line:
            caller = self._line.pop(0)
            self._free -= 1
            self._ringing += 1
            self._after(self._random.uniform(1, LONGEST_RING / 1000), partial(self._up, caller))

    def _up(self, caller: int) -> None:
        self._ringing -= 1
        self.answers = [at for at in self.answers if at > self.now - HOUR] + [self.now]
        self._settle(caller)
        self._after(self.handle(self._random), self._counselor_free)

    def _settle(self, caller: int) -> None:
        ends = dict(ENDS)
        for at, band in self._promises.pop(caller):
            if band in ends and self.now - at > ends[band]:
                self.late[band] += 1


def minutes(count: float) -> int:
    """In ms."""
    return round(count * MINUTE)
