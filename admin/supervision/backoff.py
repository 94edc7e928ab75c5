"""How long to wait before a dead child is started again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Backoff:
    """Doubling delays, from `first` to `ceiling` seconds; `stable` seconds of life begin anew."""

    first: float = 0.2
    ceiling: float = 30.0
    stable: float = 60.0
    _delay: float = 0.0

    def delay_after(self, lived: float) -> float:
        """Return the delay before the next start, after a life of `lived` seconds."""
        if lived >= self.stable or self._delay == 0.0:
            self._delay = self.first
        else:
            self._delay = min(self._delay * 2, self.ceiling)
        return self._delay
