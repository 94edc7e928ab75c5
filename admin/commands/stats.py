"""``hotline stats``: the service's figures, per interval and tier node."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from admin import bootstrap
from admin.commands.options import DEFAULT_CONFIG, ConfigOption, fail, settings_from
from admin.statistics.figures import Cell, Figures, Interval, Measures
from admin.statistics.sources import from_journal, from_tables
from hotline.config import Settings
from hotline.database import snapshot
from hotline.errors import HotlineError


class DatabaseUnready(HotlineError):
    """The database cannot be reached, or has no tables yet."""

    code = "database_unready"


COLUMN = 14
"""Characters that one interval takes."""


def stats(
    by: Annotated[Interval, typer.Option(help="The interval.")] = Interval.HOUR,
    since: Annotated[datetime | None, typer.Option(help="From this local time on.")] = None,
    node: Annotated[str | None, typer.Option(help="One tier node and nothing else.")] = None,
    recompute: Annotated[
        bool, typer.Option(help="Fold the whole journal anew instead of reading the tables.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Print offered, answered, abandoned, ASA, AHT and service levels."""
    settings = settings_from(config)
    zone = ZoneInfo(settings.site.timezone)
    try:
        cells = figures(settings, by, recompute=recompute, since=_in(zone, since))
    except HotlineError as error:
        fail(error)
    chosen = {cell: fig for cell, fig in cells.items() if node is None or cell.node == node}
    if as_json:
        typer.echo(json.dumps(as_rows(chosen, zone), ensure_ascii=False))
    else:
        _print_table(chosen, settings, zone)


def measures_of(settings: Settings, interval: Interval) -> Measures:
    """Return how this site measures."""
    return Measures(
        zone=ZoneInfo(settings.site.timezone),
        interval=interval,
        service_levels=settings.statistics.service_levels,
        short_abandon=settings.statistics.short_abandon,
    )


def figures(
    settings: Settings, interval: Interval, *, recompute: bool, since: datetime | None = None
) -> dict[Cell, Figures]:
    """Return the figures, from the tables or, with `recompute`, from the journal."""
    source = from_journal if recompute else from_tables
    engine = bootstrap.database(settings)
    try:
        with snapshot(engine) as session:
            return source(session, measures_of(settings, interval), since)
    except SQLAlchemyError as error:
        raise DatabaseUnready(
            f"no figures: {str(error).splitlines()[0]}; see `hotline doctor`"
        ) from None


def as_rows(cells: dict[Cell, Figures], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return one JSON object per cell: the sums, and what is derived from them."""
    rows = []
    for cell, fig in sorted(cells.items(), key=lambda item: (item[0].start, item[0].node)):
        levels = {str(n): fig.service_level(n) for n in fig.within}
        rows.append(
            {
                "start": cell.start.astimezone(zone).isoformat(),
                "node": cell.node,
                **asdict(fig),
                "asa": fig.asa,
                "aht": fig.aht,
                "connection_rate": fig.connection_rate,
                "service_level": levels,
            }
        )
    return rows


def _print_table(cells: dict[Cell, Figures], settings: Settings, zone: ZoneInfo) -> None:
    """Print an interval and node a column, a figure a row: this way it fits a terminal."""
    console = Console()
    ordered = sorted(cells.items(), key=lambda item: (item[0].start, item[0].node))
    across = max(1, (console.width - 16) // COLUMN)
    for first in range(0, len(ordered), across):
        part = ordered[first : first + across]
        table = Table(box=None, pad_edge=False)
        table.add_column("", no_wrap=True)
        for cell, _ in part:
            table.add_column(
                f"{cell.start.astimezone(zone):%m-%d %H:%M}\n{cell.node}", justify="right"
            )
        for row in zip(*(_column(fig, settings) for _, fig in part), strict=True):
            table.add_row(row[0][0], *(value for _, value in row))
        console.print(table)
    console.print(
        f"short: left within {settings.statistics.short_abandon:g} s of waiting; not in the "
        "service level's denominator",
        style="dim",
    )


def _column(fig: Figures, settings: Settings) -> list[tuple[str, str]]:
    counts = (
        ("calls", fig.calls), ("offered", fig.offered), ("answered", fig.answered),
        ("abandoned", fig.abandoned), ("short", fig.short_abandoned),
        ("in menu", fig.abandoned_in_menu), ("forwarded", fig.forwarded),
        ("messages", fig.messages), ("refused", fig.refused), ("failed", fig.failed),
        ("open", fig.open), ("promised", fig.promised), ("called back", fig.reached),
        ("given up", fig.given_up),
    )  # fmt: skip
    return [
        *((name, str(count)) for name, count in counts),
        ("ASA s", _seconds(fig.asa)),
        ("AHT s", _seconds(fig.aht)),
        ("connected", _percent(fig.connection_rate)),
        *(
            (f"within {n} s", _percent(fig.service_level(n)))
            for n in settings.statistics.service_levels
        ),
    ]


def _in(zone: ZoneInfo, at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=zone) if at is not None else None


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
