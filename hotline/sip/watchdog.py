"""Finds legs from which nothing comes any more: no RTP and no RTCP. Pure but for the counter read.

One look per leg and second at the engine's counters, never anything per packet. A leg on hold may
be silent; its time begins anew when the hold is over. A leg whose packets cannot be counted has
no audio that the engine knows of: it counts as silent, and costs no other leg its look. A time in
which nobody looked, for the process stood still, is nobody's silence: what came meanwhile may not
have been read yet.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hotline.ids import LegId

log = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two sweeps at most."""


@dataclass(slots=True)
class _Sign:
    packets: int | None
    """None as long as they could not be counted."""
    at: float
    fault_told: bool = False


class Watchdog:
    """Remembers when each leg last gave a sign of life. `limit` is in seconds."""

    def __init__(self, *, limit: float) -> None:
        self._limit = limit
        self._every = min(INTERVAL, limit / 4)
        self._signs: dict[LegId, _Sign] = {}
        self._next = 0.0

    def is_due(self, now: float) -> bool:
        return now >= self._next

    def sweep(self, now: float, watched: Iterable[tuple[LegId, Callable[[], int]]]) -> list[LegId]:
        """Look at `watched` (legs that are up and not held, each with its packet counter).

        Returns the legs that have been silent for the limit. A leg that is seen for the first
        time begins now: silence right after the answer counts as well.
        """
        if (late := now - self._next) > self._every:
            for sign in self._signs.values():
                sign.at += late
        self._next = now + self._every
        seen: dict[LegId, _Sign] = {}
        silent: list[LegId] = []
        for leg, count in watched:
            sign = self._look(leg, count, now)
            if now - sign.at >= self._limit:
                silent.append(leg)
            seen[leg] = sign
        self._signs = seen
        return silent

    def _look(self, leg: LegId, count: Callable[[], int], now: float) -> _Sign:
        """Return the leg's last sign of life, which is one of now when packets came in."""
        sign = self._signs.get(leg) or _Sign(None, now)
        try:
            packets = count()
        except Exception as error:  # whatever the engine says of one leg, the others are looked at
            if not sign.fault_told:
                name = type(error).__name__
                log.warning("leg %s: its packets cannot be counted: %s", leg[:8], name)
            sign.fault_told = True
            return sign
        if packets != sign.packets:
            sign.packets, sign.at = packets, now
        return sign
