"""Each process of the running platform is killed under calls: what was promised goes on."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis
from sqlalchemy import func, select

from admin.supervision.status import ChildState
from hotline import events as e
from hotline.database import open_engine, unit_of_work
from hotline.edge.control import Control, GatewayState
from hotline.events import CounselorState, Reason, Result, Termination
from hotline.ids import ContactId
from hotline.journal.stream import JOURNAL_STREAM
from hotline.journal.tables import JournalRow, SubjectRow
from hotline.sip.tone import seconds_with
from recordings.sealing import QUIET
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.servers import select_pause, wait_until
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, gathered
from tests.sip.test_recording import TALK_SECONDS, recordings_of, sealed, seconds_of_tones

LEASE = 15
"""Seconds after which a gateway that no longer beats is given up."""
OUTAGE = 3
LOST = Termination(Result.FAILED, Reason.GATEWAY_LOST)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path
) -> Iterator[HotlineServer]:
    platform = HotlineServer(
        tmp_path_factory.mktemp("killed"),
        {"queueing.wrap_up": 1, "queueing.position_every": 2},
        prompts=tonal_prompts,
    )
    platform.start()
    yield platform
    platform.stop()


async def test_killed_edge_keeps_registrations_and_calls_and_their_bye(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, parties.counselor() as counselor:
        call, counselors_call, contact = await parties.talking(counselor)
        await kill_and_await(server, "edge")
        heard = parties.heard_by_caller(call)
        before = seconds_with(heard, COUNSELOR_HERTZ)
        await until(lambda: seconds_with(heard, COUNSELOR_HERTZ) > before + 0.5)
        await parties.trunk.hang_up(call)
        left = await parties.watch.expect(contact, e.CallerLeft)
        assert left.termination == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
        await counselor.phone.expect("ended", call=counselors_call, status=200)
        call, _, contact = await parties.talking(counselor)  # still registered
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)


async def test_killed_scribe_loses_nothing_and_doubles_nothing(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties:
        for _ in range(2):
            server.kill("scribe")
            call, contact = await parties.queued()
            await parties.trunk.hang_up(call)
            await parties.watch.expect(contact, e.CallerLeft)
        await until(lambda: is_up(server, "scribe"), seconds=30)
    journalled_once(server)


async def test_killed_redis_costs_neither_the_talk_nor_the_place_nor_the_journal(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, parties.counselor() as counselor:
        talk, counselors_call, talking = await parties.talking(counselor)
        wait, waiting = await parties.queued()
        voice, music = parties.heard_by_caller(talk), parties.heard_by_caller(wait)
        heard = seconds_with(voice, COUNSELOR_HERTZ), seconds_with(music, tonal.MUSIC)
        with redis_away(server):
            await until(lambda: seconds_with(voice, COUNSELOR_HERTZ) > heard[0] + OUTAGE)
            assert seconds_with(music, tonal.MUSIC) > heard[1] + OUTAGE / 2
            await parties.trunk.hang_up(talk)  # nobody hears of it now
            await counselor.phone.expect("ended", call=counselors_call)
        assert (await counselor.phone.expect("incoming", seconds=30))["call"] != counselors_call
        await until(lambda: seconds_with(music, COUNSELOR_HERTZ) > 0.5)
        await parties.trunk.hang_up(wait)
        for contact in (talking, waiting):
            await until(lambda: ending_of(server, contact), seconds=60)  # noqa: B023
            assert ending_of(server, contact) == ["CallerLeft"]
    journalled_once(server)


@pytest.mark.timeout(420)  # the worker looks for such tracks once a minute
async def test_killed_gateway_fails_its_contacts_and_the_other_one_goes_on(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(server, tmp_path) as parties,
        parties.counselor(ready=False) as counselor,
    ):
        calls = [await parties.queued() for _ in range(4)]
        gateways = {x.subject: x.gateway for x in parties.invites()}
        async with server.store() as store:
            await store.change_state(
                counselor.extension, CounselorState.READY, reason="", by="test"
            )
        call, talking = calls[0]
        await parties.watch.expect(talking, e.RecordingStarted)
        voice = parties.heard_by_caller(call)
        await until(lambda: seconds_with(voice, COUNSELOR_HERTZ) > TALK_SECONDS)
        killed = gateways[talking]
        down = [contact for _, contact in calls if gateways[contact] == killed]
        left = [(call, contact) for call, contact in calls if gateways[contact] != killed]
        assert len(down) >= 2
        assert left
        name = killed.partition(".")[0]
        pid = server.pid_of(name)
        server.kill(name)
        for contact in down:
            failed = await parties.watch.expect(contact, e.ContactFailed, seconds=LEASE + 10)
            assert failed.termination == LOST
        for call, contact in left:
            await parties.watch.expect(
                contact, e.ContactAnswered, counselor=counselor.extension, seconds=30
            )
            await parties.trunk.hang_up(call)
            await parties.watch.expect(contact, e.CallerLeft)
        await until(lambda: is_up(server, name, after=pid), seconds=30)
        await until(lambda: all_active(server), seconds=30)
    journalled_once(server)
    await sealed_by_the_worker(server, talking)


@pytest.mark.timeout(180)
async def test_gateway_killed_while_a_phone_rings_frees_the_counselor_for_the_next_caller(
    server: HotlineServer, tmp_path: Path
) -> None:
    """Between `offer.lua` and `accept.lua`: contact and counselor are claimed for each other."""
    async with (
        gathered(server, tmp_path) as parties,
        parties.counselor(answer_after=None) as counselor,
    ):
        _, lost = await parties.queued()
        await parties.watch.expect(lost, e.ContactOffered, counselor=counselor.extension)
        await counselor.phone.expect("incoming")
        [owner] = {x.gateway for x in parties.invites() if x.subject == lost}
        name = owner.partition(".")[0]
        await kill_and_await(server, name)
        failed = await parties.watch.expect(lost, e.ContactFailed, seconds=LEASE + 10)
        assert failed.termination == LOST
        assert parties.endings(lost) == [LOST]
        freed = await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, previous=CounselorState.OFFERED
        )
        assert (freed.state, freed.contact) == (CounselorState.READY, None)
        tone = parties.folder / f"{counselor.extension}.wav"
        await counselor.phone.policy(answer_after=0.2, play=tone, record=counselor.heard)
        call, following = await parties.queued()
        await parties.watch.expect(following, e.ContactAnswered, counselor=counselor.extension)
        await until(lambda: seconds_with(parties.heard_by_caller(call), COUNSELOR_HERTZ) > 0.5)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(following, e.CallerLeft)
        assert e.ContactAnswered not in {type(event) for event in parties.of(lost)}
        await until(lambda: all_active(server), seconds=30)
    journalled_once(server)


async def sealed_by_the_worker(server: HotlineServer, contact: ContactId) -> None:
    """The conversation that the gateway's death cut off is kept, as far as it was written, by the
    platform's own worker: in its next sweep after nobody has written to the tracks for a while."""
    [row] = recordings_of(server, contact)
    root = server.settings.recordings_dir
    long_ago = time.time() - 2 * QUIET.total_seconds()
    for track in (row.caller_track, row.counselor_track):
        os.utime(root / str(track), (long_ago, long_ago))
    await until(lambda: sealed(server, contact), seconds=240)
    again = sealed(server, contact)
    assert again is not None
    left, right = seconds_of_tones(server, again)
    assert left[CALLER_HERTZ] > 0.7 * TALK_SECONDS
    assert right[COUNSELOR_HERTZ] > 0.7 * TALK_SECONDS
    assert left[COUNSELOR_HERTZ] < 0.1
    assert right[CALLER_HERTZ] < 0.1


