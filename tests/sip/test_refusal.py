"""Calls that are not served: no common codec, a blocked caller. Each hears why, where it can."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from hotline import events as e
from hotline.events import Priority, Reason, Result, Termination
from hotline.sip.tone import seconds_with
from tests import tonal
from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.sip.line import until
from tests.sip.parties import gathered
from tests.sip.wire import SDP, Peer

NO_CODEC = SDP.replace("RTP/AVP 0 8", "RTP/AVP 18") + "a=rtpmap:18 G729/8000\r\n"
NO_AUDIO = SDP.replace("m=audio 40000 RTP/AVP 0 8", "m=video 40000 RTP/AVP 31")


async def test_offer_without_a_codec_of_ours_is_refused_with_488(
    tonal_hotline: HotlineServer,
) -> None:
    edge = (tonal_hotline.settings.edge.address, tonal_hotline.settings.edge.port)
    peer = Peer(TRUNK_ADDRESS, edge=edge)
    try:
        for body in (NO_CODEC, NO_AUDIO):
            invite = dataclasses.replace(peer.invite("12356", sender="caller"), body=body)
            answer = await asyncio.to_thread(peer.ask, invite)
            assert answer.status == 488
    finally:
        peer.close()


async def test_blocked_caller_hears_why_and_reaches_a_human_only_in_danger(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(skill="crisis") as counselor,
    ):
        number = parties.new_number()
        call, first = await parties.queued(number=number)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(first, e.CallerLeft)
        await asyncio.to_thread(
            tonal_hotline.command, "caller", "block", "--reason", "test", stdin=f"{number}\n"
        )
        refused, second = await parties.dial(number)
        await parties.trunk.expect("ended", call=refused, status=200, seconds=20)
        ending = await parties.watch.expect(second, e.ContactRefused)
        assert ending.termination == Termination(Result.REFUSED, Reason.BLOCKED)
        heard = parties.heard_by_caller(refused)
        await until(lambda: seconds_with(heard, tonal.BLOCKED) > 2 * tonal.SECONDS)
        assert seconds_with(heard, tonal.NOTICE) < 0.1

        danger, third = await parties.dial(number)
        await parties.hears_us(danger)
        await parties.choose(danger, "0")
        queued = await parties.watch.expect(third, e.ContactQueued)
        assert queued.priority is Priority.CRISIS
        await parties.watch.expect(third, e.ContactAnswered, counselor=counselor.extension)
        await parties.trunk.hang_up(danger)
        await parties.watch.expect(third, e.CallerLeft)
