"""The platform, or one gateway, is ended in order under callers who wait, who are being offered and
who talk: each is told goodbye with a reason in the journal, or may go on for as long as is set.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hotline import events as e
from hotline.clock import SystemClock
from hotline.database import open_engine, unit_of_work
from hotline.events import CounselorState as S
from hotline.events import Reason, Result, Termination
from hotline.ids import ContactId
from hotline.journal.tables import JournalRow
from hotline.sip.tone import seconds_with
from tests.faults.test_process_killed import all_active, is_up, journalled_once
from tests.faults.test_queue_killed import Caller, Crowd, a_crowd
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, Parties, gathered
from tests.sip.test_recording import recordings_of

EACH = 2
"""So many wait, so many phones ring, so many talk: one of each on either gateway."""
GOODBYE = Termination(Result.FAILED, Reason.SHUTDOWN)
CALLER_LEFT = Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
LIMIT = 20
"""Seconds for which a gateway that is ended lets go on who is there."""
LONG = 600
"""Likewise; longer than any test."""
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def patient(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path
) -> Iterator[HotlineServer]:
    """A platform that, once told to end, waits for whoever is there."""
    with running(tmp_path_factory.mktemp("patient"), tonal_prompts, drain=LONG) as server:
        yield server


@contextmanager
def running(folder: Path, prompts: Path, *, drain: float) -> Iterator[HotlineServer]:
    server = HotlineServer(
        folder,
        {
            "queueing.wrap_up": 1,
            "queueing.position_every": 3,
            "gateway.ring_timeout": 120,
            "gateway.drain": drain,
            "edge.phone_ping": 60,  # while all begins anew on a busy machine, no phone is judged
        },
        prompts=prompts,
    )
    server.start()
    try:
        yield server
    finally:
        server.stop()
        assert server.tracebacks() == []


async def test_platform_ended_and_begun_again_accounts_for_everybody_and_keeps_their_places(
    tonal_prompts: Path, tmp_path: Path
) -> None:
    with running(tmp_path / "hotline", tonal_prompts, drain=0) as server:
        async with a_crowd(server, tmp_path, EACH) as crowd:
            before = crowd.callers
            arrivals = {caller.contact: arrival(crowd.parties, caller) for caller in before}
            server.stop()
            for caller in before:
                await crowd.parties.trunk.expect("ended", call=caller.call)
            server.start()

            async with watched_anew(server, crowd):
                again = [await crowd.call(caller.number) for caller in before]
                for caller, left in zip(again, before, strict=True):
                    kept = await crowd.parties.watch.expect(caller.contact, e.PlaceKept)
                    assert kept.because == "fault"
                    assert abs(kept.since - arrivals[left.contact]) < timedelta(milliseconds=1)
                for caller in again:
                    await crowd.answered(caller)
                    await crowd.hang_up(caller)
                await crowd.all_become(S.READY)
                assert all(
                    crowd.parties.endings(caller.contact) == [CALLER_LEFT] for caller in again
                )
        journalled_once(server)
        for caller in crowd.talking:
            [kept] = recordings_of(server, caller.contact)
            assert kept.stopped_at is not None  # the worker has it to seal, now or at its next look
        for caller in before:
            assert endings(server, caller.contact) == [("ContactFailed", GOODBYE)]
        [row] = [row for row in server.stats("--by", "day") if row["node"] == "city"]
        assert (row["calls"], row["failed"], row["open"]) == (len(before + again), len(before), 0)


async def test_gateway_that_is_ended_cuts_nobody_before_the_limit_and_takes_no_new_call(
    tonal_prompts: Path, tmp_path: Path
) -> None:
    with running(tmp_path / "hotline", tonal_prompts, drain=LIMIT) as server:
        async with a_crowd(server, tmp_path, EACH) as crowd:
            parties = crowd.parties
            owners = owners_of(parties)
            ended = owners[crowd.talking[0].contact]
            inside = [caller for caller in crowd.callers if owners[caller.contact] == ended]
            others = [caller for caller in crowd.callers if caller not in inside]
            assert len(inside) == len(others) == 3
            voice = parties.heard_by_caller(crowd.talking[0].call)
            heard = seconds_with(voice, COUNSELOR_HERTZ)
            pid = server.pid_of(ended)
            told = SystemClock().now()
            async with told_to_end(server, ended):
                os.kill(pid, signal.SIGTERM)
            await two_call_and_reach_others(parties, than=ended)
            await until(lambda: seconds_with(voice, COUNSELOR_HERTZ) > heard + LIMIT / 2)
            for caller in inside:
                failed = await parties.watch.expect(
                    caller.contact, e.ContactFailed, seconds=LIMIT + 10
                )
                assert failed.termination == GOODBYE
                assert failed.at - told >= timedelta(seconds=LIMIT)
                await parties.trunk.expect("ended", call=caller.call)
            assert all(parties.endings(caller.contact) == [] for caller in others)
            await until(lambda: is_up(server, ended, after=pid), seconds=30)
            await until(lambda: all_active(server), seconds=20)

            again = [await crowd.call(caller.number) for caller in inside]
            for caller, left in zip(again, inside, strict=True):
                kept = await parties.watch.expect(caller.contact, e.PlaceKept)
                assert (kept.because, kept.since) == ("fault", arrival(parties, left))
            await all_hang_up(crowd, others + again)
            await crowd.all_become(S.READY)
            everybody = crowd.callers + again
            assert all(len(parties.endings(caller.contact)) == 1 for caller in everybody)
        journalled_once(server)


async def test_gateway_that_is_ended_serves_who_is_there_and_ends_with_the_last(
    patient: HotlineServer, tmp_path: Path
) -> None:
    async with a_crowd(patient, tmp_path, EACH) as crowd:
        parties = crowd.parties
        owners = owners_of(parties)
        ended = owners[crowd.talking[0].contact]
        assert ended in {owners[caller.contact] for caller in crowd.waiting}
        pid = patient.pid_of(ended)
        async with told_to_end(patient, ended):
            os.kill(pid, signal.SIGTERM)
        await two_call_and_reach_others(parties, than=ended)

        await all_hang_up(crowd, crowd.talking)
        for caller in crowd.waiting:  # by those who are free now, at either gateway
            await crowd.answered(caller)
        assert patient.pid_of(ended) == pid
        await all_hang_up(crowd, crowd.waiting + crowd.ringing)
        await until(lambda: is_up(patient, ended, after=pid), seconds=30)
        await crowd.all_become(S.READY)
        for caller in crowd.callers:
            [ending] = parties.endings(caller.contact)
            assert ending.reason is Reason.CALLER_HUNG_UP
    journalled_once(patient)


async def test_platform_that_is_ended_waits_for_who_talks_and_a_second_word_ends_it_at_once(
    patient: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(patient, tmp_path) as parties, parties.counselor() as counselor:
        call, _, contact = await parties.talking(counselor)
        async with told_to_end(patient, "gateway-1"), told_to_end(patient, "gateway-2"):
            patient.command("down")
        refused = await parties.trunk.dial(patient.line)
        assert (await parties.trunk.expect("ended", call=refused, seconds=20))["status"] == 503
        voice = parties.heard_by_caller(call)
        heard = seconds_with(voice, COUNSELOR_HERTZ)
        await until(lambda: seconds_with(voice, COUNSELOR_HERTZ) > heard + 2)
        assert parties.endings(contact) == []
        patient.command("down")
        await parties.trunk.expect("ended", call=call, seconds=20)
        assert patient.await_end() == 0, patient.log_tail()
        patient.start()
    journalled_once(patient)
    assert endings(patient, contact) == [("ContactFailed", GOODBYE)]


# --- what the tests look at ------------------------------------------------------------


def owners_of(parties: Parties) -> dict[str, str]:
    """The gateway process of every contact."""
    return {x.subject: x.gateway.partition(".")[0] for x in parties.invites()}


def arrival(parties: Parties, caller: Caller) -> datetime:
    return parties.of(caller.contact)[0].at


@asynccontextmanager
async def told_to_end(server: HotlineServer, name: str) -> AsyncIterator[None]:
    """What the block does ends the gateway called `name`; afterwards it has heard of it."""

    def times() -> int:
        return server.process_log(name).count("no new calls;")

    before = times()
    yield
    await until(lambda: times() > before)


async def two_call_and_reach_others(parties: Parties, *, than: str) -> None:
    """As many calls as there are gateways, so that one would go to `than` if it took any."""
    late = [await parties.dial() for _ in range(2)]
    assert than not in {owners_of(parties)[contact] for _, contact in late}
    for call, contact in late:
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)


async def all_hang_up(crowd: Crowd, callers: Iterable[Caller]) -> None:
    for caller in callers:
        await crowd.hang_up(caller)


@asynccontextmanager
async def watched_anew(server: HotlineServer, crowd: Crowd) -> AsyncIterator[None]:
    """The watch that there was has ended with Redis."""
    async with server.watch(crowd.parties.events) as watch:
        crowd.parties = replace(crowd.parties, watch=watch)
        yield


def endings(server: HotlineServer, contact: ContactId) -> list[tuple[str, Termination]]:
    """The ending events of a contact in the database: there must never be more than one."""
    engine = open_engine(server.settings.database_url)
    try:
        with unit_of_work(engine) as session:
            rows = session.query(JournalRow).filter_by(subject=contact)
            told = [
                (row.type, row.data["termination"]) for row in rows if "termination" in row.data
            ]
    finally:
        engine.dispose()
    return [
        (kind, Termination(Result(ending["result"]), Reason(ending["reason"])))
        for kind, ending in told
    ]
