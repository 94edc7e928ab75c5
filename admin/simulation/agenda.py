"""The virtual clock: what happens next, in order; nothing waits for real time."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush


class Entry:
    """One thing that is to happen. Cancelled, it never does."""

    __slots__ = ("act",)

    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self.act = None


class Agenda:
    """A heap of entries. Times are whole milliseconds; equal ones happen in order of entry."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._heap: list[tuple[int, int, Entry]] = []
        self._entered = 0

    def at(self, when: int, act: Callable[[], None]) -> Entry:
        """Let `act` happen at `when`; what is past happens now."""
        entry = Entry(act)
        heappush(self._heap, (max(when, self.now), self._entered, entry))
        self._entered += 1
        return entry

    def after(self, delay: int, act: Callable[[], None]) -> Entry:
        """Let `act` happen `delay` ms from now."""
        return self.at(self.now + delay, act)

    def step(self) -> bool:
        """Let the next thing happen. False: there is none."""
        while self._heap:
            when, _, entry = heappop(self._heap)
            act, entry.act = entry.act, None
            if act is not None:
                self.now = when
                act()
                return True
        return False
