"""A gateway or Redis is killed under many: callers who wait, who are being offered and who talk.

Afterwards every contact is accounted for in the journal, nobody is stuck, the counselors take the
next callers, and whoever was cut off has the old place when they call again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redis

from hotline import events as e
from hotline.events import CounselorState as S
from hotline.ids import ContactId
from hotline.sip.tone import seconds_with
from queueing import keys
from tests.faults.test_process_killed import (
    LEASE,
    LOST,
    all_active,
    is_up,
    journalled_once,
    redis_away,
)
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, Counselor, Parties, gathered

EACH = 4
"""So many wait, so many are being offered, so many talk: half of each on either gateway."""
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path
) -> Iterator[HotlineServer]:
    platform = HotlineServer(
        tmp_path_factory.mktemp("crowd"),
        {"queueing.wrap_up": 1, "queueing.position_every": 3, "gateway.ring_timeout": 60},
        prompts=tonal_prompts,
    )
    platform.start()
    yield platform
    platform.stop()


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller, whose last call was `call` and is `contact`."""

    number: str
    call: int
    contact: ContactId


@dataclass(slots=True)
class Crowd:
    """Callers by what they do; who talks is talked to by `busy`, who rings rings at `called`."""

    parties: Parties
    busy: list[Counselor]
    called: list[Counselor]
    talking: list[Caller]
    ringing: list[Caller]
    waiting: list[Caller]

    @property
    def callers(self) -> list[Caller]:
        return self.talking + self.ringing + self.waiting

    async def call(self, number: str = "") -> Caller:
        number = number or self.parties.new_number()
        call, contact = await self.parties.queued(number=number)
        return Caller(number, call, contact)

    async def answered(self, caller: Caller) -> None:
        await self.parties.watch.expect(caller.contact, e.ContactAnswered, seconds=40)

    async def hang_up(self, caller: Caller) -> None:
        await self.parties.trunk.hang_up(caller.call)
        await self.parties.watch.expect(caller.contact, e.CallerLeft)

    async def all_become(self, state: S) -> None:
        """Wait until every counselor is in `state`."""
        with redis.Redis.from_url(
            self.parties.server.settings.redis_url, decode_responses=True
        ) as connection:

            def others() -> dict[str, Any]:
                every = [counselor.extension for counselor in self.busy + self.called]
                held = {one: connection.hgetall(keys.COUNSELOR + one) for one in every}
                return {one: what for one, what in held.items() if what["state"] != state}

            try:
                await until(lambda: not others(), seconds=30)
            except TimeoutError as error:
                raise AssertionError(f"not {state}: {others()}") from error


@asynccontextmanager
async def a_crowd(server: HotlineServer, folder: Path, each: int) -> AsyncIterator[Crowd]:
    """So many of each kind; the phones that ring will answer the next call."""
    async with AsyncExitStack() as stack:
        parties = await stack.enter_async_context(gathered(server, folder))
        crowd = Crowd(parties, [], [], [], [], [])
        for answer_after, phones, callers in (
            (0.2, crowd.busy, crowd.talking),
            (None, crowd.called, crowd.ringing),
        ):
            for _ in range(each):
                one = parties.counselor(answer_after=answer_after)
                phones.append(await stack.enter_async_context(one))
                callers.append(await crowd.call())
        for caller in crowd.talking:
            await crowd.answered(caller)
        for caller, counselor in zip(crowd.ringing, crowd.called, strict=True):
            await parties.watch.expect(caller.contact, e.ContactOffered)
            await counselor.phone.expect("incoming", seconds=20)
            tone = parties.folder / f"{counselor.extension}.wav"
            await counselor.phone.policy(answer_after=0.2, play=tone, record=counselor.heard)
        crowd.waiting += [await crowd.call() for _ in range(each)]
        yield crowd


async def test_gateway_killed_under_many_leaves_nobody_stuck_and_no_place_lost(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with a_crowd(server, tmp_path, EACH) as crowd:
        parties = crowd.parties
        owners = {x.subject: x.gateway for x in parties.invites()}
        killed = owners[crowd.waiting[-1].contact]
        down = [x for x in crowd.callers if owners[x.contact] == killed]
        assert all(len(set(kind) & set(down)) >= 1 for kind in _kinds(crowd))
        name = killed.partition(".")[0]
        pid = server.pid_of(name)
        server.kill(name)

        for caller in down:
            await parties.watch.expect(caller.contact, e.ContactFailed, seconds=LEASE + 10)
            assert parties.endings(caller.contact) == [LOST]
        left = [caller for caller in crowd.callers if caller not in down]
        assert all(parties.endings(caller.contact) == [] for caller in left)
        for caller in crowd.waiting:  # those who were freed take those who wait
            if caller in left:
                await crowd.answered(caller)
        await until(lambda: is_up(server, name, after=pid), seconds=30)
        await until(lambda: all_active(server), seconds=20)

        again = [await crowd.call(caller.number) for caller in down]
        for caller, before in zip(again, down, strict=True):
            kept = await parties.watch.expect(caller.contact, e.PlaceKept)
            arrival = parties.of(before.contact)[0].at
            assert (kept.because, abs((kept.since - arrival).total_seconds()) < 1) == (
                "fault",
                True,
            )
        for caller in left:
            if caller not in crowd.ringing:
                await crowd.hang_up(caller)
        for caller in again:
            await crowd.answered(caller)
            await crowd.hang_up(caller)
        for caller in crowd.ringing:
            if caller in left:
                await crowd.hang_up(caller)
        await crowd.all_become(S.READY)
        assert all(len(parties.endings(caller.contact)) == 1 for caller in crowd.callers + again)
    journalled_once(server)


def _kinds(crowd: Crowd) -> tuple[list[Caller], ...]:
    return (crowd.talking, crowd.ringing, crowd.waiting)


async def test_redis_killed_under_many_costs_nobody_the_place_the_ringing_or_the_talk(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with a_crowd(server, tmp_path, 2) as crowd:
        parties = crowd.parties
        async with server.store() as store:
            line = [waiting.contact for waiting, _ in (await store.snapshot()).waiting]
        assert line == [caller.contact for caller in crowd.waiting]
        voices = [parties.heard_by_caller(caller.call) for caller in crowd.talking]
        heard = [seconds_with(voice, COUNSELOR_HERTZ) for voice in voices]
        with redis_away(server):
            for voice, before in zip(voices, heard, strict=True):
                await until(lambda: seconds_with(voice, COUNSELOR_HERTZ) > before + 2)  # noqa: B023
        async with server.store() as store:
            assert [w.contact for w, _ in (await store.snapshot()).waiting] == line
            serving = {one.contact: one.state for one in await store.counselors() if one.contact}
        assert {serving[caller.contact] for caller in crowd.talking} == {S.TALKING}
        assert {serving[caller.contact] for caller in crowd.ringing} == {S.OFFERED}
        assert all(parties.endings(caller.contact) == [] for caller in crowd.callers)

        async with server.watch(parties.events) as watch:  # the first one died with Redis
            crowd.parties = replace(parties, watch=watch)
            for caller, following in zip(crowd.talking, crowd.waiting, strict=True):
                await crowd.hang_up(caller)
                await crowd.answered(following)
            for caller in crowd.ringing + crowd.waiting:
                await crowd.hang_up(caller)
            await crowd.all_become(S.READY)
            assert all(len(parties.endings(caller.contact)) == 1 for caller in crowd.callers)
    journalled_once(server)
