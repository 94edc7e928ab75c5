"""``hotline contact``: orders about one caller's visit, to the gateway that carries it."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import uuid4

import typer

from admin.commands.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    fail,
    operator,
    settings_from,
    with_queue,
)
from hotline.ids import ContactId
from hotline.ports import EscalateContact

app = typer.Typer(help="One caller's visit.", no_args_is_help=True)


@app.command()
def escalate(
    contact: Annotated[str, typer.Argument(help="The contact: 32 hex digits, as alarms show it.")],
    reason: Annotated[str, typer.Option(help="Why; journalled.")] = "",
    by: Annotated[str, typer.Option(help="Who gives the order, if not the user.")] = "",
    key: Annotated[
        str, typer.Option(help="An order is carried out once for each key; a new one by default.")
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Bring a professional into a conversation; the counselor may leave once they have joined.

    As *7 on the counselor's phone does. Nothing changes when somebody is asked already.
    """
    if not re.fullmatch(r"[0-9a-f]{32}", contact):
        fail(f"{contact}: a contact has 32 hex digits")
    who = f"operator:{by}" if by else operator()
    order = EscalateContact(contact=ContactId(contact), by=who, reason=reason)
    given = with_queue(
        settings_from(config), lambda store: store.give(order, key=key or uuid4().hex)
    )
    typer.echo("given to the gateway" if given else "was given before with this key")
