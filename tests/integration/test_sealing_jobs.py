"""Sealing as a job: real Redis, real worker, SQLite."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from hotline.clock import ManualClock
from hotline.events import RecordingFailed, RecordingStopped
from hotline.ids import RecordingId, new_event_id
from recordings.jobs import QUEUE, RETRY_SECONDS
from recordings.sealing import QUIET, StillRecording, UnknownRecording
from recordings.tables import RecordingState
from tests.sealing_scene import CALLER_TONE, COUNSELOR_TONE, SealingScene
from tests.tracks import decode_sealed, strength


@pytest.fixture
def scene(tmp_path: Path, redis_url: str) -> Iterator[SealingScene]:
    scene = SealingScene(tmp_path, redis_url)
    yield scene
    scene.close()


def job_of(scene: SealingScene, recording: RecordingId) -> Job:
    return Job.fetch(f"seal-{recording}", connection=scene.redis, serializer=JSONSerializer)


def job_exists(scene: SealingScene, recording: RecordingId) -> bool:
    return bool(Job.exists(f"seal-{recording}", connection=scene.redis))


def test_a_job_seals_the_recording_notes_it_and_deletes_the_tracks(scene: SealingScene) -> None:
    recording = scene.record(2.0)
    assert scene.queue.enqueue(recording)
    scene.work()
    row = scene.row(recording)
    assert row.state == RecordingState.SEALED
    assert row.sealed_file == f"2026/03/09/{recording}.sealed"
    assert row.checksum == scene.checksum(recording)
    assert stat.S_IMODE(scene.sealed_file(recording).stat().st_mode) == 0o600
    assert (row.caller_seconds, row.counselor_seconds) == (2.0, 2.0)
    assert row.sealed_at == row.discarded_at == scene.clock.now()
    assert not any(track.exists() for track in scene.tracks(recording))
    left, right, rate = decode_sealed(scene.opened(recording))
    assert strength(left, rate, CALLER_TONE) > 100 * strength(left, rate, COUNSELOR_TONE)
    assert strength(right, rate, COUNSELOR_TONE) > 100 * strength(right, rate, CALLER_TONE)
    assert not job_exists(scene, recording)


@pytest.mark.parametrize("stopped", [True, False])
def test_message_is_sealed_like_a_recording_also_when_its_gateway_died(
    scene: SealingScene, stopped: bool
) -> None:
    message = scene.record(2.0, message=True, stopped=stopped)
    if not stopped:
        scene.clock.advance(QUIET.total_seconds() + 1)
    assert scene.sealing.waiting() == [message]
    scene.queue.enqueue(message)
    scene.work()
    row = scene.row(message)
    assert row.state == RecordingState.SEALED
    assert (row.caller_seconds, row.counselor_seconds) == (2.0, 0.0)
    left, right, rate = decode_sealed(scene.opened(message))
    assert strength(left, rate, CALLER_TONE) > 100 * strength(right, rate, CALLER_TONE)
    assert not list(scene.root.rglob("*.wav"))
    assert scene.root.is_dir()


def test_running_a_job_twice_changes_nothing(scene: SealingScene) -> None:
    recording = scene.record()
    for _ in range(2):
        assert scene.queue.enqueue(recording)
        scene.work()
    first = scene.row(recording)
    content = scene.sealed_file(recording).read_bytes()
    assert isinstance(scene.clock, ManualClock)
    scene.clock.advance(60)
    assert scene.sealing.seal(recording) == RecordingState.SEALED
    again = scene.row(recording)
    assert (again.checksum, again.sealed_at) == (first.checksum, first.sealed_at)
    assert scene.sealed_file(recording).read_bytes() == content


def test_a_recording_is_in_the_queue_once_however_often_it_is_said(scene: SealingScene) -> None:
    recording = scene.record()
    assert scene.queue.enqueue(recording)
    assert not scene.queue.enqueue(recording)
    assert len(Queue(QUEUE, connection=scene.redis, serializer=JSONSerializer)) == 1


def test_the_scribe_enqueues_what_stopped_and_what_failed(scene: SealingScene) -> None:
    stopped, failed = scene.record(), scene.record()
    envelope = {"subject": "c" * 32, "seq": 1, "at": datetime.now(UTC)}
    scene.queue.after_commit(
        [
            RecordingStopped(id=new_event_id(), recording=stopped, **envelope),
            RecordingFailed(id=new_event_id(), recording=failed, detail="disk", **envelope),
            RecordingFailed(id=new_event_id(), recording=None, detail="disk", **envelope),
        ]
    )
    scene.work()
    assert scene.state(stopped) == scene.state(failed) == RecordingState.SEALED


def test_a_broken_recording_keeps_its_tracks_and_is_not_tried_again(scene: SealingScene) -> None:
    recording = scene.record()
    caller, counselor = scene.tracks(recording)
    caller.write_bytes(b"no wav at all" * 10)
    scene.queue.enqueue(recording)
    scene.work()
    row = scene.row(recording)
    assert row.state == RecordingState.BROKEN
    assert row.problem is not None
    assert "is not a WAV" in row.problem
    assert caller.exists()
    assert counselor.exists()
    assert not job_exists(scene, recording)
    assert scene.sealing.seal(recording) == RecordingState.BROKEN
    assert scene.sealing.waiting() == []


def test_a_fault_is_tried_again_after_a_pause(scene: SealingScene) -> None:
    recording = scene.record(stopped=False)  # somebody still writes
    scene.queue.enqueue(recording)
    scene.work()
    job = job_of(scene, recording)
    assert job.get_status() == JobStatus.SCHEDULED
    assert job.retries_left == len(RETRY_SECONDS) - 1
    assert not scene.queue.enqueue(recording)
    assert all(track.exists() for track in scene.tracks(recording))
    assert isinstance(scene.clock, ManualClock)
    scene.clock.advance(QUIET.total_seconds() + 60)
    scene.pause_is_over(recording)
    scene.work()
    assert scene.state(recording) == RecordingState.SEALED


def test_a_job_that_failed_for_good_does_not_bar_the_way(scene: SealingScene) -> None:
    recording = scene.record()
    scene.queue.enqueue(recording)
    job = job_of(scene, recording)
    scene.redis.delete(f"rq:queue:{QUEUE}")
    job.set_status(JobStatus.FAILED)
    assert scene.queue.enqueue(recording)
    scene.work()
    assert scene.state(recording) == RecordingState.SEALED


def test_after_a_crash_the_worker_finds_what_nobody_enqueued(scene: SealingScene) -> None:
    lost = scene.record()  # Redis forgot the job, or the scribe died before it
    dead = scene.record(stopped=False)  # the gateway died: nobody stopped it or writes to it
    caller, _ = scene.tracks(dead)
    whole = caller.read_bytes()
    caller.write_bytes(whole[:4] + bytes(4) + whole[8:40] + bytes(4) + whole[44:])
    scene.work()
    assert scene.state(lost) == RecordingState.SEALED
    assert scene.state(dead) == RecordingState.RAW
    assert isinstance(scene.clock, ManualClock)
    scene.clock.advance(QUIET.total_seconds() + 60)
    scene.work()
    assert scene.state(dead) == RecordingState.SEALED
    assert scene.row(dead).caller_seconds == 2.0


def test_what_is_being_written_is_left_alone(scene: SealingScene) -> None:
    recording = scene.record(stopped=False)
    with pytest.raises(StillRecording):
        scene.sealing.seal(recording)
    assert scene.sealing.waiting() == []


def test_an_unknown_recording_is_said_to_be_one(scene: SealingScene) -> None:
    with pytest.raises(UnknownRecording):
        scene.sealing.seal(RecordingId("f" * 32))


def test_tracks_left_behind_by_a_kill_after_the_commit_are_deleted(scene: SealingScene) -> None:
    recording = scene.record()
    tracks = {track: track.read_bytes() for track in scene.tracks(recording)}
    scene.sealing.seal(recording)
    for track, content in tracks.items():
        track.write_bytes(content)
    scene.sealing.seal(recording)
    assert not any(track.exists() for track in tracks)


def test_tracks_are_kept_while_the_sealed_file_is_not_what_was_noted(scene: SealingScene) -> None:
    recording = scene.record()
    tracks = {track: track.read_bytes() for track in scene.tracks(recording)}
    scene.sealing.seal(recording)
    first = scene.row(recording).checksum
    for track, content in tracks.items():
        track.write_bytes(content)
    sealed = scene.sealed_file(recording)
    sealed.write_bytes(sealed.read_bytes()[:1000])
    scene.sealing.seal(recording)
    checksum = scene.row(recording).checksum
    assert scene.checksum(recording) == checksum != first  # sealed again, from the tracks
    assert strength(*decode_sealed(scene.opened(recording))[::2], CALLER_TONE) > 0.01
    sealed.unlink()
    assert scene.sealing.seal(recording) == RecordingState.SEALED  # nothing left to seal from
    assert scene.row(recording).checksum == checksum
