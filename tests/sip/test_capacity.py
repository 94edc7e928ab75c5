"""More callers than there is room for: an apology in words, or 503 with Retry-After."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hotline import events as e
from hotline.events import AlarmKind, Reason, Result, Termination
from hotline.sip.tone import seconds_with
from tests import tonal
from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.sip.line import until
from tests.sip.parties import gathered
from tests.sip.wire import Peer


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
            assert parties.endings(second) == [Termination(Result.REFUSED, Reason.OVER_CAPACITY)]
            heard = parties.heard_by_caller(outside)
            await until(lambda: seconds_with(heard, tonal.OVER_CAPACITY) > 0.2)
            raised = [x for x in parties.events if isinstance(x, e.AlarmRaised)]
            assert [x.kind for x in raised] == [AlarmKind.OVER_CAPACITY]
            assert parties.endings(first) == []
            await parties.trunk.hang_up(inside)
            await parties.watch.expect(first, e.CallerLeft)
            await parties.watch.expect(raised[0].subject, e.AlarmCleared)
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
