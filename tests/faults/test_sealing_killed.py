"""SIGKILL while a recording is sealed: nothing is lost, the next attempt gives the same sound, and
nothing of it was on the disk in the clear but the tracks."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedWriter, BytesIO
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from hotline.clock import SystemClock
from hotline.database import snapshot
from hotline.ids import RecordingId
from recordings.chain import links
from recordings.envelope import CHUNK, HEADER_BYTES
from recordings.head import Head
from recordings.jobs import Workshop, build_worker
from recordings.seal import seal
from recordings.storage import FolderStorage, Writable
from recordings.tables import RecordingState
from tests.fakes import FakeAlarms
from tests.sealing_scene import COUNSELOR_TONE, SealingScene, noise, workshop_in
from tests.servers import wait_until
from tests.tracks import decode_sealed, tone, write_track

SECONDS = 30
"""Of sound: nearly two chunks of a sealed file."""
STARTED_WITHIN = 120.0
"""Seconds: a process that loads the encoder, on a machine that has much else to do."""
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
def undisturbed(sound_file: Path) -> bytes:
    """What comes of the same tracks when nobody is killed."""
    counselor = sound_file.with_name("counselor.wav")
    write_track(counselor, tone(COUNSELOR_TONE, 1.0))
    file = BytesIO()
    seal(sound_file, counselor, file)
    return file.getvalue()


class Halfway:
    """Halts its process, until it is killed, once more than a chunk is on the disk."""

    def __init__(self, file: BufferedWriter) -> None:
        self._file = file

    def write(self, data: bytes, /) -> None:
        self._file.write(data)
        self._file.flush()
        if self._file.tell() > CHUNK:
            os.kill(os.getpid(), signal.SIGSTOP)


class HalfwayStorage(FolderStorage):
    """Is never done: who is to be killed in the middle is met there, however slow the machine."""

    @contextmanager
    def writing(self, name: str) -> Iterator[Writable]:  # type: ignore[override]  # it is wrapped
        with super().writing(name) as file:
            yield Halfway(file)


def halting(folder: Path) -> Workshop:
    return replace(
        workshop_in(folder, SystemClock()), storage=HalfwayStorage(folder / "recordings")
    )


def seal_one(folder: Path, recording: RecordingId) -> None:
    with halting(folder).opened() as sealing:
        sealing.seal(recording)


def work(redis_url: str, folder: Path) -> None:
    workshop = halting(folder)
    connection = redis.Redis.from_url(redis_url)
    build_worker(connection, workshop, FakeAlarms()).work(logging_level="WARNING")


@contextmanager
def begun(target: object, *arguments: object) -> Iterator[BaseProcess]:
    """A process for the block, killed at its end; what it forked and has halted goes with it: the
    kernel hangs up on a halted group whose parent ends."""
    process = SPAWN.Process(target=target, args=arguments)  # type: ignore[arg-type]
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def is_halted(pid: int | None) -> bool:
    """Whether that process has been halted: `Halfway` does so in the middle of a new file."""
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "T"


def half_done_child_of(worker: BaseProcess) -> int:
    """Return the process that the worker forked for its job, once that is half done."""

    def halted() -> list[int]:
        return [pid for pid in children_of(worker) if is_halted(pid)]

    wait_until(halted, seconds=STARTED_WITHIN, what="half a sealing")
    [child] = halted()
    return child


def assert_nothing_happened(scene: SealingScene, recording: RecordingId) -> None:
    assert scene.state(recording) == RecordingState.RAW
    assert all(track.exists() for track in scene.tracks(recording))
    assert not list(scene.root.rglob("*.sealed"))
    assert_nothing_in_the_clear(scene)


def assert_half_written(scene: SealingScene) -> None:
    [part] = scene.root.rglob(".*.part")
    assert part.stat().st_size > CHUNK
    assert_nothing_in_the_clear(scene)


def assert_nothing_in_the_clear(scene: SealingScene) -> None:
    """Neither Ogg nor Opus stands in any file but the tracks."""
    for path in scene.root.rglob("*"):
        if path.is_file() and path.suffix != ".wav":
            content = path.read_bytes()
            assert b"OggS" not in content
            assert b"Opus" not in content


def assert_whole(scene: SealingScene, recording: RecordingId, undisturbed: bytes) -> None:
    row = scene.row(recording)
    assert row.state == RecordingState.SEALED
    assert row.checksum == scene.checksum(recording)
    assert scene.opened(recording).read() == undisturbed
    left, _, rate = decode_sealed(scene.opened(recording))
    assert len(left) / rate == pytest.approx(SECONDS, abs=0.05)
    sealed = scene.sealed_file(recording)
    assert [path for path in scene.root.rglob("*") if path.is_file()] == [sealed]
    assert_nothing_in_the_clear(scene)
    with snapshot(scene.engine) as session:
        [link] = links(session)
    assert (link.recording, link.checksum) == (recording, row.checksum)
    assert scene.workshop.head.read() == Head.of(link)


def test_a_sealing_killed_halfway_is_done_again_from_the_tracks(
    scene: SealingScene, recording: RecordingId, undisturbed: bytes
) -> None:
    with begun(seal_one, scene.root.parent, recording) as process:
        wait_until(lambda: is_halted(process.pid), seconds=STARTED_WITHIN, what="half a sealing")
        assert_half_written(scene)
    assert process.exitcode == -signal.SIGKILL
    assert_nothing_happened(scene, recording)
    scene.sealing.seal(recording)
    assert_whole(scene, recording, undisturbed)


def test_a_kill_between_the_file_and_its_row_gives_the_same_sound_again(
    scene: SealingScene, recording: RecordingId, undisturbed: bytes
) -> None:
    caller, counselor = scene.tracks(recording)
    name = f"2026/03/09/{recording}.sealed"
    with scene.vault.writing(recording, name) as draft:
        seal(caller, counselor, draft)
    # And then the power went.
    assert scene.state(recording) == RecordingState.RAW
    first = (scene.root / name).read_bytes()
    scene.sealing.seal(recording)
    assert_whole(scene, recording, undisturbed)
    second = scene.sealed_file(recording).read_bytes()
    assert shared_blocks(first, second) == 0  # one data key, and yet never one keystream


def test_a_job_killed_halfway_is_tried_again_by_its_worker(
    scene: SealingScene, recording: RecordingId, undisturbed: bytes, redis_url: str
) -> None:
    scene.queue.enqueue(recording)
    with begun(work, redis_url, scene.root.parent) as worker:
        os.kill(half_done_child_of(worker), signal.SIGKILL)
        job = Job.fetch(f"seal-{recording}", connection=scene.redis, serializer=JSONSerializer)
        wait_until(
            lambda: job.get_status() == JobStatus.SCHEDULED, seconds=60, what="the next attempt"
        )
        worker.terminate()
        worker.join()
    assert_nothing_happened(scene, recording)
    scene.pause_is_over(recording)
    scene.work()
    assert_whole(scene, recording, undisturbed)


def test_a_killed_worker_leaves_its_job_to_the_next(
    scene: SealingScene, recording: RecordingId, undisturbed: bytes, redis_url: str
) -> None:
    scene.queue.enqueue(recording)
    with begun(work, redis_url, scene.root.parent) as worker:
        horse = half_done_child_of(worker)
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGSTOP)  # it must not see its job's process die
        wait_until(lambda: is_halted(worker.pid), what="a halted worker")
        os.kill(horse, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{horse}").exists(), what="the end of the job's process")
    assert_nothing_happened(scene, recording)
    scene.heartbeat_is_over()
    scene.work()  # RQ gives the job its next attempt
    scene.pause_is_over(recording)
    scene.work()
    assert_whole(scene, recording, undisturbed)


def shared_blocks(one: bytes, other: bytes) -> int:
    """How many blocks of the cipher are the same at the same place, behind the header."""
    blocks = range(HEADER_BYTES, min(len(one), len(other)) - 16, 16)
    return sum(one[at : at + 16] == other[at : at + 16] for at in blocks)


def children_of(process: BaseProcess) -> list[int]:
    """Return the processes that the worker forked for jobs: each leads a group of its own."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in children if leads_a_group(int(pid))]


def leads_a_group(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False
