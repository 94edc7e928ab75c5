"""``hotline messages``: what callers left when nobody was there, until somebody dealt with it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from admin import bootstrap
from admin.commands.options import DEFAULT_CONFIG, ConfigOption, fail, operator, settings_from
from admin.messages import WaitingMessage, waiting
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.database import snapshot
from hotline.events import MessageHandled, message_subject
from hotline.ids import ContactId, new_event_id
from hotline.journal.directsink import DirectSink

app = typer.Typer(help="Messages that callers left when nobody was there.", no_args_is_help=True)

SHOWN = 8
"""Characters of a contact's id: enough to tell messages apart by eye."""


@app.command("list")
def list_(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show the messages that nobody has dealt with, the oldest first. To hear one give its id to
    `hotline recordings export`."""
    table = Table("id", "left", "seconds", "topic", "language", "line", "recording")
    for message in _waiting(settings_from(config)):
        table.add_row(
            message.contact[:SHOWN],
            message.left_at.astimezone().strftime("%m-%d %H:%M"),
            "" if message.seconds is None else f"{message.seconds:.0f}",
            message.topic,
            message.language,
            message.line,
            message.file,
        )
    Console().print(table if table.rows else "no message waits")


@app.command()
def done(
    message: Annotated[str, typer.Argument(help="The id, as the list shows it.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that you have dealt with a message. The journal keeps who did."""
    settings = settings_from(config)
    contact = _find(settings, message)
    sink = DirectSink(
        redis_url=settings.redis_url, spool_dir=settings.spool_dir, process="messages"
    )
    try:
        sink.append(
            MessageHandled(
                id=new_event_id(),
                subject=message_subject(contact),
                seq=1,  # the first one counts: it is dealt with once
                at=SystemClock().now(),
                contact=contact,
                by=operator(),
            )
        )
    finally:
        sink.close()
    typer.echo(f"message {contact[:SHOWN]} is done")


def _find(settings: Settings, text: str) -> ContactId:
    """Return the one message that waits whose id begins with `text`."""
    found = [one.contact for one in _waiting(settings) if text and one.contact.startswith(text)]
    if not found:
        fail(f"no message {text!r} waits; see `hotline messages list`")
    if len(found) > 1:
        fail(f"{len(found)} messages begin with {text!r}; give more of the id")
    return found[0]


def _waiting(settings: Settings) -> list[WaitingMessage]:
    try:
        with snapshot(bootstrap.database(settings)) as session:
            return waiting(session)
    except SQLAlchemyError as error:
        fail(f"the tables cannot be read: {str(error).splitlines()[0]}; see `hotline doctor`")
