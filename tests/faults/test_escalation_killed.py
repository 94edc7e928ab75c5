"""A gateway, or Redis, is killed while two counselors are with one caller, or are about to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from hotline import events as e
from hotline.events import CounselorState as S
from hotline.sip.tone import seconds_of, when
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
from tests.sip.parties import COUNSELOR_HERTZ, PROFESSIONAL_HERTZ
from tests.sip.test_escalation import LONGEST_GAP, Trio, heard, longest_silence, now, trio

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path
) -> Iterator[HotlineServer]:
    platform = HotlineServer(
        tmp_path_factory.mktemp("escalation"), {"queueing.wrap_up": 1}, prompts=tonal_prompts
    )
    platform.start()
    yield platform
    platform.stop()
    assert platform.tracebacks() == []


def gateway_of(three: Trio) -> str:
    [owner] = {x.gateway for x in three.parties.invites() if x.subject == three.contact}
    return owner.partition(".")[0]


def states(three: Trio) -> tuple[str | None, ...]:
    """What volunteer and professional do, as Redis says."""
    counselors = (three.volunteer.extension, three.professional.extension)
    with redis.Redis.from_url(
        three.parties.server.settings.redis_url, decode_responses=True
    ) as connection:
        return tuple(connection.hget(keys.COUNSELOR + c, "state") for c in counselors)


async def both_become(three: Trio, state: S) -> None:
    for counselor in (three.volunteer, three.professional):
        await three.parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, state=state, seconds=LEASE + 10
        )


@pytest.mark.parametrize("joined", [True, False])
async def test_gateway_killed_fails_the_contact_once_and_frees_both_counselors(
    server: HotlineServer, tmp_path: Path, joined: bool
) -> None:
    answer_after = 0.2 if joined else None
    async with trio(server, tmp_path, answer_after=answer_after) as three:
        if joined:
            await three.join()
        else:
            await three.be_ready(three.professional)
            await three.press("*7")
            await three.professional.phone.expect("incoming")
        name = gateway_of(three)
        pid = server.pid_of(name)
        server.kill(name)
        await three.parties.watch.expect(three.contact, e.ContactFailed, seconds=LEASE + 10)
        await three.in_wrap_up_or_past(three.volunteer)
        if joined:
            await three.in_wrap_up_or_past(three.professional)
        else:
            freed = await three.parties.watch.expect(
                three.professional.extension, e.CounselorStateChanged, previous=S.OFFERED
            )
            assert (freed.state, freed.contact) == (S.READY, None)
        await until(lambda: is_up(server, name, after=pid), seconds=30)
        await until(lambda: all_active(server), seconds=20)
        await both_become(three, S.READY)
        assert three.parties.endings(three.contact) == [LOST]
        async with server.store() as store:
            assert not (await store.snapshot()).waiting
            serving = {p.profile.id for p in await store.counselors() if p.state is S.TALKING}
        assert serving == set()
    journalled_once(server)


async def test_redis_killed_lets_the_volunteer_leave_and_is_told_when_it_is_back(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with trio(server, tmp_path) as three:
        began = when(three.caller_hears, COUNSELOR_HERTZ)[0][0]
        await three.join()
        with redis_away(server):
            await three.volunteer.phone.hang_up(three.volunteers_call)
            await three.volunteer.phone.expect("ended", call=three.volunteers_call)
            caller = now(three.caller_hears)
            await until(lambda: seconds_of(three.caller_hears) > caller + 2)
            assert heard(three.caller_hears, PROFESSIONAL_HERTZ, caller) > 1.5
            assert longest_silence(three.caller_hears, began) < LONGEST_GAP

        await until(lambda: states(three) == ("ready", "talking"), seconds=30)
        async with server.watch(three.parties.events) as watch:  # the first one died with Redis
            await three.parties.trunk.hang_up(three.call)
            await watch.expect(three.contact, e.CallerLeft)
            await watch.expect(three.professional.extension, e.CounselorStateChanged, state=S.READY)
        assert len(three.parties.endings(three.contact)) == 1
    journalled_once(server)
