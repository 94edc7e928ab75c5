"""``hotline status``: the processes, and what an operator must look at."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

from typer.testing import CliRunner

from admin import bootstrap, schema
from admin.__main__ import app
from admin.files import private_folder
from admin.supervision.lock import InstanceLock
from admin.supervision.status import ChildState, ChildStatus, write_status
from hotline.alarms import JournalAlarms
from hotline.clock import SystemClock
from hotline.configfile import load
from hotline.database import unit_of_work
from hotline.events import AlarmKind
from hotline.ids import new_gateway_id
from hotline.journal.directsink import DirectSink
from hotline.journal.tables import AlarmRow
from hotline.ports import OfferOutcome
from queueing.limits import Limits
from recordings.tables import MessageRow, RecordingRow, RecordingState
from tests.queue_scene import a_queue
from tests.servers import RedisServer


def test_status_shows_what_stands_and_the_recordings_that_are_broken(tmp_path: Path) -> None:
    config = tmp_path / "hotline.toml"
    config.write_text("[site]\nname = 'here'\n", "utf-8")
    settings = load(config)
    private_folder(settings.state)
    private_folder(settings.run_dir)
    engine = bootstrap.database(settings)
    schema.upgrade(engine)
    now = SystemClock().now()
    common = {"process": "gateway-1", "subject": "gateway-1.ab", "raised_at": now}
    with unit_of_work(engine) as session:
        session.add(AlarmRow(id="1", kind=AlarmKind.DISK_FULL, detail="no room", **common))
        over = AlarmRow(id="2", kind=AlarmKind.REDIS_AWAY, detail="it was away", **common)
        over.cleared_at = now + timedelta(seconds=1)
        session.add(over)
        session.add(
            RecordingRow(
                id="3", contact="c", caller_track="a", counselor_track="b", started_at=now,
                state=RecordingState.BROKEN, problem="no header",
            )
        )  # fmt: skip
        for contact, done in (("waits", None), ("is done", now)):
            session.add(MessageRow(contact=contact, recording="r", left_at=now, done_at=done))
    lock = InstanceLock(settings.run_dir)
    lock.acquire()
    try:
        child = ChildStatus(
            name="gateway-1", state=ChildState.UP, pid=os.getpid(), since=now, restarts=0
        )
        write_status(settings.run_dir, pid=os.getpid(), children=[child])
        shown = CliRunner().invoke(app, ["status", "--config", str(config)])
    finally:
        lock.release()
    assert shown.exit_code == 0, shown.output
    assert "disk_full" in shown.output
    assert "no room" in shown.output
    assert "recording_broken" in shown.output
    assert "it was away" not in shown.output
    assert "message_waiting" in shown.output
    assert "waits; see" in shown.output
    assert "is done" not in shown.output


def test_status_shows_what_waits_in_redis_to_be_journalled(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    """On a full disk the database takes no alarm, and that is what is to be told."""
    config = tmp_path / "hotline.toml"
    config.write_text(f"[redis]\nurl = '{own_redis.url}'\n", "utf-8")
    settings = load(config)
    private_folder(settings.state)
    private_folder(settings.run_dir)
    schema.upgrade(bootstrap.database(settings))
    lock = InstanceLock(settings.run_dir)
    lock.acquire()
    try:
        write_status(settings.run_dir, pid=os.getpid(), children=[])
        alarms = alarms_in_the_stream(own_redis.url, settings.spool_dir)
        alarms.raise_alarm(AlarmKind.QUEUE_IN_MEMORY, "no room")
        alarms.raise_alarm(AlarmKind.REDIS_AWAY, "it was away")
        alarms.clear_alarm(AlarmKind.REDIS_AWAY)
        shown = CliRunner().invoke(app, ["status", "--config", str(config)])
        (settings.state / "hotline.sqlite").write_bytes(b"")
        without_database = CliRunner().invoke(app, ["status", "--config", str(config)])
    finally:
        lock.release()
    for said in (shown, without_database):
        assert said.exit_code == 0, said.output
        assert "queue_in_memory" in said.output
        assert "it was away" not in said.output


def test_status_shows_who_missed_too_many_offers(tmp_path: Path, own_redis: RedisServer) -> None:
    config = tmp_path / "hotline.toml"
    config.write_text(f"[redis]\nurl = '{own_redis.url}'\n", "utf-8")
    settings = load(config)
    private_folder(settings.state)
    private_folder(settings.run_dir)
    schema.upgrade(bootstrap.database(settings))
    lock = InstanceLock(settings.run_dir)
    lock.acquire()
    try:
        write_status(settings.run_dir, pid=os.getpid(), children=[])
        asyncio.run(an_offer_is_missed(own_redis.url))
        shown = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["status", "--config", str(config)])
    finally:
        lock.release()
    assert shown.exit_code == 0, shown.output
    assert "offers_missed" in shown.output
    assert "1001 连续 1 次未接听" in shown.output


async def an_offer_is_missed(url: str) -> None:
    async with a_queue(url, Limits(misses_in_a_row=1)) as scene:
        assert await scene.store.give_back(await scene.an_offer(), OfferOutcome.MISSED)


def alarms_in_the_stream(url: str, spool: Path) -> JournalAlarms:
    """Those of a process that writes to the stream, from where no scribe takes them."""
    sink = DirectSink(redis_url=url, spool_dir=spool, process="redis")
    return JournalAlarms(sink=sink, subject=new_gateway_id("redis"), clock=SystemClock())
