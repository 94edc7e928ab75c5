"""``hotline staffing``: how many counselors a demand needs, by Erlang's formulas."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from admin.commands.operation import Spoken
from admin.simulation.erlang import Demand, Model, model
from admin.simulation.erlang import staffing as fewest
from admin.simulation.report import table_of
from admin.simulation.words import WORDS, Words


def staffing(
    calls_per_hour: Annotated[float, typer.Option(help="In the hour that counts.", min=0.01)],
    handle_minutes: Annotated[
        float, typer.Option(help="Talk, hold and wrap-up of one call.", min=0.01)
    ],
    within: Annotated[float, typer.Option(help="Seconds in which to answer.", min=0)] = 20,
    level: Annotated[
        float, typer.Option(help="The share to answer in that time.", min=0.01, max=0.9999)
    ] = 0.95,
    pools: Annotated[
        int, typer.Option(help="Compare with so many separate pools.", min=1, max=1000)
    ] = 1,
    patience_minutes: Annotated[
        float | None, typer.Option(help="Mean patience (Erlang A); without it nobody gives up.")
    ] = None,
    language: Annotated[Spoken, typer.Option(help="Of the table.")] = Spoken.ZH,
    as_json: Annotated[bool, typer.Option("--json", help="JSON as the last line.")] = False,
) -> None:
    """Print how many counselors answer the share LEVEL of calls WITHIN seconds."""
    if patience_minutes is not None and patience_minutes <= 0:
        raise typer.BadParameter("must be greater than 0", param_hint="--patience-minutes")
    patience = None if patience_minutes is None else 60 * patience_minutes
    demand = Demand(calls_per_hour=calls_per_hour, handle=60 * handle_minutes)
    words = WORDS[language.value]
    rows = []
    table = _table(words, within)
    for count in dict.fromkeys((1, pools)):
        part = demand.split(count)
        each = fewest(part, within=within, level=level, patience=patience)
        served = model(part, each, patience)
        rows.append(_row(part, served, count, each, within))
        table.add_row(*_cells(rows[-1], words))
    Console().print(table)
    if as_json:
        typer.echo(json.dumps(rows))


def _row(part: Demand, served: Model, pools: int, each: int, within: float) -> dict[str, Any]:
    return {
        "pools": pools,
        "erlangs": part.erlangs * pools,
        "each": each,
        "counselors": pools * each,
        "service_level": served.within(within),
        "waits": served.waits,
        "abandons": served.abandons,
        "asa": served.asa,
        "occupancy": served.occupancy,
    }


def _table(words: Words, within: float) -> Table:
    level = words.level.format(f"{within:g}")
    return table_of(
        "", words.load, words.each, words.total, level, words.waits, words.abandons, words.asa,
        words.occupancy,
    )  # fmt: skip


def _cells(row: dict[str, Any], words: Words) -> tuple[str, ...]:
    pools = row["pools"]
    return (
        words.pool if pools == 1 else words.pools.format(pools),
        f"{row['erlangs']:.2f} erl",
        str(row["each"]),
        str(row["counselors"]),
        f"{row['service_level']:.1%}",
        f"{row['waits']:.1%}",
        f"{row['abandons']:.1%}",
        f"{row['asa']:.1f} {words.seconds}",
        f"{row['occupancy']:.1%}",
    )
