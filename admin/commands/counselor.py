"""``hotline counselor``: who works here, and what each does now."""

from __future__ import annotations

import getpass
import secrets
from contextlib import suppress
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
from admin.roster import EXTENSION, Person
from hotline.edge.control import Control
from hotline.errors import HotlineError
from hotline.events import CounselorState
from hotline.ids import CounselorId
from queueing.presence import Presence
from queueing.routing.skills import CounselorKind
from queueing.store import QueueStore

app = typer.Typer(help="Counselors and in-house phones.", no_args_is_help=True)

KINDS = [*CounselorKind, EXTENSION]


def parse_skills(texts: list[str]) -> dict[str, int]:
    """Return ``emotion:3`` and the like as a mapping; a bare name means level 1.

    Raises ValueError naming the text that is wrong.
    """
    skills = {}
    for text in texts:
        name, _, level = text.partition(":")
        if not name or (level and level not in {"1", "2", "3", "4", "5"}):
            raise ValueError(f"skill {text!r}: write name or name:level, with a level from 1 to 5")
        skills[name] = int(level or 1)
    return skills


@app.command()
def add(
    extension: Annotated[str, typer.Argument(help="3 to 8 digits: what the phone registers as.")],
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")] = "volunteer",
    node: Annotated[str, typer.Option(help="The tier node, such as city/east.")] = "city",
    skill: Annotated[
        list[str] | None, typer.Option(help="A skill with its level, such as crisis:3.")
    ] = None,
    generate: Annotated[
        bool, typer.Option(help="Make up the phone's password and print it, instead of asking.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Add a counselor or an in-house phone, or change what is known of one."""
    settings = settings_from(config)
    if kind not in KINDS:
        fail(f"--kind {kind}: must be one of {', '.join(KINDS)}")
    try:
        skills = parse_skills(skill or [])
    except ValueError as error:
        fail(str(error))
    password = secrets.token_urlsafe(12) if generate else getpass.getpass("Password: ")
    person = Person(extension=extension, name=name, kind=kind, node=node, skills=skills)

    async def work(store: QueueStore) -> None:
        await bootstrap.roster(settings, store).add(person, password)

    with_queue(settings, work)
    if generate:
        typer.echo(f"{extension} {password}")


@app.command()
def remove(extension: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Remove a counselor or an in-house phone."""
    settings = settings_from(config)

    async def work(store: QueueStore) -> None:
        await bootstrap.roster(settings, store).remove(extension, by=operator())

    with_queue(settings, work)


@app.command("list")
def list_(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show every counselor, what each does now and since when."""
    settings = settings_from(config)
    table = Table("extension", "name", "kind", "node", "skills", "state", "reason", "since")
    for presence in with_queue(settings, lambda store: store.counselors()):
        table.add_row(*_cells(presence))
    Console().print(table)


@app.command()
def ready(extension: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Make a counselor ready; ends wrap-up."""
    _change(extension, CounselorState.READY, "", config)
    with suppress(HotlineError):  # an edge that does not say is no reason to warn
        if not Control.of(settings_from(config)).phones(extension):
            typer.echo(f"{extension} has no phone registered: not ready within seconds")


@app.command("not-ready")
def not_ready(
    extension: str,
    reason: Annotated[str, typer.Option(help="Why, such as break.")] = "operator",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make a counselor not ready; during a call it takes effect after it."""
    _change(extension, CounselorState.NOT_READY, reason, config)


@app.command()
def extend(extension: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Give a counselor more time for the record: lengthens the wrap-up that runs."""
    ends = with_queue(
        settings_from(config),
        lambda store: store.extend_wrap_up(CounselorId(extension), by=operator()),
    )
    typer.echo(f"{extension} wrap_up until {ends.astimezone():%H:%M:%S}")


@app.command()
def offline(extension: str, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Sign a counselor off."""
    _change(extension, CounselorState.OFFLINE, "", config)


def _change(extension: str, state: CounselorState, reason: str, config: ConfigOption) -> None:
    settings = settings_from(config)
    now = with_queue(
        settings,
        lambda store: store.change_state(
            CounselorId(extension), state, reason=reason, by=operator()
        ),
    )
    typer.echo(f"{extension} {now}" + ("" if now is state else f" (then {state})"))


def _cells(presence: Presence) -> tuple[str, ...]:
    profile = presence.profile
    skills = ", ".join(f"{name}:{level}" for name, level in sorted(profile.skills.items()))
    since = presence.since.astimezone().strftime("%H:%M:%S")
    return (
        profile.id,
        profile.name,
        profile.kind,
        profile.node,
        skills,
        presence.state,
        presence.reason,
        since,
    )
