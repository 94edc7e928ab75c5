"""What `ports.Recorder` promises, of the fake and of the one that writes files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
import pytest

from hotline.clock import ManualClock
from hotline.ids import ContactId, LegId, RecordingId
from hotline.ports import Recorder, StartedRecording
from recordings.recorder import Recorder as RealRecorder
from tests.fakes import FakeRecorder
from tests.queue_scene import NOON
from tests.tracks import RATE, FileTracks, tone, write_track

C1, C2 = ContactId("c1"), ContactId("c2")


class Studio(Protocol):
    """The recorder, and how many recordings it makes now."""

    @property
    def recorder(self) -> Recorder: ...

    @property
    def running(self) -> int: ...

    def fill_the_disk(self) -> None: ...

    def be_quiet(self, started: StartedRecording, seconds: float) -> None: ...


class FakeStudio:
    def __init__(self) -> None:
        self.recorder = FakeRecorder()

    @property
    def running(self) -> int:
        return len(self.recorder.running)

    def fill_the_disk(self) -> None:
        self.recorder.full = True

    def be_quiet(self, started: StartedRecording, seconds: float) -> None:
        self.recorder.quiet = seconds


class RealStudio:
    def __init__(self, folder: Path) -> None:
        self._free = 1_000_000_000
        self._root = folder
        self._tracks = FileTracks()
        self.recorder = RealRecorder(
            tracks=self._tracks,
            root=folder,
            reserve_mb=1,
            clock=ManualClock(NOON),
            free=lambda _folder: self._free,
        )

    @property
    def running(self) -> int:
        return len({leg.rpartition(" ")[2] for leg in self._tracks.running})

    def fill_the_disk(self) -> None:
        self._free = 0

    def be_quiet(self, started: StartedRecording, seconds: float) -> None:
        said = np.concatenate([tone(440, 1.0), np.zeros(int(seconds * RATE))])
        write_track(self._root / started.caller_track, said)


@pytest.fixture(params=["fake", "real"])
def studio(request: pytest.FixtureRequest, tmp_path: Path) -> Studio:
    return FakeStudio() if request.param == "fake" else RealStudio(tmp_path)


def start(studio: Studio, contact: ContactId = C1) -> StartedRecording:
    legs = LegId(f"caller of {contact}"), LegId(f"counselor of {contact}")
    return studio.recorder.start(contact, caller=legs[0], counselor=legs[1])


def test_two_recordings_share_neither_id_nor_track(studio: Studio) -> None:
    one, other = start(studio, C1), start(studio, C2)
    assert studio.running == 2
    assert one.id != other.id
    tracks = {track for each in (one, other) for track in (each.caller_track, each.counselor_track)}
    assert len(tracks) == 4


def test_tracks_are_relative_to_the_folder_of_recordings(studio: Studio) -> None:
    started = start(studio)
    for track in (started.caller_track, started.counselor_track):
        assert not PurePosixPath(track).is_absolute()
        assert track.endswith(".wav")


def test_recording_is_stopped_once_and_alone(studio: Studio) -> None:
    one, other = start(studio, C1), start(studio, C2)
    for _ in range(2):
        studio.recorder.stop(one.id)
        assert studio.running == 1
    studio.recorder.stop(other.id)
    assert studio.running == 0


def test_counselor_who_joins_is_part_of_the_same_recording(studio: Studio) -> None:
    one = start(studio, C1)
    studio.recorder.join(one.id, LegId("another counselor"))
    studio.recorder.join(RecordingId("unknown"), LegId("nobody"))
    studio.recorder.stop(one.id)
    assert studio.running == 0
    studio.recorder.join(one.id, LegId("too late"))
    assert studio.running == 0


def test_stopping_what_was_never_started_does_nothing(studio: Studio) -> None:
    start(studio)
    studio.recorder.stop(RecordingId("unknown"))
    assert studio.running == 1


def test_recording_that_cannot_begin_is_an_os_error_and_spares_the_others(studio: Studio) -> None:
    one = start(studio, C1)
    studio.fill_the_disk()
    with pytest.raises(OSError, match="space"):
        start(studio, C2)
    assert studio.running == 1
    studio.recorder.stop(one.id)
    assert studio.running == 0


def start_message(studio: Studio, contact: ContactId = C1) -> StartedRecording:
    return studio.recorder.start_message(contact, caller=LegId(f"caller of {contact}"))


def test_message_has_the_callers_track_alone_and_is_stopped_alone(studio: Studio) -> None:
    message, conversation = start_message(studio, C1), start(studio, C2)
    assert message.caller_track.endswith(".wav")
    assert message.counselor_track == ""
    assert message.caller_track != conversation.caller_track
    assert studio.running == 2
    studio.recorder.stop(message.id)
    assert studio.running == 1


def test_message_that_cannot_begin_is_an_os_error(studio: Studio) -> None:
    studio.fill_the_disk()
    with pytest.raises(OSError, match="space"):
        start_message(studio)
    assert studio.running == 0


def test_quiet_is_counted_while_the_recording_runs_and_up_to_what_is_asked(studio: Studio) -> None:
    message = start_message(studio)
    studio.be_quiet(message, 4.0)
    assert studio.recorder.quiet_seconds(message.id, 9.0) == pytest.approx(4.0, abs=0.11)
    assert studio.recorder.quiet_seconds(message.id, 3.0) == pytest.approx(3.0, abs=0.11)
    studio.recorder.stop(message.id)
    assert studio.recorder.quiet_seconds(message.id, 9.0) == 0
