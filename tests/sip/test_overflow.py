"""A partner with a real phone takes callers when nobody of ours is there, and gives them back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import AlarmKind, CounselorState, Reason, Result, Termination
from hotline.ids import ContactId
from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import seconds_with, write_tone
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.servers import free_port, rtp_port
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, Counselor, Parties, gathered

PARTNER_ADDRESS = "127.0.0.6"
PARTNER_HERTZ = 2200


@pytest.fixture(scope="module")
def partner_port() -> int:
    return free_port(host=PARTNER_ADDRESS)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path, partner_port: int
) -> Iterator[HotlineServer]:
    """A platform without counselors, whose partner is a phone at an address of its own."""
    overflow = f"""
[[overflow]]
name = "south"
to = "sip:family@{PARTNER_ADDRESS}:{partner_port}"
when_unstaffed = true
topics = ["family"]
pass_number = true
record = true

[[overflow]]
name = "north"
to = "sip:help@{PARTNER_ADDRESS}:{partner_port}"
when_unstaffed = true
after = 6
retry_seconds = 3
attempts = 2
"""
    platform = HotlineServer(
        tmp_path_factory.mktemp("overflow"),
        {
            "gateway.processes": 1,
            "gateway.rtp_silence": 3,
            "queueing.wrap_up": 1,
            "queueing.position_every": 60,
            "queueing.first_position": 60,
        },
        prompts=tonal_prompts,
        more=overflow,
    )
    platform.start()
    yield platform
    platform.stop()
    assert platform.tracebacks() == []


@asynccontextmanager
async def a_partner(
    folder: Path, port: int, *, answer_after: float | None = 0.3, decline: int | None = None
) -> AsyncIterator[SoftphoneClient]:
    heard = folder / "heard-by-partner"
    heard.mkdir()
    tone = write_tone(folder / "partner.wav", PARTNER_HERTZ)
    async with SoftphoneClient(address=PARTNER_ADDRESS, port=port, rtp_port=rtp_port()) as phone:
        await phone.policy(answer_after=answer_after, decline=decline, play=tone, record=heard)
        yield phone


def heard_by_partner(folder: Path, call: int) -> Path:
    return folder / "heard-by-partner" / f"{call}.wav"


def is_heard(track: Path, hertz: int, seconds: float = 0.5) -> bool:
    return track.exists() and seconds_with(track, hertz) > seconds


def alarms(parties: Parties) -> set[AlarmKind]:
    return {event.kind for event in parties.events if isinstance(event, e.AlarmRaised)}


def forwarded_in(server: HotlineServer, *words: str) -> int:
    return sum(int(row["forwarded"]) for row in server.stats(*words) if row["node"] == "city")


async def becomes_ready(parties: Parties, counselor: Counselor) -> None:
    async with parties.server.store() as store:
        await store.change_state(counselor.extension, CounselorState.READY, reason="", by="test")


async def is_answered_before(parties: Parties, first: ContactId, second: ContactId) -> None:
    """Say that the one counselor takes `first`, and `second` waits on."""
    await parties.watch.expect(first, e.ContactAnswered)
    assert not [x for x in parties.of(second) if isinstance(x, e.ContactOffered)]


async def test_partner_is_told_the_context_and_talks_to_the_caller(
    server: HotlineServer, partner_port: int, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, a_partner(tmp_path, partner_port) as partner:
        number = parties.new_number()
        call, contact = await parties.queued(number=number)
        incoming = await partner.expect("incoming", seconds=20)
        told = incoming["headers"]
        assert 0 <= int(told.pop("waited")) < 20
        assert told == {
            "contact": contact,
            "topic": "emotion",
            "language": "zh",
            "priority": "normal",
            "line": "12356",
            "node": "city",
        }
        assert incoming["to"] == "help"
        assert number not in str(incoming)
        forwarded = await parties.watch.expect(contact, e.ContactForwarded)
        assert forwarded.partner == "north"
        partners_call = int(incoming["call"])
        await until(lambda: is_heard(parties.heard_by_caller(call), PARTNER_HERTZ))
        await until(lambda: is_heard(heard_by_partner(tmp_path, partners_call), CALLER_HERTZ))
        await partner.hang_up(partners_call)
        left = await parties.watch.expect(contact, e.PartnerLeft)
        assert left.termination == Termination(Result.COMPLETED, Reason.PARTNER_HUNG_UP)
        await parties.trunk.expect("ended", call=call)
        assert "RecordingStarted" not in [type(x).__name__ for x in parties.of(contact)]
    recomputed = await asyncio.to_thread(forwarded_in, server, "--recompute")
    assert recomputed > 0
    await until(lambda: forwarded_in(server) == recomputed)


async def test_partner_is_told_the_number_and_is_recorded_where_the_settings_say_so(
    server: HotlineServer, partner_port: int, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, a_partner(tmp_path, partner_port) as partner:
        number = parties.new_number()
        call, contact = await parties.queued("#12", number=number)
        incoming = await partner.expect("incoming", seconds=20)
        assert (incoming["to"], incoming["from"]) == ("family", number)
        started = await parties.watch.expect(contact, e.RecordingStarted)
        root = server.settings.recordings_dir
        tracks = [root / started.caller_track, root / started.counselor_track]
        await until(lambda: is_heard(tracks[0], CALLER_HERTZ))
        await until(lambda: is_heard(tracks[1], PARTNER_HERTZ))
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.RecordingStopped)


async def test_caller_whom_the_partner_declines_is_served_in_the_original_place(
    server: HotlineServer, partner_port: int, tmp_path: Path
) -> None:
    async with (
        gathered(server, tmp_path) as parties,
        a_partner(tmp_path, partner_port, decline=486),
        parties.counselor(ready=False) as counselor,
    ):
        first, one = await parties.queued()
        second, two = await parties.queued()
        for contact in (one, two):
            failed = await parties.watch.expect(contact, e.PartnerFailed)
            assert (failed.reason, failed.status) == (Reason.DECLINED, 486)
        await parties.watch.expect(one, e.PartnerDialled, attempt=2)
        await until(lambda: AlarmKind.PARTNER_FAILED in alarms(parties))
        heard = parties.heard_by_caller(first)
        before = seconds_with(heard, tonal.MUSIC)
        await until(lambda: seconds_with(heard, tonal.MUSIC) > before + 0.5)
        await becomes_ready(parties, counselor)
        await is_answered_before(parties, one, two)
        await until(lambda: is_heard(heard, COUNSELOR_HERTZ))
        for call, contact in ((first, one), (second, two)):
            await parties.trunk.hang_up(call)
            await parties.watch.expect(contact, e.CallerLeft)


async def test_counselor_who_is_faster_has_the_caller_and_the_partners_phone_stops(
    server: HotlineServer, partner_port: int, tmp_path: Path
) -> None:
    async with (
        gathered(server, tmp_path) as parties,
        a_partner(tmp_path, partner_port, answer_after=None) as partner,
        parties.counselor(ready=False) as counselor,
    ):
        call, contact = await parties.queued()
        incoming = await partner.expect("incoming", seconds=20)
        await becomes_ready(parties, counselor)
        await parties.watch.expect(contact, e.ContactAnswered)
        ended = await partner.expect("ended", call=incoming["call"])
        assert ended["status"] == 487
        assert (await parties.watch.expect(contact, e.PartnerFailed)).reason is Reason.WITHDRAWN
        await until(lambda: is_heard(parties.heard_by_caller(call), COUNSELOR_HERTZ))
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)


async def test_partner_who_is_faster_has_the_caller_and_the_counselor_is_ready_again(
    server: HotlineServer, partner_port: int, tmp_path: Path
) -> None:
    async with (
        gathered(server, tmp_path) as parties,
        a_partner(tmp_path, partner_port, answer_after=None) as partner,
        parties.counselor(ready=False, answer_after=None) as counselor,
    ):
        call, contact = await parties.queued()
        incoming = await partner.expect("incoming", seconds=20)
        await becomes_ready(parties, counselor)
        rung = await counselor.phone.expect("incoming")
        await partner.answer(int(incoming["call"]))
        await parties.watch.expect(contact, e.ContactForwarded)
        assert (await counselor.phone.expect("ended", call=rung["call"]))["status"] == 487
        await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, state=CounselorState.READY
        )
        await until(lambda: is_heard(parties.heard_by_caller(call), PARTNER_HERTZ))
        await parties.trunk.hang_up(call)
        left = await parties.watch.expect(contact, e.CallerLeft)
        assert left.termination == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
        await partner.expect("ended", call=incoming["call"])


async def test_caller_whose_partner_is_lost_is_served_in_the_original_place(
    server: HotlineServer, partner_port: int, tmp_path: Path
) -> None:
    async with (
        gathered(server, tmp_path) as parties,
        a_partner(tmp_path, partner_port) as partner,
        parties.counselor(ready=False) as counselor,
    ):
        first, one = await parties.queued()
        await parties.watch.expect(one, e.ContactForwarded)
        heard = parties.heard_by_caller(first)
        await until(lambda: is_heard(heard, PARTNER_HERTZ))
        await partner.policy(decline=486)  # whoever comes now
        second, two = await parties.queued()
        await parties.watch.expect(two, e.PartnerFailed)
        await partner.go_silent()
        lost = await parties.watch.expect(one, e.PartnerLost)
        assert lost.reason is Reason.RTP_SILENCE
        await until(lambda: is_heard(heard, tonal.PARTNER_LOST, 0.2))
        await becomes_ready(parties, counselor)
        await is_answered_before(parties, one, two)
        await until(lambda: is_heard(heard, COUNSELOR_HERTZ))
        for call, contact in ((first, one), (second, two)):
            await parties.trunk.hang_up(call)
            await parties.watch.expect(contact, e.CallerLeft)


async def test_partner_that_is_away_costs_the_caller_nothing(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties:
        call, contact = await parties.queued()
        failed = await parties.watch.expect(contact, e.PartnerFailed, seconds=30)
        assert failed.reason is Reason.UNREACHABLE
        heard = parties.heard_by_caller(call)
        before = seconds_with(heard, tonal.MUSIC)
        await until(lambda: seconds_with(heard, tonal.MUSIC) > before + 0.5)
        await parties.trunk.hang_up(call)
        left = await parties.watch.expect(contact, e.CallerLeft)
        assert left.termination.result is Result.ABANDONED
