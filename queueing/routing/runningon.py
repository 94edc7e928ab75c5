"""A time that runs on when the clock is set back. All instants are ms since 1970."""

from __future__ import annotations

from typing import Final

CLOCKS_DIFFER: Final = 5_000
"""Hosts' clocks agree to within this: an arrival that is further ahead is one by the queue's own
time (`lua/enqueue.lua`), from which the clock is behind."""


class RunningOn:
    """Asked with the clock's time, whichever way that has gone since."""

    def __init__(self) -> None:
        self._clock = 0
        self._ahead = 0
        self._latest = 0

    def at(self, clock: int) -> int:
        """Return the time that it is when the clock says `clock`."""
        if clock < self._clock:
            self._ahead += self._clock - clock
        self._clock = clock
        if self._latest > clock + self._ahead + CLOCKS_DIFFER:
            self._ahead = self._latest - clock
        return clock + self._ahead

    def by_the_clock(self, instant: int) -> int:
        """Return what the clock will say at `instant`, if nobody sets it."""
        return instant - self._ahead

    def note_arrival(self, instant: int) -> None:
        """Somebody arrived then: it is not earlier now."""
        self._latest = max(self._latest, instant)

    def forget_arrivals(self) -> None:
        self._latest = 0
