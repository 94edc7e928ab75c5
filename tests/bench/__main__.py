"""``python -m tests.bench``: what a recorded conversation costs, how fast a counselor's phone
rings, how many calls a second are served. By the whole platform; then by bare pjsua2. Then how fast
the queue brings people together (`tests.bench.queue`).

Eleven minutes; ``--quick`` six, with shorter windows (its p99 are of few calls). ``calls`` or
``queue`` is that part alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console

from hotline.clock import SystemClock
from tests.bench import noise, queue
from tests.bench.bare import bare_peer
from tests.bench.load import Hold, LoadFailed, call_at_rate
from tests.bench.report import Results, Run, machine, show
from tests.bench.system import System
from tests.bench.whole import whole_platform

LEVELS = (50, 200)
SPARE = 40
"""Counselors beyond the most conversations: those in wrap-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long each part takes, in seconds."""

    windows: int
    window: float
    rates: dict[float, float]


FULL = Plan(windows=3, window=8.0, rates={20.0: 60.0, 40.0: 60.0})
QUICK = Plan(windows=3, window=3.0, rates={20.0: 9.0, 40.0: 12.0})


class Bench:
    """One run."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self._plan = plan
        self._console = console
        self._start = perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return perf_counter() - self._start

    def say(self, what: str) -> None:
        """Show progress."""
        self._console.print(f"[{self.seconds:6.1f} s] {what}", markup=False)

    async def run(self, folder: Path) -> Run:
        began = SystemClock().now().isoformat(timespec="seconds")
        noises = [self._noise()]
        seats = max(LEVELS) + SPARE
        pid = os.getpid()
        async with whole_platform(
            folder / "p", seats=seats, bench_pid=pid, say=self.say
        ) as platform:
            whole = await self._measure(platform)
            journal = {"contacts": platform.results(), "recordings": platform.recordings()}
        noises.append(self._noise())
        async with bare_peer(folder / "peer", pid) as peer:
            bare = await self._measure(peer)
        noises.append(self._noise())
        run = Run(whole=whole, peer=bare, noise=noises, journal=journal, began=began)
        run.seconds = self.seconds
        return run

    def _noise(self) -> noise.Noise:
        found = noise.measure()
        self.say(
            f"noise: a fixed piece of work, {100 * found.spread:.1f} % between fastest and slowest"
        )
        return found

    async def _measure(self, system: System) -> Results:
        results, name = Results(), system.setup.name
        hold = Hold(system, self.say)
        for level in LEVELS:
            self.say(f"{name}: building up {level} conversations")
            try:
                results.held += await hold.measure(
                    level, windows=self._plan.windows, seconds=self._plan.window
                )
            except LoadFailed as error:  # the next level, and its CPU, is measured all the same
                results.broken.append(str(error))
                self.say(str(error))
        results.broken += hold.lost
        self.say(f"{name}: hanging up, and sealing what was recorded")
        await hold.end()
        for rate, seconds in self._plan.rates.items():
            self.say(f"{name}: {rate:g} calls/s for {seconds:g} s")
            results.rates.append(await call_at_rate(system, rate, seconds=seconds, say=self.say))
            self.say(f"{name}: {dict(results.rates[-1].faults) or 'no call failed'}")
            await system.rest()
        return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("part", nargs="?", choices=("calls", "queue"), help="that one alone")
    parser.add_argument("--quick", action="store_true", help="shorter windows")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where to")
    options = parser.parse_args()
    console = Console(width=None if os.isatty(1) else 150)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="hb-") as folder:  # short: sockets are in it
        bench = Bench(QUICK if options.quick else FULL, console)
        if options.part != "queue":
            run = asyncio.run(bench.run(Path(folder)))
            show(run, console)
            found |= run.as_json()
        if options.part != "calls":
            results = asyncio.run(queue.measure(Path(folder) / "queue", bench.say))
            queue.show(results, console)
            found |= {"machine": machine(), "queue": results.as_json()}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    console.print(f"{bench.seconds:.0f} s; all of it in {options.json}")


if __name__ == "__main__":
    main()
