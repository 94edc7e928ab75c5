"""What came of a run: the table that is read, and the JSON that is kept."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.figure import Figure, percentile
from tests.bench.load import Held, Rate, Served
from tests.bench.noise import Noise

CPU_TARGET = 0.30
"""Percent of a core per recorded conversation, at 200: of the gateways, and of all processes."""
ANSWER_TARGET = 30.0
"""Milliseconds from INVITE to 200, p99, at 20 calls/s."""
TARGET_HELD, TARGET_CALM, TARGET_RATE = 200, 20.0, 40.0
WINDOWS = 3


@dataclass(slots=True)
class Results:
    """Everything that was measured of one system. `broken`: what could not be brought about."""

    held: list[Held] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def held_at(self, conversations: int) -> list[Held]:
        return [one for one in self.held if one.conversations == conversations]

    def rate_of(self, rate: float) -> Rate | None:
        return next((one for one in self.rates if one.rate == rate), None)


@dataclass(slots=True)
class Run:
    """One run of the bench."""

    whole: Results
    peer: Results
    noise: list[Noise]
    journal: Mapping[str, Any]
    """What the platform's own tables say of the same calls."""
    began: str
    seconds: float = 0.0

    def figures(self) -> list[Figure]:
        """Return every figure, in the order in which they are read."""
        levels = sorted({one.conversations for one in self.whole.held + self.peer.held})
        rates = sorted({one.rate for one in self.whole.rates + self.peer.rates})
        return [
            *(figure for level in levels for figure in self._of_level(level)),
            *(figure for rate in rates for figure in self._of_rate(rate)),
        ]

    def _of_level(self, level: int) -> list[Figure]:
        whole, peer = self.whole.held_at(level), self.peer.held_at(level)
        target = CPU_TARGET if level == TARGET_HELD else None
        return [
            Figure(
                name=f"CPU of the gateways per recorded conversation, {level} at once",
                unit="% of a core",
                values=[100 * one.carriers for one in whole],
                peer=[100 * one.carriers for one in peer],
                target=target,
            ),
            Figure(
                name=f"CPU of all processes per recorded conversation, {level} at once",
                unit="% of a core",
                values=[100 * one.system for one in whole],
                peer=[100 * one.system for one in peer],
                target=target,
            ),
            Figure(
                name=f"speech that did not arrive, {level} at once",
                unit="% of RTP packets",
                values=[100 * (1 - one.speech) for one in whole],
                peer=[100 * (1 - one.speech) for one in peer],
            ),
            Figure(
                name=f"speech that was not recorded, {level} at once",
                unit="% of bytes",
                values=[100 * (1 - one.recorded) for one in whole],
                peer=[100 * (1 - one.recorded) for one in peer],
            ),
        ]

    def _of_rate(self, rate: float) -> list[Figure]:
        whole, peer = self.whole.rate_of(rate), self.peer.rate_of(rate)
        calm = rate == TARGET_CALM
        return [
            *_times(f"INVITE to 200, {rate:g} calls/s", whole, peer, Served.answer_ms, calm),
            *_times(f"INVITE to ringing counselor, {rate:g} calls/s", whole, peer, Served.phone_ms),
            Figure(
                name=f"failed calls, {rate:g} calls/s for {whole.seconds if whole else 0:g} s",
                unit="calls",
                values=[sum(whole.faults.values())] if whole else [],
                peer=[sum(peer.faults.values())] if peer else [],
                target=0 if rate == TARGET_RATE else None,
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "began": self.began,
            "seconds": round(self.seconds),
            "machine": machine(),
            "noise": [asdict(one) for one in self.noise],
            "figures": [figure.as_json() for figure in self.figures()],
            "journal": dict(self.journal),
            "details": {"platform": _details(self.whole), "peer": _details(self.peer)},
        }


def _times(
    name: str, whole: Rate | None, peer: Rate | None, of: Any, aim: bool = False
) -> list[Figure]:
    return [
        Figure(
            name=f"{name}, {label}",
            unit="ms",
            values=_windows(whole, of, share),
            peer=_windows(peer, of, share),
            target=ANSWER_TARGET if aim and label == "p99" else None,
        )
        for label, share in (("p50", 0.50), ("p99", 0.99))
    ]


def _windows(rate: Rate | None, of: Any, share: float) -> list[float]:
    if rate is None:
        return []
    windows = [[of(call) for call in part if not call.fault] for part in rate.windows(WINDOWS)]
    return [percentile(part, share) for part in windows if part]


def _details(results: Results) -> dict[str, Any]:
    return {
        "held": [asdict(one) for one in results.held],
        "rates": [
            {
                "rate": one.rate,
                "seconds": one.seconds,
                "calls": len(one.calls),
                "faults": dict(one.faults),
                "shares": one.shares,
                "most_at_once": one.most_held,
                "sent_late_ms": 1000 * one.sent_late,
            }
            for one in results.rates
        ],
        "broken": results.broken,
    }


def machine() -> dict[str, str]:
    """Say on what it ran; nothing that names the machine."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


# --- for the eye -------------------------------------------------------------------------


def show(run: Run, console: Console) -> None:
    """Print the table, the noise, and where the time went."""
    console.print(figure_table("platform and bare pjsua2", run.figures()))
    for results, name in ((run.whole, "platform"), (run.peer, "peer")):
        _show_shares(results, name, console)
        for sentence in results.broken:
            console.print(f"{name}: {sentence}")
    console.print(f"the platform's own tables: {dict(run.journal)}")
    spread = max(one.spread for one in run.noise)
    waited = max(one.waited for one in run.noise)
    console.print(
        f"noise: the same work took up to {100 * spread:.1f} % longer; "
        f"up to {100 * waited:.1f} % of its time went to others"
    )


def figure_table(title: str, figures: Iterable[Figure]) -> Table:
    """Return the figures as a table."""
    table = Table(title=f"{title}, median (min to max) of the windows")
    for column in ("figure", "unit", "platform", "peer", "ratio", "target", ""):
        table.add_column(column, justify="left" if column in ("figure", "unit") else "right")
    for figure in figures:
        sign = ">=" if figure.at_least else "<" if figure.under else "<="
        table.add_row(
            figure.name,
            figure.unit,
            _text(figure.values),
            _text(figure.peer),
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "" if figure.target is None else f"{sign} {figure.target:g}",
            {True: "met", False: "MISSED", None: ""}[figure.met],
        )
    return table


def _show_shares(results: Results, name: str, console: Console) -> None:
    loads: list[tuple[str, Mapping[str, float]]] = [
        (f"{one.conversations} conversations", one.shares) for one in results.held[2::3]
    ]
    loads += [(f"{one.rate:g} calls/s", one.shares) for one in results.rates]
    for load, shares in loads:
        parts = ", ".join(f"{part} {100 * share:.1f}" for part, share in shares.items())
        console.print(f"{name}, {load}, % of a core: {parts}", highlight=False)


def _text(values: Sequence[float]) -> str:
    if not values:
        return "-"
    if len(values) == 1:
        return _short(values[0])
    return f"{_short(median(values))} ({_short(min(values))} to {_short(max(values))})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
