"""A caller leaves a message when nobody is there; a supervisor finds it and deals with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hotline import events as e
from hotline.clock import SystemClock
from hotline.events import CounselorState, Reason, Result, Termination
from hotline.ids import ContactId
from hotline.menu.hours import DAYS
from hotline.sip.tone import seconds_with, when
from recordings.tables import RecordingRow, RecordingState
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, Parties, gathered
from tests.sip.test_recording import recordings_of, seconds_of_tones

CLOSED_LINE = "96525"
OPENS = DAYS[(SystemClock().now() + timedelta(days=4)).weekday()]
"""Neither today nor tomorrow nor the same day of next week, wherever the platform's clock is."""
MORE = f"""
[[lines]]
number = "{CLOSED_LINE}"
open = ["{OPENS} 08:20-09:00"]
closed = "closed_message"
"""


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path
) -> Iterator[HotlineServer]:
    platform = HotlineServer(
        tmp_path_factory.mktemp("voicemail"),
        {
            "gateway.processes": 1,
            "queueing.wrap_up": 1,
            "queueing.position_every": 60,
            "queueing.first_position": 60,
            "voicemail.enabled": True,
            "voicemail.silence": 2,
        },
        prompts=tonal_prompts,
        more=MORE,
    )
    platform.start()
    yield platform
    platform.stop()
    assert platform.tracebacks() == []


async def choose_message(parties: Parties) -> tuple[int, ContactId]:
    """Wait in line, hear that nobody is there, choose to leave a message, hear the tone."""
    call, contact = await parties.queued()
    heard = parties.heard_by_caller(call)
    await until(lambda: seconds_with(heard, tonal.NOBODY_MESSAGE) > 0.2)
    assert seconds_with(heard, tonal.NOBODY_THERE) > 0.2
    await parties.choose(call, "5")
    await parties.watch.expect(contact, e.MessageStarted)
    await until(lambda: seconds_with(heard, tonal.BEEP) > 0.2)
    assert when(heard, tonal.MESSAGE_INTRO)[0][0] < when(heard, tonal.BEEP)[0][0]
    return call, contact


async def speak(parties: Parties, contact: ContactId, seconds: float) -> None:
    """The caller's tone is on the track for so long."""
    started = await parties.watch.expect(contact, e.RecordingStarted)
    track = parties.server.settings.recordings_dir / started.caller_track
    await until(lambda: track.exists() and seconds_with(track, CALLER_HERTZ) > seconds)


async def sealed(parties: Parties, contact: ContactId) -> RecordingRow:
    """Wait for the worker, which deletes the track last: on a busy machine that takes a while."""
    started = await parties.watch.expect(contact, e.RecordingStarted)
    track = parties.server.settings.recordings_dir / started.caller_track
    await until(lambda: not track.exists(), seconds=90)
    [row] = recordings_of(parties.server, contact)
    assert row.state == RecordingState.SEALED
    return row


@pytest.mark.timeout(240)
async def test_message_is_sealed_with_the_callers_voice_and_waits_until_somebody_is_done(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties:
        call, contact = await choose_message(parties)
        await speak(parties, contact, 2.0)
        await parties.choose(call, "#")
        left = await parties.watch.expect(contact, e.MessageLeft)
        assert left.termination == Termination(Result.MESSAGE_LEFT, Reason.SERVED)
        await parties.trunk.expect("ended", call=call)
        heard = parties.heard_by_caller(call)  # closed a moment after the end
        await until(lambda: seconds_with(heard, tonal.MESSAGE_KEPT) > 0.2)
        row = await sealed(parties, contact)
        left_side, right_side = seconds_of_tones(server, row)
        assert left_side[CALLER_HERTZ] > 1.8
        assert sum(right_side.values()) < 0.1
    await until(lambda: contact[:8] in server.command("messages", "list"))
    await until(lambda: "message_waiting" in server.command("status"))
    server.command("messages", "done", contact[:8])
    await until(lambda: contact[:8] not in server.command("messages", "list"))
    for words in ((), ("--recompute",)):
        rows = [row for row in server.stats(*words) if row["node"] == "city"]
        assert sum(row["messages"] for row in rows) >= 1


@pytest.mark.timeout(240)
async def test_caller_who_hangs_up_while_speaking_has_left_the_message(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties:
        call, contact = await choose_message(parties)
        await speak(parties, contact, 1.5)
        await parties.trunk.hang_up(call)
        left = await parties.watch.expect(contact, e.MessageLeft)
        assert left.termination == Termination(Result.MESSAGE_LEFT, Reason.CALLER_HUNG_UP)
        row = await sealed(parties, contact)
        assert row.caller_seconds is not None
        assert row.caller_seconds > 1.5


async def test_silence_ends_the_message(server: HotlineServer, tmp_path: Path) -> None:
    async with gathered(server, tmp_path) as parties:
        call, contact = await choose_message(parties)
        await speak(parties, contact, 1.0)
        await parties.trunk.go_silent()
        left = await parties.watch.expect(contact, e.MessageLeft)
        assert left.termination.reason is Reason.SERVED
        await parties.trunk.expect("ended", call=call)


async def test_danger_key_in_the_message_reaches_a_human(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(server, tmp_path) as parties,
        parties.counselor(skill="crisis", ready=False) as counselor,
    ):
        call, contact = await choose_message(parties)
        await speak(parties, contact, 0.5)
        await parties.choose(call, "0")
        async with server.store() as store:
            await store.change_state(
                counselor.extension, CounselorState.READY, reason="", by="test"
            )
        await parties.watch.expect(contact, e.ContactAnswered)
        heard = parties.heard_by_caller(call)
        await until(lambda: seconds_with(heard, COUNSELOR_HERTZ) > 0.5)
        await parties.trunk.hang_up(call)
        left = await parties.watch.expect(contact, e.CallerLeft)
        assert left.termination.result is Result.COMPLETED
    assert contact[:8] not in server.command("messages", "list")


async def test_closed_line_takes_a_message(server: HotlineServer, tmp_path: Path) -> None:
    async with gathered(server, tmp_path) as parties:
        call, contact = await parties.dial(dialled=CLOSED_LINE)
        heard = parties.heard_by_caller(call)
        await until(lambda: heard.exists() and seconds_with(heard, tonal.CLOSED_MESSAGE) > 0.2)
        await parties.choose(call, "5")
        await speak(parties, contact, 1.0)
        await parties.choose(call, "#")
        await parties.watch.expect(contact, e.MessageLeft)
        assert not [x for x in parties.of(contact) if isinstance(x, e.ContactQueued)]
