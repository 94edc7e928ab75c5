"""What a gateway looks at once a second: each by itself, so that a fault in one stops no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from hotline.events import AlarmKind
from hotline.ids import RecordingId
from hotline.ports import Alarms
from recordings.recorder import Recorder


class Sweeps(Protocol):
    """The part of a gateway that is needed here."""

    def sweep(self) -> None: ...

    def recording_stopped(self, recording: RecordingId, reason: str) -> None: ...


def looks(
    gateway: Sweeps, recorder: Recorder | None, alarms: Alarms
) -> Mapping[str, Callable[[], None]]:
    """Return by name what is to be called each second."""
    found: dict[str, Callable[[], None]] = {"sweep": gateway.sweep}
    if recorder is not None:
        watch = DiskWatch(recorder, gateway=gateway, alarms=alarms)
        found |= {"recordings": watch.stop_recordings, "disk": watch.tell}
    return found


class DiskWatch:
    """Recording gives way to the disk, and an operator hears of it."""

    def __init__(self, recorder: Recorder, *, gateway: Sweeps, alarms: Alarms) -> None:
        self._recorder = recorder
        self._gateway = gateway
        self._alarms = alarms

    def stop_recordings(self) -> None:
        """Stop what is recorded while the disk is short, and tell whose recording it was."""
        for recording in self._recorder.sweep():
            self._gateway.recording_stopped(recording, "the disk is short of space")

    def tell(self) -> None:
        """Let the alarm stand for as long as the disk is short."""
        if self._recorder.disk_is_short():
            self._alarms.raise_alarm(AlarmKind.DISK_FULL, "recording stopped, calls go on")
        else:
            self._alarms.clear_alarm(AlarmKind.DISK_FULL)
