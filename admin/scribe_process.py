"""The scribe process: folds the journal stream into the tables until it is told to stop."""

from __future__ import annotations

import signal
import threading

from admin import bootstrap, schema
from admin.heartbeat import Heartbeat, heartbeat_path
from hotline.alarms import JournalAlarms
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.relay import DirectSink
from hotline.scribe import Scribe
from hotline.stream import connect
from recordings.jobs import SealQueue

BEAT_SECONDS = 2.0


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; nothing that was read is lost when it is killed instead."""
    engine = bootstrap.database(settings)
    schema.upgrade(engine)
    clock = SystemClock()
    redis = connect(settings.redis_url)
    sink = DirectSink(redis_url=settings.redis_url, spool_dir=settings.spool_dir, process="scribe")
    scribe = Scribe(
        redis=redis,
        engine=engine,
        projections=bootstrap.projections(),
        after_commit=SealQueue(redis).after_commit,
        clock=clock,
        alarms=JournalAlarms(sink=sink, subject="scribe", clock=clock),
    )
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()
        scribe.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    beat = Heartbeat(heartbeat_path(settings, "scribe"))
    beating = threading.Thread(target=_beat, args=(beat, stopped), name="heartbeat", daemon=True)
    beating.start()
    scribe.run()
    stopped.set()
    sink.close()


def _beat(beat: Heartbeat, stopped: threading.Event) -> None:
    while not stopped.wait(BEAT_SECONDS):
        beat.beat()
