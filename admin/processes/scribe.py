"""The scribe process: folds the journal stream into the tables until it is told to stop."""

from __future__ import annotations

import signal

from admin import bootstrap, schema
from admin.commands.options import fail
from admin.processes.priority import JOURNAL, give_way
from admin.supervision.heartbeat import Heartbeat, heartbeat_path
from hotline.alarms import JournalAlarms
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.ids import new_gateway_id
from hotline.journal.directsink import DirectSink
from hotline.journal.scribe import Scribe
from hotline.journal.stream import connect
from recordings.jobs import SealQueue


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; nothing that was read is lost when it is killed instead."""
    give_way(JOURNAL)
    engine = bootstrap.database(settings)
    if not schema.is_current(engine):
        fail("the database is not at this version's schema: run `hotline migrate`")
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

    def stop(*_: object) -> None:
        scribe.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    scribe.run(alive=Heartbeat(heartbeat_path(settings, "scribe")).beat)
    sink.close()
