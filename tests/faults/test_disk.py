"""The disk with the recordings is full: calls go on, recording stops, an alarm is raised."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import AlarmKind
from hotline.ids import ContactId
from hotline.sip.tone import seconds_with
from recordings.tables import RecordingState
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, Parties, gathered
from tests.sip.test_recording import recordings_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


async def test_full_disk_costs_the_recording_and_not_the_call(
    tmp_path: Path, tonal_prompts: Path
) -> None:
    server = HotlineServer(
        tmp_path / "hotline",
        {"recording.reserve_mb": 1, "queueing.wrap_up": 1, "gateway.processes": 1},
        prompts=tonal_prompts,
    )
    recordings = server.settings.recordings_dir
    with small_disk(recordings, megabytes=4):
        server.start()
        try:
            async with gathered(server, tmp_path) as parties, parties.counselor() as counselor:
                call, _, cut_off = await parties.talking(counselor)
                await parties.watch.expect(cut_off, e.RecordingStarted)
                await goes_on(parties, call, 1.0)
                filler = fill(recordings)
                await parties.watch.expect(cut_off, e.RecordingFailed)
                alarm = await alarm_raised(parties)
                await goes_on(parties, call, 1.0)
                await parties.trunk.hang_up(call)
                await parties.watch.expect(cut_off, e.CallerLeft)

                call, _, unrecorded = await parties.talking(counselor)
                await parties.watch.expect(unrecorded, e.RecordingFailed, recording=None)
                await goes_on(parties, call, 0.5)
                filler.unlink()
                await until(lambda: cleared(parties, alarm))
                await parties.trunk.hang_up(call)
                await parties.watch.expect(unrecorded, e.CallerLeft)
                await until(lambda: sealed_seconds(server, cut_off) > 0.8, seconds=40)
                assert recordings_of(server, unrecorded) == []
        finally:
            server.stop()


async def goes_on(parties: Parties, call: int, seconds: float) -> None:
    """The caller hears the counselor for so long from now on."""
    heard = parties.heard_by_caller(call)
    before = seconds_with(heard, COUNSELOR_HERTZ) if heard.exists() else 0.0
    await until(lambda: heard.exists() and seconds_with(heard, COUNSELOR_HERTZ) > before + seconds)


def cleared(parties: Parties, alarm: e.AlarmRaised) -> bool:
    return any(
        isinstance(x, e.AlarmCleared) and x.kind is alarm.kind for x in parties.of(alarm.subject)
    )


async def alarm_raised(parties: Parties) -> e.AlarmRaised:
    def alarms() -> list[e.AlarmRaised]:
        raised = [x for x in parties.events if isinstance(x, e.AlarmRaised)]
        return [x for x in raised if x.kind is AlarmKind.DISK_FULL]

    await until(alarms)
    return alarms()[0]


def sealed_seconds(server: HotlineServer, contact: ContactId) -> float:
    """Seconds of the caller's side that are sealed and on the disk."""
    [row] = recordings_of(server, contact)
    if row.state != RecordingState.SEALED:
        return 0.0
    assert row.fault is not None
    assert (server.settings.recordings_dir / str(row.sealed_file)).is_file()
    return float(row.caller_seconds or 0)


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[None]:
    """Let `folder` be a disk of its own, of so many megabytes."""
    folder.mkdir(mode=0o700, parents=True)
    folder.parent.chmod(0o700)
    options = f"size={megabytes}m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte; return the file that takes them."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            pass
    return filler
