"""Edge and gateway are killed while a partner talks to a caller."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import Reason, Result, Termination
from hotline.ids import ContactId
from hotline.sip.tone import seconds_with
from tests.faults.test_process_killed import kill_and_await
from tests.hotline_server import HotlineServer
from tests.servers import free_port
from tests.sip.line import until
from tests.sip.parties import Parties, gathered
from tests.sip.test_overflow import PARTNER_ADDRESS, PARTNER_HERTZ, a_partner

LOST = Termination(Result.FAILED, Reason.GATEWAY_LOST)
BEATS = 3.0
"""Seconds: longer than a gateway takes to say anew what it carries."""


@pytest.fixture(scope="module")
def partner_port() -> int:
    return free_port(host=PARTNER_ADDRESS)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path, partner_port: int
) -> Iterator[HotlineServer]:
    to = f"sip:help@{PARTNER_ADDRESS}:{partner_port}"
    platform = HotlineServer(
        tmp_path_factory.mktemp("forwarded"),
        {"gateway.processes": 1},
        prompts=tonal_prompts,
        more=f'[[overflow]]\nname = "north"\nto = "{to}"\nwhen_unstaffed = true\n',
    )
    platform.start()
    yield platform
    platform.stop()


async def forwarded(parties: Parties, number: str | None = None) -> tuple[int, ContactId]:
    call, contact = await parties.queued(number=number)
    await parties.watch.expect(contact, e.ContactForwarded)
    await talks_on(parties, call, 0.5)
    return call, contact


async def talks_on(parties: Parties, call: int, seconds: float) -> None:
    """The caller hears the partner for so much longer."""
    heard = parties.heard_by_caller(call)
    before = seconds_with(heard, PARTNER_HERTZ)
    await until(lambda: seconds_with(heard, PARTNER_HERTZ) > before + seconds)


async def test_killed_edge_costs_neither_the_talk_nor_the_partners_bye(
    server: HotlineServer, partner_port: int, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, a_partner(tmp_path, partner_port) as partner:
        call, contact = await forwarded(parties)
        await kill_and_await(server, "edge")
        await talks_on(parties, call, 0.5)
        incoming = await partner.expect("incoming")
        await partner.hang_up(int(incoming["call"]))
        left = await parties.watch.expect(contact, e.PartnerLeft)
        assert left.termination == Termination(Result.COMPLETED, Reason.PARTNER_HUNG_UP)


@pytest.mark.timeout(180)
async def test_killed_gateway_fails_the_forwarded_contact_once_and_keeps_its_place(
    server: HotlineServer, partner_port: int, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, a_partner(tmp_path, partner_port):
        number = parties.new_number()
        call, contact = await forwarded(parties, number)
        await talks_on(parties, call, BEATS)
        await kill_and_await(server, "gateway-1")
        failed = await parties.watch.expect(contact, e.ContactFailed, seconds=40)
        assert failed.termination == LOST
        assert parties.endings(contact) == [LOST]
        _, again = await forwarded(parties, number)
        kept = await parties.watch.expect(again, e.PlaceKept)
        arrival = parties.of(contact)[0].at
        assert (kept.because, abs((kept.since - arrival).total_seconds()) < 1) == ("fault", True)
