"""What a gateway looks at each second: a fault in one look stops no other."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from admin.processes.looks import looks
from hotline.clock import SystemClock
from hotline.events import AlarmKind
from hotline.ids import ContactId, LegId, RecordingId
from recordings.recorder import MEGABYTE, Recorder
from tests.fakes import FakeAlarms
from tests.tracks import FileTracks


class BrokenGateway:
    """Cannot sweep; notes whose recording was stopped."""

    def __init__(self) -> None:
        self.stopped: list[RecordingId] = []

    def sweep(self) -> None:
        raise OSError("no sweep")

    def recording_stopped(self, recording: RecordingId, reason: str) -> None:
        assert reason
        self.stopped.append(recording)


def test_fault_of_the_sweep_switches_no_watch_of_the_disk_off(tmp_path: Path) -> None:
    free = [2 * MEGABYTE]
    recorder = Recorder(
        tracks=FileTracks(), root=tmp_path, reserve_mb=1, clock=SystemClock(),
        free=lambda _folder: free[0],
    )  # fmt: skip
    gateway, alarms = BrokenGateway(), FakeAlarms()
    each_second = looks(gateway, recorder, alarms)

    def a_second() -> None:
        for look in each_second.values():
            with suppress(OSError):
                look()

    started = recorder.start(ContactId("c"), caller=LegId("a"), counselor=LegId("b"))
    a_second()
    assert (gateway.stopped, alarms.standing) == ([], {})
    free[0] = 0
    a_second()
    assert gateway.stopped == [started.id]
    assert AlarmKind.DISK_FULL in alarms.standing
    free[0] = 2 * MEGABYTE
    a_second()
    assert alarms.standing == {}