# --- what the tests look at ------------------------------------------------------------


def is_up(server: HotlineServer, name: str, *, after: int | None = None) -> bool:
    """Say whether that process serves; in another life than that of process `after`."""
    status = server.status()
    return status is not None and any(
        child.name == name and child.state is ChildState.UP and child.pid not in (None, after)
        for child in status.children
    )


async def kill_and_await(server: HotlineServer, name: str) -> None:
    """SIGKILL `name` and return when its next life serves, and the edge sends calls to it."""
    pid = server.pid_of(name)
    server.kill(name)
    await until(lambda: is_up(server, name, after=pid), seconds=30)
    await until(lambda: all_active(server), seconds=30)


def all_active(server: HotlineServer) -> bool:
    gateways = Control.of(server.settings).gateways()
    return all(gateway.state is GatewayState.ACTIVE for gateway in gateways)


@contextmanager
def redis_away(server: HotlineServer) -> Iterator[None]:
    """Kill Redis; its port is taken, so that it cannot come back, until the block ends."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wait_until(lambda: _taken_from_redis(taken, server), what="Redis' port")
        yield
    wait_until(lambda: is_up(server, "redis"), seconds=60, what="Redis")


def _taken_from_redis(taken: socket.socket, server: HotlineServer) -> bool:
    """Kill Redis and bind its port, unless its next life was faster than we are."""
    before = server.pid_of("redis")
    server.kill("redis")
    while not is_up(server, "redis", after=before):
        with suppress(OSError):
            taken.bind(("127.0.0.1", server.settings.redis.port))
            return True
        select_pause(0.005)
    return False


def ending_of(server: HotlineServer, contact: str) -> list[str]:
    """The kinds of the ending events in the database."""
    engine = open_engine(server.settings.database_url)
    try:
        with unit_of_work(engine) as session:
            rows = session.query(JournalRow).filter_by(subject=contact)
            return [row.type for row in rows if "termination" in row.data]
    finally:
        engine.dispose()


def journalled_once(server: HotlineServer) -> None:
    """The database has every event of the stream once, and no subject misses a number."""
    engine = open_engine(server.settings.database_url)

    def complete() -> bool:
        with (
            redis.Redis.from_url(server.settings.redis_url) as connection,
            unit_of_work(engine) as session,
        ):
            stream = {fields[b"id"].decode() for _, fields in connection.xrange(JOURNAL_STREAM)}
            ids = list(session.scalars(select(JournalRow.id)))
            missing = session.scalar(select(func.sum(SubjectRow.missing)))
            return stream <= set(ids) and len(ids) == len(set(ids)) and missing == 0

    try:
        wait_until(complete, seconds=60, what="the whole journal in the database")
    finally:
        engine.dispose()
