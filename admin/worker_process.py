"""The worker process: an RQ worker that seals recordings until it is told to stop."""

from __future__ import annotations

import os

from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.stream import connect
from recordings.jobs import Workshop, build_worker


def run(settings: Settings) -> None:
    """Run until SIGTERM; a job under way is finished, or taken up again by the next worker."""
    workshop = Workshop(
        database_url=settings.database_url, root=settings.recordings_dir, clock=SystemClock()
    )
    worker = build_worker(connect(settings.redis_url), workshop)
    # Sealing can wait, the telephone cannot: the worker and its jobs get the time that nobody else
    # wants, and give way at once. (A higher nice value would let them finish their slice first.)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    worker.work(with_scheduler=True)
