"""The worker process: an RQ worker that seals recordings until it is told to stop."""

from __future__ import annotations

from admin.processes.priority import CAN_WAIT, give_way
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.journal.stream import connect
from recordings.jobs import Workshop, build_worker


def run(settings: Settings) -> None:
    """Run until SIGTERM; a job under way is finished, or taken up again by the next worker."""
    workshop = Workshop(
        database_url=settings.database_url, root=settings.recordings_dir, clock=SystemClock()
    )
    worker = build_worker(connect(settings.redis_url), workshop)
    give_way(CAN_WAIT)
    worker.work(with_scheduler=True)
