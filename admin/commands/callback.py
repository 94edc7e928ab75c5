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
from queueing.callbacks import Standing, Withdrawal
from queueing.cancellation import pause
from queueing.store import QueueStore

SHOWN = 8
"""Digits of a contact: as logs show it."""
STOPS_WITHIN = 30.0
"""Seconds: its words to the counselor, or its death and the lease after it."""
LOOK_EVERY = 0.2
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

    async def withdraw(store: QueueStore) -> tuple[int, Withdrawal]:
        found: list[ContactId] = [
            one.contact for one in await store.promised() if one.contact.startswith(callback)
        ]
        if len(found) != 1:
            return len(found), Withdrawal.UNKNOWN
        said = await store.withdraw_callback(found[0], by=operator())
        if said is Withdrawal.DIALLED and await _stopped(store, found[0]):
            typer.echo("the caller was being called at this moment: that call was the last")
            said = Withdrawal.WITHDRAWN
        return int(said is not Withdrawal.UNKNOWN), said

    found, said = with_queue(settings, withdraw)
    if found != 1:
        fail(f"{found} callbacks are shown as {callback!r}; see `hotline caller callbacks`")
    if said is Withdrawal.DIALLED:
        fail(f"{callback!r} is being called, and its gateway has not said that it stopped; nobody "
             "calls again")  # fmt: skip


async def _stopped(store: QueueStore, contact: ContactId) -> bool:
    """Wait until nobody calls `contact`; False when its gateway does not say so in time."""
    for _ in range(round(STOPS_WITHIN / LOOK_EVERY)):
        if all(one.contact != contact for one in await store.promised()):
            return True
        await pause(LOOK_EVERY)
    return False


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
