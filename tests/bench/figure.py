"""One figure: what was measured in each window, against its target and its peer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`values` of the platform and of the `peer`, one per window, in `unit`.

    `target`: the highest median that is good enough, with `at_least` the lowest, with `under` the
    first that is not; None where none was set.
    """

    name: str
    unit: str
    values: Sequence[float]
    peer: Sequence[float] = ()
    target: float | None = None
    at_least: bool = False
    under: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the median is within the target; None without target or values."""
        if self.target is None:
            return None
        if not self.values:
            return False
        found = median(self.values)
        if self.at_least:
            return found >= self.target
        return found < self.target if self.under else found <= self.target

    @property
    def ratio(self) -> float | None:
        """The platform's median over the peer's."""
        if not self.values or not self.peer or not median(self.peer):
            return None
        return median(self.values) / median(self.peer)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "platform": _spread(self.values),
            "peer": _spread(self.peer),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "target": self.target,
            "met": self.met,
        }


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least `share` of all do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def _spread(values: Sequence[float]) -> dict[str, Any] | None:
    if not values:
        return None
    return {
        "min": round(min(values), 4),
        "median": round(median(values), 4),
        "max": round(max(values), 4),
        "windows": [round(value, 4) for value in values],
    }
