"""Players that nobody hears any more, kept until no thread of the engine can be reading them.

The engine tells the end of a file on a thread of its own, up to a tick after the fact and, in
pjproject up to 2.17, also to a player that is gone by then: the process dies (upstream #5045).
A player is therefore disconnected first, and destroyed after it has rested.
"""

from __future__ import annotations

import time

import pjsua2 as pj

from hotline.clock import Clock

REST = 2.0
"""Seconds for which a disconnected player is kept: far more than one tick of the media clock."""
LAST_REST = 0.1
"""Seconds that is waited at most when everything ends: a few ticks."""


class RestingPlayers:
    """Disconnected players, the longest resting first."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._resting: list[tuple[float, pj.AudioMediaPlayer]] = []

    def lay_down(self, player: pj.AudioMediaPlayer) -> None:
        """Keep `player`, which no port hears any more, until it has rested."""
        self._resting.append((self._clock.monotonic(), player))

    def let_go(self) -> None:
        """Destroy those that have rested."""
        rested = self._clock.monotonic() - REST
        while self._resting and self._resting[0][0] <= rested:
            self._resting.pop(0)

    def close(self) -> None:
        """Destroy all, once the last of them has had its last word."""
        if self._resting:
            since = self._clock.monotonic() - self._resting[-1][0]
            time.sleep(max(0.0, LAST_REST - since))
        self._resting.clear()
