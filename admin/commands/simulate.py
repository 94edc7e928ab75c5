"""``hotline simulate``: a roster and a routing plan, tried out before callers have to."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from admin.commands.operation import Spoken
from admin.commands.options import fail
from admin.simulation.chart import draw
from admin.simulation.replications import replicate
from admin.simulation.report import report
from admin.simulation.scenario import Scenario
from admin.simulation.scenario_file import load_scenario
from admin.simulation.summary import Summary
from admin.simulation.words import WORDS
from hotline.errors import HotlineError
from queueing.routing.plan import Plan, default_plan, read_plan


def simulate(
    scenario: Annotated[
        str, typer.Argument(metavar="FILE", help="A scenario: a file, or night-shift, city-day.")
    ],
    runs: Annotated[int, typer.Option(help="How often, each with other chance.", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="The same seed, the same callers.")] = 1,
    plan: Annotated[
        Path | None, typer.Option(help="A routing plan; without it, the shipped one.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the hours to an SVG file.")
    ] = None,
    language: Annotated[Spoken, typer.Option(help="Of tables and drawing.")] = Spoken.ZH,
    as_json: Annotated[bool, typer.Option("--json", help="JSON as the last line.")] = False,
) -> None:
    """Let made-up callers and counselors meet under the real routing code; needs no platform."""
    if plot is not None and plot.suffix.lower() != ".svg":
        fail(f"--plot {plot}: the name must end in .svg")
    try:
        what, how = load_scenario(scenario), _plan(plan)
    except HotlineError as error:
        fail(error)
    summary = _runs(what, how, seed=seed, runs=runs)
    words = WORDS[language.value]
    console = Console()
    console.print(report(summary, words, console.width))
    if plot is not None:
        _write(plot, draw(summary, words))
    if as_json:
        typer.echo(json.dumps(asdict(summary), ensure_ascii=False))


def _plan(path: Path | None) -> Plan:
    if path is None:
        return default_plan()
    try:
        return read_plan(path.read_text(encoding="utf-8"), origin=str(path))
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path}: cannot be read: {error}")


def _runs(scenario: Scenario, plan: Plan, *, seed: int, runs: int) -> Summary:
    """Run while a bar on standard error shows how far it is."""
    columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=runs)
        return replicate(
            scenario,
            plan,
            seed=seed,
            runs=runs,
            done=lambda count: progress.update(task, completed=count),
        )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{path}: cannot be written: {error}")
