"""``hotline status``, ``down``, ``doctor``: how it goes, and the end of it."""

from __future__ import annotations

import os
import signal

import typer
from rich.console import Console
from rich.table import Table

from admin.commands.options import DEFAULT_CONFIG, ConfigOption, fail, settings_from
from admin.doctor import examine
from admin.doctor.finding import Verdict
from admin.doctor.show import show
from admin.supervision.lock import InstanceLock
from admin.supervision.status import read_status


def status(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show every process: its state, since when, how often it was started again."""
    settings = settings_from(config)
    now = read_status(settings.run_dir)
    if now is None:
        fail("not running: `hotline up` starts it")
    table = Table("process", "state", "pid", "since", "restarts", "")
    for child in now.children:
        since = child.since.astimezone().strftime("%m-%d %H:%M:%S")
        table.add_row(
            child.name, child.state, str(child.pid or ""), since, str(child.restarts), child.says
        )
    Console().print(table)
    if not now.all_up:
        raise typer.Exit(1)


def down(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """End a running platform: every call is said goodbye to."""
    settings = settings_from(config)
    holder = InstanceLock(settings.run_dir).holder()
    if holder is None:
        fail("not running")
    os.kill(holder, signal.SIGTERM)


def doctor(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Say what works, what falls short, and what to do about it; status 1 where a thing is bad."""
    settings = settings_from(config)
    findings = examine(settings)
    show(findings, console=Console(), language=settings.site.language)
    if any(finding.state is Verdict.BAD for finding in findings):
        raise typer.Exit(1)
