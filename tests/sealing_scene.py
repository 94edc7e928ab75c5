"""A database with recordings, their tracks, a real queue and real workers."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import redis
from sqlalchemy import Engine

from hotline.clock import Clock, ManualClock
from hotline.database import Base, open_engine, unit_of_work
from hotline.ids import RecordingId, new_recording_id
from recordings.head import HeadFile
from recordings.jobs import QUEUE, SealingWorker, SealQueue, Workshop, build_worker
from recordings.keyring import KeyFile
from recordings.storage import FolderStorage
from recordings.tables import RecordingRow, RecordingState
from tests.fakes import FakeAlarms
from tests.tracks import Sound, tone, write_track

CALLER_TONE, COUNSELOR_TONE = 440.0, 1000.0


class SealingScene:
    """Everything below one folder; `clock` is turned by hand and begins after the tracks."""

    def __init__(self, folder: Path, redis_url: str, clock: Clock | None = None) -> None:
        self.root = folder / "recordings"
        self.clock = clock or ManualClock(datetime.now(UTC))
        self.keys = KeyFile(folder / "secrets" / "recordings.key")
        self.keys.create()
        self.workshop = workshop_in(folder, self.clock)
        self.engine: Engine = open_engine(self.workshop.database_url)
        Base.metadata.create_all(self.engine)
        self.sealing = self.workshop.sealing(self.engine)
        self.vault = self.workshop.vault(self.engine)
        self.alarms = FakeAlarms()
        self.redis = redis.Redis.from_url(redis_url)
        self.queue = SealQueue(self.redis)

    def close(self) -> None:
        self.engine.dispose()
        self.redis.close()

    def record(
        self,
        seconds: float = 2.0,
        *,
        stopped: bool = True,
        caller: Sound | None = None,
        message: bool = False,
    ) -> RecordingId:
        """Put a raw recording into the table and its tracks on the disk; of a message, one."""
        recording = new_recording_id()
        at = self.clock.now()
        row = RecordingRow(
            id=recording,
            contact="c" * 32,
            caller_track=f"2026/03/09/{recording}.caller.wav",
            counselor_track="" if message else f"2026/03/09/{recording}.counselor.wav",
            started_at=at,
            stopped_at=at + timedelta(seconds=seconds) if stopped else None,
        )
        with unit_of_work(self.engine) as session:
            session.add(row)
        sound = tone(CALLER_TONE, seconds) if caller is None else caller
        write_track(self.root / row.caller_track, sound)
        if not message:
            write_track(self.root / row.counselor_track, tone(COUNSELOR_TONE, seconds))
        return recording

    def row(self, recording: RecordingId) -> RecordingRow:
        with unit_of_work(self.engine) as session:
            return session.get_one(RecordingRow, recording)

    def state(self, recording: RecordingId) -> RecordingState:
        return RecordingState(self.row(recording).state)

    def tracks(self, recording: RecordingId) -> list[Path]:
        row = self.row(recording)
        return [self.root / row.caller_track, self.root / row.counselor_track]

    def sealed_file(self, recording: RecordingId) -> Path:
        row = self.row(recording)
        assert row.sealed_file is not None
        return self.root / row.sealed_file

    def opened(self, recording: RecordingId) -> io.BufferedIOBase:
        """Return what is in the sealed file."""
        return self.vault.open(recording, self.row(recording).sealed_file or "")

    def checksum(self, recording: RecordingId) -> str:
        """Return the SHA-256 of the sealed file as it lies there."""
        return hashlib.sha256(self.sealed_file(recording).read_bytes()).hexdigest()

    def worker(self) -> SealingWorker:
        return build_worker(self.redis, self.workshop, self.alarms)

    def work(self) -> None:
        """Let a real worker, which forks for each job, empty the queue."""
        self.worker().work(burst=True, with_scheduler=True, logging_level="WARNING")

    def pause_is_over(self, recording: RecordingId) -> None:
        """Make the next attempt due now, as if the pause between attempts had passed."""
        self.redis.zadd(f"rq:scheduled:{QUEUE}", {f"seal-{recording}": 1}, xx=True)

    def heartbeat_is_over(self) -> None:
        """Make RQ believe that a worker which was killed has been silent for long enough."""
        key = f"rq:wip:{QUEUE}"
        for execution in self.redis.zrange(key, 0, -1):
            self.redis.zadd(key, {execution: 1}, xx=True)


def workshop_in(folder: Path, clock: Clock) -> Workshop:
    """Return what a job in `folder` is given: also in another process."""
    root = folder / "recordings"
    return Workshop(
        database_url=f"sqlite:///{folder / 'hotline.sqlite'}",
        root=root,
        storage=FolderStorage(root),
        masters=KeyFile(folder / "secrets" / "recordings.key"),
        head=HeadFile(folder / "secrets" / "recordings.head"),
        clock=clock,
    )


def noise(seconds: float) -> Sound:
    """Return sound that takes an encoder its time."""
    drawn: Sound = np.random.default_rng(7).normal(0, 0.1, int(8000 * seconds))
    return drawn
