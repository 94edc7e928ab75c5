"""``hotline line``: the numbers that callers dial, their hours, and a notice before the menu."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from admin.commands.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    fail,
    operator,
    settings_from,
    with_queue,
)
from hotline.clock import SystemClock
from hotline.config import Line, Settings
from hotline.errors import PromptMissing
from hotline.menu.hours import read_hours
from hotline.prompts.library import PromptLibrary

app = typer.Typer(help="The numbers that callers dial.", no_args_is_help=True)


@app.command("list")
def list_(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show every line, whether it is open now, and its notice."""
    settings = settings_from(config)
    notices = with_queue(settings, lambda store: store.notices())
    now = SystemClock().now().astimezone(ZoneInfo(settings.site.timezone))
    table = Table("number", "menu", "node", "hours", "now", "notice")
    for line in settings.lines:
        state = "open" if read_hours(line.open).open_at(now) else "closed"
        table.add_row(
            line.number, line.flow, line.node, "\n".join(line.open), state,
            notices.get(line.number, ""),
        )  # fmt: skip
    Console().print(table)


@app.command()
def notice(
    number: Annotated[str, typer.Argument(help="The line, such as 12356.")],
    what: Annotated[
        str, typer.Argument(help="on, off, or the name of a prompt to say before the menu.")
    ],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Let the callers of a line hear a notice before the menu, from the next call on.

    A WAV of your own goes to state/prompts/custom/<language>/<name>.wav (8 kHz, mono, 16 bit).
    """
    settings = settings_from(config)
    line = _line(settings, number)
    prompt = {"on": line.notice, "off": ""}.get(what, what)
    if prompt:
        _check_prompt(settings, prompt)
    with_queue(settings, lambda store: store.put_notice(number, prompt, by=operator()))
    typer.echo(f"{number}: {prompt or 'no notice'}")


def _line(settings: Settings, number: str) -> Line:
    for line in settings.lines:
        if line.number == number:
            return line
    numbers = ", ".join(line.number for line in settings.lines)
    fail(f"there is no line {number}; the lines are {numbers}")


def _check_prompt(settings: Settings, prompt: str) -> None:
    try:
        PromptLibrary(settings.prompts_dir, settings.site.language).find(prompt, "")
    except PromptMissing as error:
        fail(error)
