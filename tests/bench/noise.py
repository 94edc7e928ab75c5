"""How steady the machine is: one fixed piece of work, timed again and again."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter, process_time

LOOPS = 3_000_000
TIMES = 7


@dataclass(frozen=True, slots=True)
class Noise:
    """`spread`: slowest over fastest repetition, minus 1. `waited`: how much of the time went to
    others (this machine's processes or its host), on average. `best`: seconds of the fastest."""

    spread: float
    waited: float
    best: float


def measure() -> Noise:
    """Time the work; takes a second or two."""
    walls, shares = [], []
    for _ in range(TIMES):
        wall, cpu = perf_counter(), process_time()
        _work()
        wall, cpu = perf_counter() - wall, process_time() - cpu
        walls.append(wall)
        shares.append(max(0.0, 1 - cpu / wall))
    return Noise(max(walls) / min(walls) - 1, sum(shares) / len(shares), min(walls))


def _work() -> int:
    total = 0
    for n in range(LOOPS):
        total += n & 7
    return total
