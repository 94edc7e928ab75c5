"""The queue of sealing, and the worker that empties it: the only module here that knows RQ.

A job carries the id of a recording and nothing else, as JSON: whoever can write to Redis can ask
for a recording to be sealed, and for no other code to be run by unpickling.

Where the database and the folder are is not in the job either: a queue outlives a move of both. The
worker knows it (`Workshop`), and gives it to the function through its own class of job. So there is
no global, nothing is read from the environment, and two workers in one process can differ.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry, Worker
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from hotline.clock import Clock
from hotline.database import open_engine
from hotline.events import AlarmKind, Event, RecordingFailed, RecordingStopped
from hotline.ids import RecordingId
from hotline.ports import Alarms
from recordings.datakeys import DataKeys
from recordings.head import HeadFile
from recordings.keyring import MasterKeys
from recordings.sealing import Sealing
from recordings.storage import Storage
from recordings.vault import Vault

log = logging.getLogger(__name__)

QUEUE = "recordings"
JOB_SECONDS = 3600
"""A conversation of ten hours takes a few minutes; what takes longer than this hangs."""
RETRY_SECONDS = (10, 60, 300, 900, 3600, 3600, 3600, 3600)
"""Pauses between attempts. After the last, the worker's own sweep begins anew."""
FAILURE_SECONDS = 7 * 86400
SWEEP_SECONDS = 60
WORKER_SECONDS = 75
"""RQ looks up from waiting 15 s before this: that is when it sweeps."""

OVERDUE = timedelta(hours=1)
"""After a rush the worker is behind for minutes. What lies about in the clear for longer than this
is an operator's business, whatever the reason."""

UNDER_WAY = frozenset(
    {JobStatus.QUEUED, JobStatus.STARTED, JobStatus.SCHEDULED, JobStatus.DEFERRED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What sealing needs to know of its surroundings. `root`: where the plain tracks are."""

    database_url: str
    root: Path
    storage: Storage
    masters: MasterKeys
    head: HeadFile
    clock: Clock

    def vault(self, engine: Engine) -> Vault:
        """Return the sealed files, with their keys in this database."""
        keys = DataKeys(engine=engine, masters=self.masters, clock=self.clock)
        return Vault(storage=self.storage, keys=keys)

    def sealing(self, engine: Engine) -> Sealing:
        """Return what seals, and notes it in this database."""
        return Sealing(
            engine=engine,
            root=self.root,
            vault=self.vault(engine),
            head=self.head,
            clock=self.clock,
        )

    @contextmanager
    def opened(self) -> Iterator[Sealing]:
        """Seal in the block, over a connection of its own."""
        engine = open_engine(self.database_url)
        try:
            yield self.sealing(engine)
        finally:
            engine.dispose()


def seal_recording(recording: str, *, workshop: Workshop) -> str:
    """Seal one recording (idempotent); return its state.

    What it raises makes RQ try again later.
    """
    with workshop.opened() as sealing:
        return sealing.seal(RecordingId(recording)).value


class SealQueue:
    """Where recordings wait to be sealed: each at most once, whoever says it how often."""

    def __init__(self, connection: Redis) -> None:
        """`connection` must not decode responses."""
        self._connection = connection
        self._queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)

    def enqueue(self, recording: RecordingId) -> bool:
        """Ask for `recording` to be sealed; False when that is under way already.

        Raises redis.exceptions.RedisError.
        """
        job = f"seal-{recording}"
        for _ in range(2):
            try:
                self._enqueue(recording, job)
            except DuplicateJobError:
                if not self._clear_away(job):
                    return False
            else:
                return True
        return False

    def after_commit(self, events: Sequence[Event]) -> None:
        """Enqueue what these events say is ready: the scribe calls it after each batch.

        Raises no RedisError: what is missed here is found by the worker's sweep.
        """
        ready = {
            event.recording: None
            for event in events
            if isinstance(event, RecordingStopped | RecordingFailed) and event.recording
        }
        try:
            for recording in ready:
                self.enqueue(recording)
        except RedisError as error:
            log.warning("recordings are sealed later, Redis is away: %s", error)

    def enqueue_waiting(self, sealing: Sealing) -> int:
        """Enqueue every recording that waits for it (`Sealing.waiting`); return how many are new.

        Raises redis.exceptions.RedisError, sqlalchemy.exc.SQLAlchemyError.
        """
        return sum(self.enqueue(recording) for recording in sealing.waiting())

    def _enqueue(self, recording: RecordingId, job: str) -> None:
        self._queue.enqueue_call(
            f"{seal_recording.__module__}.{seal_recording.__qualname__}",
            args=(recording,),
            job_id=job,
            unique=True,
            timeout=JOB_SECONDS,
            result_ttl=0,  # the row is the result; the name is free again
            failure_ttl=FAILURE_SECONDS,
            description=f"seal recording {recording[:8]}",
            retry=Retry(max=len(RETRY_SECONDS), interval=list(RETRY_SECONDS)),
        )

    def _clear_away(self, job_id: str) -> bool:
        """Delete a job that is over; False when it is not."""
        try:
            job = Job.fetch(job_id, connection=self._connection, serializer=JSONSerializer)
            if job.get_status() in UNDER_WAY:
                return False
            job.delete()
        except NoSuchJobError:
            pass
        return True


class SealingWorker(Worker):
    """An RQ worker that also looks for raw recordings that no job knows of: after a crash."""

    sweep: Callable[[], int]

    def run_maintenance_tasks(self) -> None:
        """Sweep, beside what RQ does each SWEEP_SECONDS."""
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]  # rq has no types here
        try:
            found = self.sweep()
        except (RedisError, SQLAlchemyError, OSError):
            log.exception("looking for raw recordings failed; trying again later")
        else:
            if found:
                log.info("%d raw recordings were found and queued", found)


def build_worker(connection: Redis, workshop: Workshop, alarms: Alarms) -> SealingWorker:
    """Return a worker for `workshop`; ``work(with_scheduler=True)`` runs it until SIGTERM.

    The scheduler is what carries out the pauses between attempts. `connection` must not decode
    responses. Each sweep tells `alarms` whether plain tracks lie about that cannot be sealed.
    """
    worker = SealingWorker(
        [QUEUE],
        connection=connection,
        job_class=job_class_for(workshop),
        serializer=JSONSerializer,
        maintenance_interval=SWEEP_SECONDS,
        worker_ttl=WORKER_SECONDS,
    )
    worker.sweep = partial(_sweep, SealQueue(connection), workshop, alarms)
    return worker


def job_class_for(workshop: Workshop) -> type[Job]:
    """Return the class of jobs whose function is given `workshop` beside its arguments."""

    class WorkshopJob(Job):
        @property
        def func(self) -> Any:
            found = super().func
            return None if found is None else partial(found, workshop=workshop)

    return WorkshopJob


def _sweep(queue: SealQueue, workshop: Workshop, alarms: Alarms) -> int:
    with workshop.opened() as sealing:
        _tell(sealing.impossible(overdue=OVERDUE), alarms)
        return queue.enqueue_waiting(sealing)


def _tell(impossible: Sequence[str], alarms: Alarms) -> None:
    if not impossible:
        alarms.clear_alarm(AlarmKind.RECORDING_FAILED)
        return
    alarms.raise_alarm(
        AlarmKind.RECORDING_FAILED,
        f"{len(impossible)} recordings cannot be sealed; their plain tracks are kept, and it is "
        f"tried again: {impossible[0]}",
    )
