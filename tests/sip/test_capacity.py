"""More callers than there is room for: an apology in words, or 503 with Retry-After."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import AlarmKind, Reason, Result, Termination
from hotline.ids import ContactId
from hotline.sip.tone import seconds_with
from tests import tonal
from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.sip.line import until
from tests.sip.parties import Parties, gathered
from tests.sip.test_demo import WHEEL
from tests.sip.wire import Peer


def alarms(parties: Parties) -> list[e.AlarmRaised]:
    """Those of callers for whom there was no room."""
    raised = [x for x in parties.events if isinstance(x, e.AlarmRaised)]
    return [x for x in raised if x.kind is AlarmKind.OVER_CAPACITY]


async def test_caller_beyond_capacity_hears_an_apology_and_beyond_all_gateways_gets_503(
    tmp_path: Path, tonal_prompts: Path
) -> None:
    server = HotlineServer(
        tmp_path / "hotline",
        {"gateway.processes": 1, "gateway.max_contacts": 1},
        prompts=tonal_prompts,
    )
    server.start()
    peer = Peer(TRUNK_ADDRESS, edge=(server.settings.edge.address, server.settings.edge.port))
    try:
        async with gathered(server, tmp_path) as parties:
            inside, first = await parties.queued()
            outside, second = await parties.dial()
            await parties.trunk.expect("ended", call=outside, status=200, seconds=20)
            ending = await parties.watch.expect(second, e.ContactRefused)
            assert ending.termination == Termination(Result.REFUSED, Reason.OVER_CAPACITY)
            heard = parties.heard_by_caller(outside)
            await until(lambda: seconds_with(heard, tonal.OVER_CAPACITY) > 0.2)
            await until(lambda: alarms(parties))
            [raised] = alarms(parties)
            assert parties.endings(first) == []
            await parties.trunk.hang_up(inside)
            await parties.watch.expect(first, e.CallerLeft)
            await parties.watch.expect(raised.subject, e.AlarmCleared)
            again, third = await parties.queued()
            await parties.trunk.hang_up(again)
            await parties.watch.expect(third, e.CallerLeft)

        server.kill("gateway-1")
        busy = await asyncio.to_thread(peer.ask, peer.invite("12356", sender="caller"))
        assert busy.status == 503
        assert int(busy.get("Retry-After")) > 0
    finally:
        peer.close()
        server.stop()


async def test_caller_beyond_the_last_leg_gets_503_from_a_full_gateway(
    tmp_path: Path, tonal_prompts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The small engine: with one contact and its counselor no leg is left to apologise on."""
    server = HotlineServer(tmp_path / "hotline", {"gateway.processes": 1}, prompts=tonal_prompts)
    with monkeypatch.context() as small:
        path = os.pathsep.join([str(WHEEL), *filter(None, [os.environ.get("PYTHONPATH")])])
        small.setenv("PYTHONPATH", path)
        server.start()
    peer = Peer(TRUNK_ADDRESS, edge=(server.settings.edge.address, server.settings.edge.port))
    try:
        async with gathered(server, tmp_path) as parties:
            inside, first = await parties.queued()
            busy = await asyncio.to_thread(peer.ask, peer.invite("12356", sender="caller"))
            assert busy.status == 503
            assert int(busy.get("Retry-After")) > 0
            await until(lambda: len(parties.invites()) == 2)
            refused = ContactId(parties.invites()[1].subject)
            await parties.watch.expect(refused, e.ContactRefused)
            full = Termination(Result.REFUSED, Reason.OVER_CAPACITY)
            assert parties.endings(refused) == [full]
            assert parties.endings(first) == []
            await parties.trunk.hang_up(inside)
            await parties.watch.expect(first, e.CallerLeft)
            again, second = await parties.queued()
            await parties.trunk.hang_up(again)
            await parties.watch.expect(second, e.CallerLeft)
    finally:
        peer.close()
        server.stop()
