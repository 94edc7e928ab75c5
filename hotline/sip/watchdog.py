"""Finds legs from which nothing comes any more: no RTP and no RTCP. Pure but for the counter read.

One look per leg and second at the engine's counters, never anything per packet. A leg on hold may
be silent; its time begins anew when the hold is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hotline.ids import LegId

INTERVAL = 1.0
"""Seconds between two sweeps."""


@dataclass(slots=True)
class _Sign:
    packets: int
    at: float


class Watchdog:
    """Remembers when each leg last gave a sign of life. `limit` is in seconds."""

    def __init__(self, *, limit: float) -> None:
        self._limit = limit
        self._signs: dict[LegId, _Sign] = {}
        self._next = 0.0

    def is_due(self, now: float) -> bool:
        return now >= self._next

    def sweep(self, now: float, watched: Iterable[tuple[LegId, Callable[[], int]]]) -> list[LegId]:
        """Look at `watched` (legs that are up and not held, each with its packet counter).

        Returns the legs that have been silent for the limit. A leg that is seen for the first
        time begins now: silence right after the answer counts as well.
        """
        self._next = now + min(INTERVAL, self._limit / 4)
        seen: dict[LegId, _Sign] = {}
        silent: list[LegId] = []
        for leg, count in watched:
            packets = count()
            sign = self._signs.get(leg)
            if sign is None or sign.packets != packets:
                sign = _Sign(packets, now)
            elif now - sign.at >= self._limit:
                silent.append(leg)
            seen[leg] = sign
        self._signs = seen
        return silent
