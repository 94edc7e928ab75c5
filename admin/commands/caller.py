"""``hotline caller``: block and unblock a caller, by number; only its digest is kept."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer

from admin import bootstrap
from admin.commands.options import DEFAULT_CONFIG, ConfigOption, fail, settings_from, with_queue
from hotline.clock import SystemClock

app = typer.Typer(help="Callers who harass the service.", no_args_is_help=True)


@app.command()
def block(
    reason: Annotated[str, typer.Option(help="Why; shown at review.")],
    days: Annotated[float, typer.Option(help="For how long.", min=0.01, max=365)] = 7,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Block a caller. The number is asked for, so that it stands in no shell history."""
    settings = settings_from(config)
    digest = _ask_digest(config)
    until = SystemClock().now() + timedelta(days=days)
    with_queue(settings, lambda store: store.block(digest, reason=reason, until=until))
    typer.echo(f"blocked until {until.astimezone():%Y-%m-%d %H:%M}")


@app.command()
def unblock(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Let a blocked caller through again."""
    settings = settings_from(config)
    digest = _ask_digest(config)
    with_queue(settings, lambda store: store.unblock(digest))


def _ask_digest(config: ConfigOption) -> str:
    number = typer.prompt("Number", hide_input=True)
    if not re.fullmatch(r"\+?[0-9 -]{3,20}", number):
        fail("that is no telephone number: digits, with + or 0086 before a foreign one")
    return bootstrap.sealer(settings_from(config)).seal(number).digest
