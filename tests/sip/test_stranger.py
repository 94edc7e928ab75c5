"""RTP that nobody asked for: a phone that still talks to the call before, or an eavesdropper.

Whoever is where the SDP said is the peer (RFC 3550 section 8.2 leaves it to us); only while nobody
is heard from there may the peer be elsewhere (behind a NAT).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hotline.call import LegAnswered
from hotline.ids import LegId
from hotline.sip.tone import tones_in, write_tone
from tests.sip.line import Line, until
from tests.sip.talker import PCMA, Talker, talker
from tests.sip.test_offer import ack, line_and_peer, with_body
from tests.sip.wire import SDP

CALLER_HERTZ, STRANGER_HERTZ, OURS = 1000, 1700, 2300
BOTH = (CALLER_HERTZ, STRANGER_HERTZ)
MANY = 40
"""Packets: four times what an engine waits before it believes that its peer has moved."""


@dataclass(frozen=True)
class Scene:
    """A call that is up: we play a tone to it and write down what it says."""

    line: Line
    leg: LegId
    rtp_port: int
    caller: Talker
    stranger: Talker
    said: Path

    def talks(self, who: Talker) -> None:
        who.talk_to("127.0.0.1", self.rtp_port)


@asynccontextmanager
async def scene(folder: Path, *, announced: int | None = None) -> AsyncIterator[Scene]:
    """`announced`: the port that SDP names, when it is not the one the caller talks from."""
    with (
        talker("127.0.0.9", hertz=CALLER_HERTZ, ssrc=1) as caller,
        talker("127.0.0.10", hertz=STRANGER_HERTZ, ssrc=2) as stranger,
    ):
        async with line_and_peer() as (line, peer):
            body = (
                SDP.replace("127.0.0.1", "127.0.0.9")
                .replace("40000", str(announced or caller.port))
                .replace("0 8", str(PCMA))
            )
            invite = with_body(peer.invite("12356", sender="139"), body)
            answer = await asyncio.to_thread(peer.ask, invite)
            ack(peer, answer)
            leg = (await line.expect(LegAnswered)).leg
            media = re.search(r"m=audio (\d+)", answer.body)
            assert media is not None
            said = folder / "said.wav"
            line.endpoint.start_track(leg, said)
            line.endpoint.play(leg, [write_tone(folder / "ours.wav", OURS)], loop=True)
            yield Scene(line, leg, int(media[1]), caller, stranger, said)


async def both_ways(scene: Scene) -> None:
    """Caller and we hear each other from now on; the stranger neither hears nor is heard."""
    heard, overheard = scene.caller.packets, scene.stranger.packets
    await until(lambda: scene.caller.packets > heard + MANY)
    assert scene.stranger.packets == overheard
    await until(lambda: CALLER_HERTZ in tones_in(scene.said, BOTH))


async def sent(who: Talker, packets: int) -> None:
    before = who.sent
    await until(lambda: who.sent >= before + packets)


def test_stranger_who_speaks_first_and_goes_on_takes_no_call(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scene(tmp_path) as call:
            call.talks(call.stranger)
            await sent(call.stranger, MANY)
            call.talks(call.caller)
            await sent(call.caller, 3)
            await both_ways(call)

    asyncio.run(scenario())


def test_stranger_is_not_believed_while_the_caller_sends_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scene(tmp_path) as call:
            call.talks(call.caller)
            await both_ways(call)
            call.caller.pause()
            call.talks(call.stranger)
            await sent(call.stranger, MANY)
            await both_ways(call)
            assert STRANGER_HERTZ not in tones_in(call.said, BOTH)

    asyncio.run(scenario())


def test_caller_behind_a_nat_is_heard_from_where_the_packets_come(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scene(tmp_path, announced=45000) as call:
            call.talks(call.caller)
            await both_ways(call)

    asyncio.run(scenario())
