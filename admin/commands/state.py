"""``hotline status``, ``down``, ``doctor``: how it goes, and the end of it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from datetime import datetime, timedelta

import typer
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from admin import bootstrap
from admin.commands.messages import SHOWN
from admin.commands.options import DEFAULT_CONFIG, ConfigOption, fail, settings_from
from admin.doctor import examine
from admin.doctor.finding import Verdict
from admin.doctor.show import show
from admin.messages import WaitingMessage, waiting
from admin.supervision.lock import InstanceLock
from admin.supervision.status import read_status
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.database import snapshot
from hotline.errors import QueueUnavailable
from hotline.journal.alarm import to_look_at
from hotline.journal.backlog import backlog, with_backlog
from hotline.journal.stream import Entry, connect
from hotline.journal.tables import AlarmRow
from recordings.tables import RecordingRow, RecordingState

OCCURRED_WITHIN = timedelta(hours=24)
ANSWER_SECONDS = 3.0


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
    _show_partners(settings)
    _show_alarms(settings)
    if not now.all_up:
        raise typer.Exit(1)


def _show_partners(settings: Settings) -> None:
    """Show how many callers each partner has that takes only so many."""
    limited = [one for one in settings.overflow if one.callers is not None]
    if not limited:
        return

    async def count() -> list[int]:
        store = bootstrap.queue_store(settings, SystemClock())
        try:
            return [await store.seats_taken(one.name) for one in limited]
        finally:
            await store.close()

    try:
        taken = asyncio.run(count())
    except QueueUnavailable:
        return  # as is told below
    table = Table("partner", "callers")
    for one, callers in zip(limited, taken, strict=True):
        table.add_row(one.name, f"{callers}/{one.callers}")
    Console().print(table)


def _show_alarms(settings: Settings) -> None:
    """Show what stands now, the faults of the last day, and the messages that wait: what the
    journal says, and what waits in Redis to be journalled."""
    table = Table("alarm", "process", "since", "", title="to look at")
    rows: Sequence[AlarmRow] = ()
    broken: Sequence[RecordingRow] = ()
    messages: Sequence[WaitingMessage] = ()
    try:
        with snapshot(bootstrap.database(settings)) as session:
            rows = to_look_at(session, since=SystemClock().now() - OCCURRED_WITHIN)
            broken = session.scalars(
                select(RecordingRow).where(RecordingRow.state == RecordingState.BROKEN)
            ).all()
            messages = waiting(session)
            session.expunge_all()
    except OperationalError as error:
        typer.echo(f"the database does not answer: {error.orig}", err=True)
    for row in with_backlog(rows, _backlog(settings)):
        table.add_row(row.kind, row.process, _moment(row.raised_at), row.detail)
    for recording in broken:
        since = _moment(recording.started_at)
        table.add_row("recording_broken", "worker", since, recording.problem or "")
    for message in messages:
        topic = f"{message.contact[:SHOWN]} {message.topic}".strip()
        since = _moment(message.left_at)
        table.add_row("message_waiting", "", since, f"{topic}; see `hotline messages list`")
    if table.rows:
        Console().print(table)


def _backlog(settings: Settings) -> list[Entry]:
    """Return what is not in the database yet; nothing when Redis does not say."""
    try:
        with connect(settings.redis_url, timeout_s=ANSWER_SECONDS) as redis:
            return backlog(redis)
    except RedisError:
        typer.echo("redis does not answer: what is new is not shown", err=True)
        return []


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%m-%d %H:%M:%S")


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
