"""The recording of a real call: both sides apart, sealed; or none at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

from admin import bootstrap
from admin.bootstrap.recordings import vault
from hotline import events as e
from hotline.database import open_engine, unit_of_work
from hotline.ids import ContactId, RecordingId
from hotline.sip.tone import RATE, WINDOW, seconds_with, share
from recordings.tables import RecordingRow, RecordingState
from recordings.unseal import unseal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, Parties, gathered

TALK_SECONDS = 2.0


def recordings_of(server: HotlineServer, contact: ContactId) -> list[RecordingRow]:
    engine = open_engine(server.settings.database_url)
    try:
        with unit_of_work(engine) as session:
            rows = session.query(RecordingRow).filter_by(contact=contact).all()
            session.expunge_all()
            return rows
    finally:
        engine.dispose()


def seconds_of_tones(
    server: HotlineServer, row: RecordingRow, extra: tuple[int, ...] = ()
) -> list[dict[int, float]]:
    """For each side, left first: the seconds in which each tone is most of what is heard; of
    `extra` tones too."""
    engine, name = bootstrap.database(server.settings), str(row.sealed_file)
    try:
        with vault(server.settings, engine).open(RecordingId(row.id), name) as file:
            sides = unseal(file, name)
    finally:
        engine.dispose()
    step = int(WINDOW * RATE)
    return [
        {
            hertz: WINDOW
            * sum(
                share(side[start : start + step], hertz) > 0.5
                for start in range(0, len(side) - step + 1, step)
            )
            for hertz in (CALLER_HERTZ, COUNSELOR_HERTZ, *extra)
        }
        for side in sides
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

    def sealed() -> bool:
        return any(
            row.state == RecordingState.SEALED for row in recordings_of(tonal_hotline, contact)
        )

    await until(sealed, seconds=20)
    [row] = recordings_of(tonal_hotline, contact)
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
