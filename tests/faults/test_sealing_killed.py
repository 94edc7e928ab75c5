"""SIGKILL while a recording is sealed: nothing is lost, the next attempt gives the same file."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from hotline.clock import SystemClock
from hotline.database import open_engine
from hotline.ids import RecordingId
from recordings.jobs import Workshop, build_worker
from recordings.seal import Sealed, seal
from recordings.sealing import Sealing
from recordings.tables import RecordingState
from tests.sealing_scene import COUNSELOR_TONE, SealingScene, noise
from tests.servers import wait_until
from tests.tracks import decode_sealed, tone, write_track

SECONDS = 90
"""Long enough to be met in the middle of it."""
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def sound_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "long.wav"
    write_track(path, noise(SECONDS))
    return path


@pytest.fixture
def scene(tmp_path: Path, redis_url: str) -> Iterator[SealingScene]:
    scene = SealingScene(tmp_path, redis_url, SystemClock())
    yield scene
    scene.close()


@pytest.fixture
def recording(scene: SealingScene, sound_file: Path) -> RecordingId:
    recording = scene.record(1.0)
    scene.tracks(recording)[0].write_bytes(sound_file.read_bytes())
    return recording


@pytest.fixture(scope="module")
def undisturbed(sound_file: Path) -> Sealed:
    """What comes of the same tracks when nobody is killed."""
    counselor = sound_file.with_name("counselor.wav")
    write_track(counselor, tone(COUNSELOR_TONE, 1.0))
    return seal(sound_file, counselor, sound_file.with_name("undisturbed.opus"))


def seal_one(database_url: str, root: Path, recording: RecordingId) -> None:
    Sealing(engine=open_engine(database_url), root=root, clock=SystemClock()).seal(recording)


def work(redis_url: str, database_url: str, root: Path) -> None:
    workshop = Workshop(database_url=database_url, root=root, clock=SystemClock())
    build_worker(redis.Redis.from_url(redis_url), workshop).work(logging_level="WARNING")


def begin(target: object, *arguments: object) -> BaseProcess:
    process = SPAWN.Process(target=target, args=arguments)  # type: ignore[arg-type]
    process.start()
    return process


def is_half_done(scene: SealingScene) -> bool:
    return any(part.stat().st_size > 20_000 for part in scene.root.rglob(".*.part"))


def assert_nothing_happened(scene: SealingScene, recording: RecordingId) -> None:
    assert scene.state(recording) == RecordingState.RAW
    assert all(track.exists() for track in scene.tracks(recording))
    assert not list(scene.root.rglob("*.opus"))


def assert_whole(scene: SealingScene, recording: RecordingId, undisturbed: Sealed) -> None:
    row = scene.row(recording)
    assert row.state == RecordingState.SEALED
    assert row.checksum == undisturbed.checksum
    sealed = scene.sealed_file(recording)
    assert hashlib.sha256(sealed.read_bytes()).hexdigest() == row.checksum
    left, _, rate = decode_sealed(sealed)
    assert len(left) / rate == pytest.approx(SECONDS, abs=0.05)
    assert [path for path in scene.root.rglob("*") if path.is_file()] == [sealed]


def test_a_sealing_killed_halfway_is_done_again_from_the_tracks(
    scene: SealingScene, recording: RecordingId, undisturbed: Sealed
) -> None:
    process = begin(seal_one, scene.workshop.database_url, scene.root, recording)
    wait_until(lambda: is_half_done(scene), seconds=30, what="half a sealing")
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert_nothing_happened(scene, recording)
    scene.sealing.seal(recording)
    assert_whole(scene, recording, undisturbed)


def test_a_kill_between_the_file_and_its_row_gives_the_same_file_again(
    scene: SealingScene, recording: RecordingId, undisturbed: Sealed
) -> None:
    caller, counselor = scene.tracks(recording)
    seal(caller, counselor, caller.with_name(f"{recording}.opus"))  # and then the power went
    assert scene.state(recording) == RecordingState.RAW
    scene.sealing.seal(recording)
    assert_whole(scene, recording, undisturbed)


def test_a_job_killed_halfway_is_tried_again_by_its_worker(
    scene: SealingScene, recording: RecordingId, undisturbed: Sealed, redis_url: str
) -> None:
    scene.queue.enqueue(recording)
    worker = begin(work, redis_url, scene.workshop.database_url, scene.root)
    try:
        wait_until(lambda: is_half_done(scene), seconds=30, what="half a sealing")
        os.kill(child_of(worker), signal.SIGKILL)
        job = Job.fetch(f"seal-{recording}", connection=scene.redis, serializer=JSONSerializer)
        wait_until(lambda: job.get_status() == JobStatus.SCHEDULED, what="the next attempt")
    finally:
        worker.terminate()
        worker.join()
    assert_nothing_happened(scene, recording)
    scene.pause_is_over(recording)
    scene.work()
    assert_whole(scene, recording, undisturbed)


def test_a_killed_worker_leaves_its_job_to_the_next(
    scene: SealingScene, recording: RecordingId, undisturbed: Sealed, redis_url: str
) -> None:
    scene.queue.enqueue(recording)
    worker = begin(work, redis_url, scene.workshop.database_url, scene.root)
    wait_until(lambda: is_half_done(scene), seconds=30, what="half a sealing")
    horse = child_of(worker)
    worker.kill()
    os.kill(horse, signal.SIGKILL)
    worker.join()
    wait_until(lambda: not Path(f"/proc/{horse}").exists(), what="the end of the job's process")
    assert_nothing_happened(scene, recording)
    scene.heartbeat_is_over()
    scene.work()  # RQ gives the job its next attempt
    scene.pause_is_over(recording)
    scene.work()
    assert_whole(scene, recording, undisturbed)


def child_of(process: BaseProcess) -> int:
    """Return the process that the worker forked for its job: it leads a group of its own."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (child,) = [int(pid) for pid in children if os.getpgid(int(pid)) == int(pid)]
    return child
