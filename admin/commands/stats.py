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

from admin import bootstrap
from admin.commands.options import DEFAULT_CONFIG, ConfigOption, settings_from
from admin.figures import from_journal, from_tables
from admin.statistics import Cell, Figures, Interval, Measures
from hotline.config import Settings
from hotline.database import snapshot

HEADINGS = (
    "offered", "answered", "abandoned", "short", "in menu", "refused", "failed", "open",
    "ASA s", "AHT s", "connected",
)  # fmt: skip


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
    cells = figures(settings, by, recompute=recompute, since=_in(zone, since))
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
    engine = bootstrap.database(settings)
    source = from_journal if recompute else from_tables
    with snapshot(engine) as session:
        return source(session, measures_of(settings, interval), since)


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
    levels = settings.statistics.service_levels
    table = Table("from", "node", *HEADINGS, *(f"in {n} s" for n in levels))
    for cell, fig in sorted(cells.items(), key=lambda item: (item[0].start, item[0].node)):
        counts = (
            fig.offered, fig.answered, fig.abandoned, fig.short_abandoned,
            fig.abandoned_in_menu, fig.refused, fig.failed, fig.open,
        )  # fmt: skip
        table.add_row(
            f"{cell.start.astimezone(zone):%Y-%m-%d %H:%M}",
            cell.node,
            *map(str, counts),
            _seconds(fig.asa),
            _seconds(fig.aht),
            _percent(fig.connection_rate),
            *(_percent(fig.service_level(n)) for n in levels),
        )
    Console().print(table)
    Console().print(
        f"short: left within {settings.statistics.short_abandon:g} s of waiting; not in the "
        "service level's denominator",
        style="dim",
    )


def _in(zone: ZoneInfo, at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=zone) if at is not None else None


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
