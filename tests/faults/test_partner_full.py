"""A partner that takes one caller at a time, and two gateways: the second caller stays in line, and
is forwarded when the gateway that carries the first is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from hotline import events as e
from hotline.sip.tone import seconds_with
from queueing import keys
from tests import tonal
from tests.faults.test_process_killed import LEASE
from tests.hotline_server import HotlineServer
from tests.servers import free_port
from tests.sip.line import until
from tests.sip.parties import gathered
from tests.sip.test_overflow import PARTNER_ADDRESS, PARTNER_HERTZ, a_partner, is_heard

LOOKS = 4
"""Seconds: so often the second caller's gateway has looked for a partner."""


@pytest.fixture(scope="module")
def partner_port() -> int:
    return free_port(host=PARTNER_ADDRESS)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path, partner_port: int
) -> Iterator[HotlineServer]:
    to = f"sip:help@{PARTNER_ADDRESS}:{partner_port}"
    platform = HotlineServer(
        tmp_path_factory.mktemp("full"),
        {"queueing.first_position": 60, "queueing.position_every": 60},
        prompts=tonal_prompts,
        more=f'[[overflow]]\nname = "north"\nto = "{to}"\nwhen_unstaffed = true\ncallers = 1\n',
    )
    platform.start()
    yield platform
    platform.stop()


@pytest.mark.timeout(180)
async def test_full_partner_gets_nobody_more_until_the_gateway_of_its_caller_is_killed(
    server: HotlineServer, partner_port: int, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, a_partner(tmp_path, partner_port) as partner:
        talk, one = await parties.queued()
        await parties.watch.expect(one, e.ContactForwarded)
        await until(lambda: is_heard(parties.heard_by_caller(talk), PARTNER_HERTZ))
        wait, two = await parties.queued()
        owners = {x.subject: x.gateway for x in parties.invites()}
        assert owners[one] != owners[two]
        heard = parties.heard_by_caller(wait)
        await until(lambda: seconds_with(heard, tonal.MUSIC) > LOOKS)
        assert not [x for x in parties.of(two) if isinstance(x, e.PartnerDialled)]
        assert "1/1" in await asyncio.to_thread(server.command, "status")
        server.kill(owners[one].partition(".")[0])
        await parties.watch.expect(one, e.ContactFailed, seconds=LEASE + 10)
        await parties.watch.expect(two, e.ContactForwarded)
        await until(lambda: is_heard(heard, PARTNER_HERTZ))
        await parties.trunk.hang_up(wait)
        await parties.watch.expect(two, e.CallerLeft)
        with redis.Redis.from_url(server.settings.redis_url) as connection:
            await until(lambda: connection.hlen(keys.PARTNER + "north") == 0)
        assert partner.seen("incoming") == 2
