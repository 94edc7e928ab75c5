"""The recording of a real call: both sides apart, sealed; or none at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

from admin import bootstrap
from admin.bootstrap.recordings import vault
from hotline import events as e
from hotline.database import open_engine, unit_of_work
from hotline.ids import ContactId, RecordingId
from hotline.sip.tone import RATE, WINDOW, Samples, seconds_with, share
from recordings.tables import RecordingRow, RecordingState
from recordings.unseal import unseal
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, Parties, gathered

TALK_SECONDS = 2.0
BEFORE = (tonal.NOTICE, tonal.PLEASE_WAIT, tonal.MUSIC)
"""What the caller has heard before the two talk."""
CLOCKS_APART = 0.5
"""Seconds: tracks are written by the clock of the media, events are dated by the machine's."""


def recordings_of(server: HotlineServer, contact: ContactId) -> list[RecordingRow]:
    engine = open_engine(server.settings.database_url)
    try:
        with unit_of_work(engine) as session:
            rows = session.query(RecordingRow).filter_by(contact=contact).all()
            session.expunge_all()
            return rows
    finally:
        engine.dispose()


def sides_of(server: HotlineServer, row: RecordingRow) -> tuple[Samples, Samples]:
    """The samples of each side of a sealed recording, the caller's first."""
    engine, name = bootstrap.database(server.settings), str(row.sealed_file)
    try:
        with vault(server.settings, engine).open(RecordingId(row.id), name) as file:
            return unseal(file, name)
    finally:
        engine.dispose()


def seconds_of_tones(
    server: HotlineServer, row: RecordingRow, extra: tuple[int, ...] = (), *, least: float = 0.5
) -> list[dict[int, float]]:
    """For each side, the caller's first: the seconds in which each tone, also of `extra`, has at
    `least` that share of what is heard."""
    step = int(WINDOW * RATE)
    return [
        {
            hertz: WINDOW
            * sum(
                share(side[start : start + step], hertz) > least
                for start in range(0, len(side) - step + 1, step)
            )
            for hertz in (CALLER_HERTZ, COUNSELOR_HERTZ, *extra)
        }
        for side in sides_of(server, row)
    ]


async def talk(parties: Parties, keys: str) -> ContactId:
    """A conversation of a few seconds, hung up by the caller."""
    async with parties.counselor() as counselor:
        call, _, contact = await parties.talking(counselor, keys)
        await until(lambda: heard_for(parties, call) > TALK_SECONDS)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
    return contact


def heard_for(parties: Parties, call: int) -> float:
    return seconds_with(parties.heard_by_caller(call), COUNSELOR_HERTZ)


async def test_recording_has_the_caller_left_and_the_counselor_right(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties:
        contact = await talk(parties, "#11")

    await until(lambda: sealed(tonal_hotline, contact), seconds=60)
    row = sealed(tonal_hotline, contact)
    assert row is not None
    root = tonal_hotline.settings.recordings_dir
    file = root / str(row.sealed_file)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == row.checksum
    assert file.stat().st_mode & 0o077 == 0
    left, right = seconds_of_tones(tonal_hotline, row)
    assert left[CALLER_HERTZ] > 0.8 * TALK_SECONDS
    assert right[COUNSELOR_HERTZ] > 0.8 * TALK_SECONDS
    assert left[COUNSELOR_HERTZ] < 0.1
    assert right[CALLER_HERTZ] < 0.1
    await until(lambda: not list(root.rglob(f"{row.id}*.wav")))  # the plain tracks are gone


async def test_recording_has_the_conversation_and_nothing_from_before_or_after_it(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties:
        call, contact = await parties.queued()
        heard = parties.heard_by_caller(call)
        for tone in BEFORE:
            await until(lambda: seconds_with(heard, tone) > 0.2, seconds=60)  # noqa: B023
        async with parties.counselor() as counselor:
            await parties.watch.expect(contact, e.ContactAnswered)
            incoming = int((await counselor.phone.expect("incoming"))["call"])
            await until(lambda: heard_for(parties, call) > TALK_SECONDS)
            await counselor.phone.hang_up(incoming)
            await parties.watch.expect(contact, e.CounselorLeft)
        [started] = [x.at for x in parties.of(contact) if isinstance(x, e.RecordingStarted)]
        [stopped] = [x.at for x in parties.of(contact) if isinstance(x, e.RecordingStopped)]
    await until(lambda: sealed(tonal_hotline, contact), seconds=120)
    row = sealed(tonal_hotline, contact)
    assert row is not None
    length = len(sides_of(tonal_hotline, row)[0]) / RATE
    assert abs(length - (stopped - started).total_seconds()) < CLOCKS_APART
    left, right = seconds_of_tones(tonal_hotline, row, BEFORE, least=0.1)
    assert left[CALLER_HERTZ] > 0.8 * TALK_SECONDS
    assert right[COUNSELOR_HERTZ] > 0.8 * TALK_SECONDS
    for side in (left, right):
        assert all(side[tone] < 0.1 for tone in BEFORE)


def sealed(server: HotlineServer, contact: ContactId) -> RecordingRow | None:
    """The one recording of `contact`, when it is sealed."""
    rows = recordings_of(server, contact)
    if not rows or rows[0].state != RecordingState.SEALED:
        return None
    [row] = rows
    return row


async def test_caller_who_refuses_is_served_and_nothing_is_written(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    root = tonal_hotline.settings.recordings_dir
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        files = set(root.rglob("*.wav"))
        call, contact = await parties.dial()
        await parties.hears_us(call)
        await parties.choose(call, "8")
        await parties.watch.expect(contact, e.ConsentRefused)
        await parties.choose(call, "11")
        await parties.watch.expect(contact, e.ContactAnswered, counselor=counselor.extension)
        await until(lambda: heard_for(parties, call) > 1)
        assert set(root.rglob("*.wav")) <= files
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
        said = {type(event) for event in parties.of(contact)}
        assert e.RecordingStarted not in said
        assert e.RecordingFailed not in said
    assert recordings_of(tonal_hotline, contact) == []
