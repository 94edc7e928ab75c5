"""What an operator does to a platform that runs: drains a gateway, takes it back, ends it all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hotline import events as e
from hotline.edge.control import Control
from hotline.ids import ContactId
from tests.hotline_server import HotlineServer, caller_id
from tests.sip.line import until
from tests.sip.parties import Parties, gathered


async def test_drained_gateway_keeps_its_call_and_gets_no_new_one_until_it_is_resumed(
    hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(hotline, tmp_path) as parties:
        control = Control.of(hotline.settings)
        await until(lambda: [gateway.calls for gateway in control.gateways()] == [0, 0])
        first, contact = await parties.dial()
        drained = gateway_of(parties, contact)
        [other] = {"gateway-1", "gateway-2"} - {drained}
        assert hotline.command("edge", "drain", drained) == ""
        try:
            calls = [await parties.dial() for _ in range(2)]
            assert {gateway_of(parties, contact) for _, contact in calls} == {other}
            assert shown(hotline) == {drained: "draining 1", other: "active 2"}
        finally:
            hotline.command("edge", "resume", drained)
        call, contact = await parties.dial()
        assert gateway_of(parties, contact) == drained, "the least loaded"
        for one in (first, call, *(call for call, _ in calls)):
            await parties.trunk.hang_up(one)
            await parties.trunk.expect("ended", call=one)


async def test_edge_shows_the_phones_that_can_ring(hotline: HotlineServer) -> None:
    await hotline.hire("4811")
    async with hotline.phone("4811"):
        assert "4811" in hotline.command("edge", "show")


def test_gateway_that_there_is_not_is_told_with_those_there_are(hotline: HotlineServer) -> None:
    assert "gateway-9: there are gateway-1, gateway-2" in refused(
        hotline, "edge", "drain", "gateway-9"
    )


async def test_platform_that_is_taken_down_ends_its_call_and_leaves_nothing(
    tmp_path: Path, spoken_prompts: Path
) -> None:
    server = HotlineServer(tmp_path / "hotline", {"gateway.processes": 1}, prompts=spoken_prompts)
    server.start()
    try:
        async with server.trunk() as trunk:
            call = await trunk.dial(server.line, headers=caller_id("13700004711"))
            await trunk.expect("answered", call=call, seconds=20)
            assert server.command("down") == ""
            await trunk.expect("ended", call=call, seconds=20)
        assert server.await_end() == 0, server.log_tail()
        assert server.status() is None
        assert "not running" in refused(server, "down")
        assert "is the platform up?" in refused(server, "edge", "show")
        assert server.tracebacks() == []
    finally:
        server.stop()


def gateway_of(parties: Parties, contact: ContactId) -> str:
    """The slot of the gateway that a contact came to: the first part of its id."""
    [arrival] = [event for event in parties.of(contact) if isinstance(event, e.InviteReceived)]
    return str(arrival.gateway).partition(".")[0]


def shown(server: HotlineServer) -> dict[str, str]:
    """Each gateway's state and calls, as ``hotline edge show`` prints them."""
    rows = [line.strip(" │").split("│") for line in server.command("edge", "show").splitlines()]
    cells = [[cell.strip() for cell in row] for row in rows]
    return {row[0]: f"{row[2]} {row[3]}" for row in cells if row[0].startswith("gateway-")}


def refused(server: HotlineServer, *words: str) -> str:
    """What a command says that is not carried out."""
    done = subprocess.run(
        [sys.executable, "-m", "admin", *words, "--config", str(server.config)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr
