"""What came of the queue's bench (`tests.bench.queue`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from tests.bench.curve import bars, logarithmic
from tests.bench.figure import Figure, percentile
from tests.bench.report import figure_table

SIZES = (100, 300, 1_000, 3_000, 10_000)
FULL = SIZES[-1]
RATE = 100.0
"""Counselors who become ready per second while the times are measured."""
WINDOWS = 3
RATE_TARGET = 3_000.0
TIME_TARGET = 10.0


@dataclass(frozen=True, slots=True)
class Rush:
    """One volley: how many assignments in how many seconds, and the CPU seconds of each part."""

    made: int
    seconds: float
    redis: float
    dispatchers: Sequence[float]

    @property
    def rate(self) -> float:
        return self.made / self.seconds


@dataclass(slots=True)
class QueueResults:
    """`costs`: by kind of dispatcher, by how many wait: µs of CPU (Redis, dispatcher)."""

    rushes: dict[int, list[Rush]] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    published: list[float] = field(default_factory=list)
    costs: dict[str, dict[int, tuple[float, float]]] = field(default_factory=dict)

    def sums(self) -> dict[str, dict[int, float]]:
        """Return the whole cost: by kind, by how many wait."""
        return {kind: {n: sum(c) for n, c in row.items()} for kind, row in self.costs.items()}

    def figures(self) -> list[Figure]:
        sums = self.sums()
        return [
            *(
                Figure(
                    name=f"assignments at {FULL:,} waiting, {n} dispatcher{'s' * (n > 1)}",
                    unit="1/s", values=[rush.rate for rush in rushes],
                    target=RATE_TARGET if n == 1 else None, at_least=True,
                )
                for n, rushes in self.rushes.items()
            ),
            *(
                Figure(
                    name=f"counselor ready to offer {what}, {RATE:g}/s, {label}", unit="ms",
                    values=[1000 * percentile(window, share) for window in _windows(times)],
                    target=target if label == "p99" else None, under=True,
                )
                for what, times, target in (
                    ("published", self.published, TIME_TARGET),
                    ("in its gateway's hands", self.times, None),
                )
                for label, share in (("p50", 0.5), ("p99", 0.99))
            ),
            *(
                Figure(
                    name=f"CPU per assignment at {n:,} waiting, over that at {SIZES[0]}", unit="",
                    values=[sums["picture"][n] / sums["picture"][SIZES[0]]],
                    peer=[sums["naive"][n] / sums["naive"][SIZES[0]]],
                    target=round(logarithmic(n, SIZES[0]), 2),
                )
                for n in SIZES[1:]
            ),
        ]  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        return {
            "figures": [figure.as_json() for figure in self.figures()],
            "cpu_us": {kind: _with_text_keys(row) for kind, row in self.costs.items()},
            "rushes": {
                str(n): [
                    {"rate": r.rate, "redis_us": 1e6 * r.redis / r.made,
                     "dispatcher_us": [1e6 * s / r.made for s in r.dispatchers]}
                    for r in rushes
                ]
                for n, rushes in self.rushes.items()
            },
        }  # fmt: skip


def show(results: QueueResults, console: Console) -> None:
    """Print the figures, the curve, and where the time of a rush went."""
    console.print(figure_table("the queue; peer: reads the whole line", results.figures()))
    sums = results.sums()
    names = {
        "picture": "CPU per assignment", "naive": "peer: reads the whole line at each look",
        "paged": "peer: reads it 200 at a time until nobody is free",
    }  # fmt: skip
    for line in bars({names[kind]: row for kind, row in sums.items()}, unit="µs"):
        console.print(line, highlight=False, markup=False)
    for n, rushes in results.rushes.items():
        best = max(rushes, key=lambda rush: rush.rate)
        parts = ", ".join(f"{1e6 * s / best.made:.0f}" for s in best.dispatchers)
        console.print(
            f"{n} dispatcher(s), the best rush: {best.rate:,.0f}/s; µs of CPU per assignment: "
            f"Redis {1e6 * best.redis / best.made:.0f}, dispatchers {parts}",
            highlight=False,
        )


def _windows(times: Sequence[float]) -> list[Sequence[float]]:
    size = -(-len(times) // WINDOWS)
    return [times[n : n + size] for n in range(0, len(times), size)]


def _with_text_keys(row: Mapping[int, Any]) -> dict[str, Any]:
    return {str(n): value for n, value in row.items()}
