"""``hotline caller callbacks``: the promises that stand, and taking one back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from admin import bootstrap
from admin.commands.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    fail,
    operator,
    settings_from,
    with_queue,
)
from hotline.ids import ContactId
from hotline.number import NumberSealer, SealBroken
from queueing.callbacks import Standing
from queueing.store import QueueStore

SHOWN = 8
"""Digits of a contact: as logs show it."""
STATES = {
    "outside": "waits for",
    "queued": "in line until",
    "offered": "counselor rings",
    "talking": "is being called",
}


def callbacks(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show every caller who is to be called back, who has waited longest first."""
    settings = settings_from(config)
    standing = with_queue(settings, lambda store: store.promised())
    sealer = bootstrap.sealer(settings)
    table = Table("callback", "number", "since", "asked for", "attempts", "state", "")
    for one in standing:
        promise = one.promise
        at = one.looks_at if one.state in ("outside", "queued") else None
        table.add_row(
            one.contact[:SHOWN], _masked(one, sealer), _shown(promise.waiting.arrived_at),
            promise.choice, str(one.attempts), STATES.get(one.state, one.state),
            _shown(at) if at else "",
        )  # fmt: skip
    Console().print(table)


def callback_cancel(
    callback: Annotated[str, typer.Argument(help="As `callbacks` shows it.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Take a promised callback back: nobody is called. It is journalled with who did it."""
    settings = settings_from(config)

    async def withdraw(store: QueueStore) -> int:
        found: list[ContactId] = [
            one.contact for one in await store.promised() if one.contact.startswith(callback)
        ]
        if len(found) == 1 and not await store.withdraw_callback(found[0], by=operator()):
            return 0
        return len(found)

    found = with_queue(settings, withdraw)
    if found != 1:
        fail(f"{found} callbacks are shown as {callback!r}; see `hotline caller callbacks`")


def _masked(one: Standing, sealer: NumberSealer) -> str:
    """Return the number with its middle hidden: enough to tell callers apart."""
    try:
        number = sealer.open(one.promise.caller)
    except SealBroken:
        return "?"
    kept = min(3, len(number) // 4)
    return f"{number[:kept]}{'*' * (len(number) - 2 * kept)}{number[len(number) - kept :]}"


def _shown(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
