"""What cannot be sealed: its plain tracks are kept, tried again, told of, and never forgotten."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedWriter
from pathlib import Path

import pytest
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from hotline.clock import ManualClock
from hotline.database import unit_of_work
from hotline.events import AlarmKind
from recordings.erasure import Erasure
from recordings.head import HeadUnreadable
from recordings.jobs import OVERDUE
from recordings.storage import FolderStorage
from recordings.tables import RecordingRow, RecordingState
from tests.sealing_scene import SealingScene


@pytest.fixture
def scene(tmp_path: Path, redis_url: str) -> Iterator[SealingScene]:
    scene = SealingScene(tmp_path, redis_url)
    yield scene
    scene.close()


def told(scene: SealingScene) -> str:
    """Let the worker sweep; return what the alarm says, empty where there is none."""
    scene.worker().run_maintenance_tasks()
    return scene.alarms.standing.get(AlarmKind.RECORDING_FAILED, "")


def take_keys(scene: SealingScene) -> Path:
    """Make sealing impossible; return where the key file was put."""
    path = scene.root.parent / "secrets" / "recordings.key"
    return path.rename(path.with_name("elsewhere.key"))


def test_what_cannot_be_sealed_is_kept_told_to_an_operator_and_sealed_when_it_can_be(
    scene: SealingScene,
) -> None:
    recording = scene.record()
    away = take_keys(scene)
    scene.queue.enqueue(recording)
    scene.work()
    assert scene.state(recording) == RecordingState.RAW
    assert all(track.exists() for track in scene.tracks(recording))
    assert not list(scene.root.rglob("*.sealed"))
    job = Job.fetch(f"seal-{recording}", connection=scene.redis, serializer=JSONSerializer)
    assert job.get_status() == JobStatus.SCHEDULED
    said = told(scene)
    assert "1 recordings cannot be sealed; their plain tracks are kept" in said
    assert recording[:8] in said
    assert "the master keys of recordings are gone" in said
    away.rename(away.with_name("recordings.key"))
    scene.pause_is_over(recording)
    scene.work()
    assert scene.state(recording) == RecordingState.SEALED
    assert scene.row(recording).problem is None
    assert told(scene) == ""
    assert not any(track.exists() for track in scene.tracks(recording))


def test_a_full_disk_is_told_with_its_reason(scene: SealingScene) -> None:
    recording = scene.record()
    full = FullStorage(scene.root)
    workshop = replace(scene.workshop, storage=full)
    with workshop.opened() as sealing, pytest.raises(OSError, match="no space left"):
        sealing.seal(recording)
    assert "no space left" in told(scene)
    assert all(track.exists() for track in scene.tracks(recording))


class FullStorage(FolderStorage):
    """Has no room."""

    @contextmanager
    def writing(self, name: str) -> Iterator[BufferedWriter]:
        raise OSError(errno.ENOSPC, "no space left on device")
        yield


def test_what_nobody_has_sealed_for_long_is_told_though_no_attempt_failed(
    scene: SealingScene,
) -> None:
    recording = scene.record()
    assert told(scene) == ""
    assert isinstance(scene.clock, ManualClock)
    scene.clock.advance(OVERDUE.total_seconds() + 60)
    assert "nobody has sealed it" in told(scene)
    scene.sealing.seal(recording)
    assert told(scene) == ""


def test_plain_tracks_that_nobody_deleted_are_found_without_a_job(scene: SealingScene) -> None:
    """Killed after the commit, and Redis forgot the job."""
    recording = scene.record()
    tracks = {track: track.read_bytes() for track in scene.tracks(recording)}
    scene.sealing.seal(recording)
    checksum = scene.checksum(recording)
    for track, content in tracks.items():
        track.write_bytes(content)
    with unit_of_work(scene.engine) as session:
        session.get_one(RecordingRow, recording).discarded_at = None
    assert scene.sealing.waiting() == [recording]
    scene.work()
    assert not any(track.exists() for track in tracks)
    assert scene.sealing.waiting() == []
    assert scene.checksum(recording) == checksum


def test_what_was_lost_with_its_tracks_is_not_tried_for_ever(scene: SealingScene) -> None:
    """To find it is `verify`'s business."""
    recording = scene.record()
    scene.sealing.seal(recording)
    scene.sealed_file(recording).unlink()
    with unit_of_work(scene.engine) as session:
        session.get_one(RecordingRow, recording).discarded_at = None
    assert scene.sealing.seal(recording) == RecordingState.SEALED
    assert scene.sealing.waiting() == []
    assert told(scene) == ""


def test_tracks_are_kept_and_told_while_the_head_cannot_be_written(scene: SealingScene) -> None:
    """What is not anchored could be removed unseen."""
    recording = scene.record()
    head = scene.root.parent / "secrets" / "recordings.head"
    head.mkdir()
    with pytest.raises(HeadUnreadable):
        scene.sealing.seal(recording)
    assert scene.state(recording) == RecordingState.SEALED
    assert all(track.exists() for track in scene.tracks(recording))
    assert "recordings.head" in told(scene)
    head.rmdir()
    scene.work()
    assert not any(track.exists() for track in scene.tracks(recording))
    assert head.read_text().startswith("1:")
    assert told(scene) == ""


def test_an_erased_recording_is_not_sealed_again_and_its_tracks_go(scene: SealingScene) -> None:
    recording = scene.record()
    tracks = {track: track.read_bytes() for track in scene.tracks(recording)}
    scene.sealing.seal(recording)
    for track, content in tracks.items():
        track.write_bytes(content)
    erasure = Erasure(
        engine=scene.engine, vault=scene.vault, head=scene.workshop.head, clock=scene.clock
    )
    erasure.erase(recording)
    assert scene.sealing.seal(recording) == RecordingState.ERASED
    assert not [path for path in scene.root.rglob("*") if path.is_file()]
