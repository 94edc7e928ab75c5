"""The scribe process: folds the journal stream into the tables until it is told to stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from admin import bootstrap, schema
from admin.commands.options import fail
from admin.processes.priority import JOURNAL, give_way
from admin.supervision.heartbeat import Heartbeat, heartbeat_path
from hotline.alarms import JournalAlarms
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.events import AlarmKind
from hotline.ids import new_gateway_id
from hotline.journal.directsink import DirectSink
from hotline.journal.scribe import DATABASE_AWAY, Scribe
from hotline.journal.stream import connect
from hotline.ports import Alarms
from recordings.jobs import SealQueue

log = logging.getLogger(__name__)

AGAIN_S = 2.0
"""Between two attempts to reach the database at the start."""


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; nothing that was read is lost when it is killed instead."""
    give_way(JOURNAL)
    engine = bootstrap.database(settings)
    beat = Heartbeat(heartbeat_path(settings, "scribe")).beat
    clock = SystemClock()
    redis = connect(settings.redis_url)
    sink = DirectSink(redis_url=settings.redis_url, spool_dir=settings.spool_dir, process="scribe")
    alarms = JournalAlarms(sink=sink, subject=new_gateway_id("scribe"), clock=clock)
    alarms.process_started()
    scribe = Scribe(
        redis=redis,
        engine=engine,
        projections=bootstrap.projections(),
        after_commit=SealQueue(redis).after_commit,
        clock=clock,
        alarms=alarms,
    )

    stopped = Event()

    def stop(*_: object) -> None:
        stopped.set()
        scribe.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if _schema_is_there(engine, alarms=alarms, alive=beat, stopped=stopped):
        scribe.run(alive=beat)
    sink.close()


def _schema_is_there(
    engine: Engine, *, alarms: Alarms, alive: Callable[[], None], stopped: Event
) -> bool:
    """Wait for the database; False when told to stop meanwhile. Ends the program where its schema
    is another version's.

    To wait and not to end: the events are safe in Redis, and an operator hears of it from there.
    """
    while not stopped.is_set():
        alive()
        try:
            if not schema.is_current(engine):
                fail("the database is not at this version's schema: run `hotline migrate`")
            return True
        except OperationalError as error:
            log.error("scribe: %s; trying again until it works", error.orig)
            alarms.raise_alarm(AlarmKind.DATABASE_AWAY, DATABASE_AWAY)
            stopped.wait(AGAIN_S)
    return False
