"""``hotline init``, ``up``, ``run``, ``demo``, ``migrate``: the platform as a whole."""

from __future__ import annotations

import asyncio
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from admin import bootstrap, platform
from admin.commands.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    fail,
    log_to_stderr,
    settings_from,
    told_in_a_sentence,
    with_queue,
)
from admin.demo.cast import CONFIG as DEMO_CONFIG
from admin.demo.performance import demonstrate
from admin.initialize import write_config
from admin.processes.capacity import processes_for
from admin.processes.endpoints import refuse_impossible
from hotline.config import Settings
from hotline.edge import configuration as edge
from hotline.errors import HotlineError
from hotline.sip.engine import describe


class Spoken(StrEnum):
    """The site's language."""

    ZH = "zh"
    EN = "en"


DEMO_PLACE = Path("demo/hotline.toml")
"""The demonstration keeps to a folder of its own."""


def init(
    language: Annotated[Spoken, typer.Option(help="Of prompts and messages.")] = Spoken.ZH,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write a configuration file with free ports and every setting explained."""
    try:
        write_config(config, language=language, processes=processes_for(describe().capacity))
    except HotlineError as error:
        fail(error)
    typer.echo(f"{config} written")


def up(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run the whole platform on this machine until it is told to stop."""
    settings = settings_from(config)
    log_to_stderr()

    def say(text: str) -> None:
        typer.echo(f"  {text}", err=True)

    with told_in_a_sentence("up"):
        refuse_impossible(settings, config)  # before anything is made
        platform.prepare(settings, say)
        asyncio.run(platform.stay(settings, config, say))


def run(
    name: Annotated[str, typer.Argument(help="gateway-1, gateway-2 ..., edge, scribe or worker.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Run one process, as the supervisor and the containers do."""
    # A flow that has gone since `up` raises an alarm: it must not keep a gateway from coming back.
    settings = settings_from(config, lost_flows=True)
    log_to_stderr()
    with told_in_a_sentence(name):
        _run(settings, name)


def _run(settings: Settings, name: str) -> None:
    names = {f"gateway-{n + 1}" for n in range(settings.gateway.processes)}
    # Each is imported only where it runs: the scribe needs no telephone engine.
    if name in names:
        from admin.processes import gateway as gateway_process

        gateway_process.run(settings, name)
    elif name == "scribe":
        from admin.processes import scribe as scribe_process

        scribe_process.run(settings)
    elif name == "worker":
        from admin.processes import worker as worker_process

        worker_process.run(settings)
    elif name == "edge":
        edge.write(settings)
        argv = edge.command(settings)
        os.execvp(argv[0], argv)  # noqa: S606 - the process becomes Kamailio
    else:
        fail(f"{name}: must be one of {', '.join(sorted(names))}, edge, scribe, worker")


def migrate(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Make what must stand before the first process: tables, keys, prompts, roster, plan."""
    settings = settings_from(config)
    with told_in_a_sentence("migrate"):
        platform.prepare(settings, typer.echo)
    count = with_queue(settings, lambda store: bootstrap.roster(settings, store).publish())
    asyncio.run(platform.publish_plan(settings, typer.echo))
    typer.echo(f"the database is current; {count} counselors published")


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the calls; JSON last.")] = False,
    language: Annotated[Spoken, typer.Option(help="For a new configuration.")] = Spoken.ZH,
    config: ConfigOption = DEMO_PLACE,
) -> None:
    """Start everything and place real calls through it, shown step by step."""
    try:
        if not config.exists():
            processes = processes_for(describe().capacity)
            write_config(config, language=language, processes=processes)
            with config.open("a", encoding="utf-8") as file:
                file.write(DEMO_CONFIG)
        status = demonstrate(settings_from(config), config, once=once)
    except HotlineError as error:
        fail(error)
    sys.exit(status)
