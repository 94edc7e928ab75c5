"""``hotline``: the command line."""

from __future__ import annotations

import faulthandler
import os

import typer

from admin.commands import (
    caller,
    contact,
    counselor,
    edge,
    line,
    messages,
    operation,
    plan,
    recordings,
    state,
)
from admin.commands.simulate import simulate
from admin.commands.staffing import staffing
from admin.commands.stats import stats

app = typer.Typer(
    help="The platform of a psychological hotline.", no_args_is_help=True, add_completion=False
)
app.add_typer(counselor.app, name="counselor")
app.add_typer(caller.app, name="caller")
app.add_typer(contact.app, name="contact")
app.add_typer(line.app, name="line")
app.add_typer(messages.app, name="messages")
app.add_typer(edge.app, name="edge")
app.add_typer(plan.app, name="plan")
app.add_typer(recordings.app, name="recordings")
for command in (
    operation.init,
    operation.up,
    operation.run,
    operation.demo,
    operation.migrate,
    state.status,
    state.down,
    state.doctor,
    stats,
    simulate,
    staffing,
):
    app.command()(command)


def main() -> None:
    """Entry point of the ``hotline`` program. Whatever it writes, its user alone may read, and
    if the engine ends it, it says where (frames, never a value)."""
    faulthandler.enable()
    os.umask(0o077)
    app()


if __name__ == "__main__":
    main()
