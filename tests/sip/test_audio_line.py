"""Offers (RFC 3264) whose usable audio is not the first m-line: heard, and watched for silence."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline.call import LegAnswered, LegEnded
from hotline.events import Reason
from hotline.ids import LegId
from hotline.sip.tone import write_tone
from tests.sip.line import Line, until
from tests.sip.test_offer import ack, ask, called, line_and_peer, with_body
from tests.sip.wire import Message, Peer

SESSION = "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\n"
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR\r\n"
BEFORE = {
    "srtp": f"m=audio 45000 RTP/SAVP 0 8\r\n{CRYPTO}",
    "dtls": "m=audio 45000 UDP/TLS/RTP/SAVPF 0\r\na=fingerprint:sha-256 00\r\n",
    "video": "m=video 45000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n",
    "fax": "m=image 45000 udptl t38\r\n",
    "text": "m=text 45000 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n",
    "switched off": "m=audio 0 RTP/AVP 0\r\n",
    "another codec": "m=audio 45000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n",
    "unknown codecs": "m=audio 45000 RTP/AVP 97\r\na=rtpmap:97 nonsense/8000\r\n" * 3,
    "inactive": "m=audio 45000 RTP/AVP 0\r\na=inactive\r\n",
}
"""What stands before the usable line; most of it would be refused with 488 if it stood alone."""
UNUSABLE = [name for name in BEFORE if name != "inactive"]
LIMIT = 1.0


class Ear:
    """The caller's RTP: whatever comes is sent back, until it falls silent."""

    def __init__(self, host: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self.port: int = self._socket.getsockname()[1]
        self.packets = 0
        self.speaks = True
        self._thread = threading.Thread(target=self._echo, daemon=True)
        self._thread.start()

    def _echo(self) -> None:
        while True:
            packet, source = self._socket.recvfrom(2048)
            if not packet:
                return
            self.packets += packet[1] & 0x7F in (0, 8)
            if self.speaks:
                self._socket.sendto(packet, source)

    def close(self) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


@contextlib.contextmanager
def ear_of(peer: Peer) -> Iterator[Ear]:
    with contextlib.closing(Ear(peer.host)) as ear:
        yield ear


def lines_of(answer: Message) -> list[str]:
    return [line for line in answer.body.splitlines() if line.startswith("m=")]


async def answered(line: Line, peer: Peer, before: str, port: int) -> LegId:
    """Offer `before` and a usable line behind it; the latter alone must be accepted."""
    body = f"{SESSION}{before}m=audio {port} RTP/AVP 0 8\r\n"
    invite = with_body(peer.invite("12356", sender="139"), body)
    answer = await asyncio.to_thread(peer.ask, invite)
    assert answer.status == 200
    *refused, accepted = lines_of(answer)
    assert [media.split()[1] for media in refused] == ["0"] * before.count("m=")
    assert accepted.split()[0] == "m=audio"
    assert accepted.split()[1] != "0"
    ack(peer, answer)
    return (await line.expect(LegAnswered)).leg


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_audio_behind_another_line_is_heard_and_its_silence_and_that_of_others_is_noticed(
    before: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with line_and_peer(rtp_silence=LIMIT) as (line, peer):
            with ear_of(peer) as ear:
                leg = await answered(line, peer, before, ear.port)
                tone = write_tone(tmp_path / "tone.wav", 1000)
                line.endpoint.play(leg, [tone], loop=True)
                await until(lambda: ear.packets > 0)
                await called(line, peer)  # says nothing from the first
                other = await line.expect(LegEnded)
                assert other.leg != leg
                assert other.reason is Reason.RTP_SILENCE
                assert "LegEnded" not in line.of(leg)  # longer in the call, but it speaks
                ear.speaks = False
                ended = await line.expect(LegEnded, leg=leg)
                assert ended.reason is Reason.RTP_SILENCE

    asyncio.run(scenario())


@pytest.mark.parametrize("before", ["srtp", "video", "another codec"])
def test_reinvite_with_audio_behind_another_line_keeps_the_call(before: str) -> None:
    async def scenario() -> None:
        async with line_and_peer(rtp_silence=LIMIT) as (line, peer):
            answer = await called(line, peer)
            body = f"{SESSION}{BEFORE[before]}m=audio 45002 RTP/AVP 0 8\r\n"
            again = await ask(peer, with_body(peer.within(answer, "INVITE"), body))
            assert again.status == 200
            assert lines_of(again)[-1].split()[1] != "0"
            assert (await line.expect(LegEnded)).reason is Reason.RTP_SILENCE

    asyncio.run(scenario())


def test_offers_without_a_usable_line_are_refused_with_488() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            answer = await called(line, peer)
            unusable = [SESSION + before for name, before in BEFORE.items() if name in UNUSABLE]
            unusable.append(SESSION + "".join(BEFORE[name] for name in UNUSABLE))
            for number, body in enumerate(unusable):
                invite = with_body(peer.invite("12356", sender="139"), body)
                assert (await asyncio.to_thread(peer.ask, invite)).status == 488
                again = with_body(peer.within(answer, "INVITE", cseq=2 + number), body)
                assert (await ask(peer, again)).status == 488
            assert line.endpoint.legs == 1

    asyncio.run(scenario())
