"""``hotline status``, ``down``, ``doctor``: how it goes, and the end of it."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from admin import bootstrap
from admin.commands.messages import SHOWN
from admin.commands.options import DEFAULT_CONFIG, ConfigOption, fail, settings_from
from admin.doctor import examine
from admin.doctor.finding import Verdict
from admin.doctor.show import show
from admin.messages import waiting
from admin.supervision.lock import InstanceLock
from admin.supervision.status import read_status
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.database import snapshot
from hotline.journal.alarm import to_look_at
from recordings.tables import RecordingRow, RecordingState

OCCURRED_WITHIN = timedelta(hours=24)


def status(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show every process: its state, since when, how often it was started again; and alarms."""
    settings = settings_from(config, lost_flows=True)
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
    _show_alarms(settings)
    if not now.all_up:
        raise typer.Exit(1)


def _show_alarms(settings: Settings) -> None:
    """Show what stands now, the faults of the last day, and the messages that wait."""
    with snapshot(bootstrap.database(settings)) as session:
        rows = to_look_at(session, since=SystemClock().now() - OCCURRED_WITHIN)
        table = Table("alarm", "process", "since", "", title="to look at")
        for row in rows:
            since = row.raised_at.astimezone().strftime("%m-%d %H:%M:%S")
            table.add_row(row.kind, row.process, since, row.detail)
        broken = session.scalars(
            select(RecordingRow).where(RecordingRow.state == RecordingState.BROKEN)
        ).all()
        for recording in broken:
            since = recording.started_at.astimezone().strftime("%m-%d %H:%M:%S")
            table.add_row("recording_broken", "worker", since, recording.problem or "")
        for message in waiting(session):
            since = message.left_at.astimezone().strftime("%m-%d %H:%M:%S")
            topic = f"{message.contact[:SHOWN]} {message.topic}".strip()
            table.add_row("message_waiting", "", since, f"{topic}; see `hotline messages list`")
    if table.rows:
        Console().print(table)


def down(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """End a running platform: every call is said goodbye to."""
    settings = settings_from(config, lost_flows=True)
    holder = InstanceLock(settings.run_dir).holder()
    if holder is None:
        fail("not running")
    os.kill(holder, signal.SIGTERM)


def doctor(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Say what works, what falls short, and what to do about it; status 1 where a thing is bad."""
    settings = settings_from(config, lost_flows=True)
    findings = examine(settings)
    show(findings, console=Console(), language=settings.site.language)
    if any(finding.state is Verdict.BAD for finding in findings):
        raise typer.Exit(1)
