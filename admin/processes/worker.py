"""The worker process: an RQ worker that seals recordings until it is told to stop."""

from __future__ import annotations

from admin.bootstrap.workshop import workshop
from admin.processes.priority import CAN_WAIT, give_way
from hotline.alarms import JournalAlarms
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.ids import new_gateway_id
from hotline.journal.directsink import DirectSink
from hotline.journal.stream import connect
from recordings.jobs import build_worker


def run(settings: Settings) -> None:
    """Run until SIGTERM; a job under way is finished, or taken up again by the next worker."""
    clock = SystemClock()
    redis = connect(settings.redis_url)
    redis.ping()  # a worker without its queue ends here, and leaves no event on the disk
    sink = DirectSink(redis_url=settings.redis_url, spool_dir=settings.spool_dir, process="worker")
    alarms = JournalAlarms(sink=sink, subject=new_gateway_id("worker"), clock=clock)
    alarms.process_started()
    worker = build_worker(redis, workshop(settings, clock), alarms)
    give_way(CAN_WAIT)
    worker.work(with_scheduler=True)
    sink.close()
