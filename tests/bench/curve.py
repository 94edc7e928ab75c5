"""A curve as text: how a cost grows with how much there is."""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log10

WIDTH = 48


def bars(rows: Mapping[str, Mapping[int, float]], *, unit: str) -> list[str]:
    """Return one line per point: a bar on a logarithmic scale, the cost, and its ratio to the
    first of its row."""
    costs = [cost for row in rows.values() for cost in row.values()]
    low, high = log10(min(costs)) - 0.1, log10(max(costs))
    lines = []
    for name, row in rows.items():
        first = next(iter(row.values()))
        lines.append(f"{name}, {unit} (logarithmic scale)")
        for size, cost in row.items():
            length = max(1, round(WIDTH * (log10(cost) - low) / ((high - low) or 1)))
            bar = "#" * length
            lines.append(f"  {size:>6,} {bar:<{WIDTH}} {cost:>9,.0f}  x {cost / first:.2f}")
    return lines


def logarithmic(size: int, first: int) -> float:
    """Return by how much a cost may have grown from `first` to `size` that grows as log n."""
    return log(size) / log(first)
