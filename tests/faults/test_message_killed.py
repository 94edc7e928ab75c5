"""The gateway is killed while a caller leaves a message: what was said until then is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from admin.bootstrap.workshop import workshop
from hotline import events as e
from hotline.clock import SystemClock
from hotline.events import Reason, Result, Termination
from hotline.ids import RecordingId
from hotline.sip.tone import seconds_with
from recordings.storage import SealingElsewhere
from recordings.tables import RecordingState
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, gathered
from tests.sip.test_recording import recordings_of, seconds_of_tones

LOST = Termination(Result.FAILED, Reason.GATEWAY_LOST)
SPOKEN = 4.0
"""Seconds: longer than a gateway takes to say anew what it carries."""


@pytest.fixture
def server(tmp_path: Path, tonal_prompts: Path) -> Iterator[HotlineServer]:
    platform = HotlineServer(
        tmp_path / "hotline",
        {"gateway.processes": 1, "voicemail.enabled": True},
        prompts=tonal_prompts,
    )
    platform.start()
    yield platform
    platform.stop()


@pytest.mark.timeout(180)
async def test_message_cut_off_by_a_killed_gateway_is_sealed_and_waits_for_somebody(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties:
        call, contact = await parties.queued()
        heard = parties.heard_by_caller(call)
        await until(lambda: seconds_with(heard, tonal.NOBODY_MESSAGE) > 0.2)
        await parties.choose(call, "5")
        started = await parties.watch.expect(contact, e.RecordingStarted)
        track = server.settings.recordings_dir / started.caller_track
        await until(lambda: track.exists() and seconds_with(track, CALLER_HERTZ) > SPOKEN)
        server.kill("gateway-1")
        failed = await parties.watch.expect(contact, e.ContactFailed, seconds=40)
        assert failed.termination == LOST
    await until(lambda: contact[:8] in server.command("messages", "list"), seconds=30)
    await until(lambda: _is_sealed(server, started.recording), seconds=60)
    [row] = recordings_of(server, contact)
    assert seconds_of_tones(server, row)[0][CALLER_HERTZ] > SPOKEN - 1
    assert server.command("messages", "done", contact[:8])


def _is_sealed(server: HotlineServer, recording: RecordingId) -> bool:
    """Do what the worker does, sooner than it does, or wait for it."""
    with suppress(SealingElsewhere), workshop(server.settings, SystemClock()).opened() as sealing:
        return sealing.seal(recording) is RecordingState.SEALED
    return False
