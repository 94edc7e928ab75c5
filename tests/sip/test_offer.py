"""Offers and answers (RFC 3264), and INVITEs that we refuse, down to the bytes."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

from hotline.call import (
    LegAnswered,
    LegEnded,
    LegHeld,
    LegInvited,
    LegRang,
    LegResumed,
    LegTried,
)
from hotline.events import Reason
from hotline.sip import tone as tones
from tests.sip.line import Line, open_line, until
from tests.sip.wire import SDP, Message, Peer

UNKNOWN_CODEC = SDP.replace("RTP/AVP 0 8", "RTP/AVP 97") + "a=rtpmap:97 nonsense/8000\r\n"


@contextlib.asynccontextmanager
async def line_and_peer(**settings: object) -> AsyncIterator[tuple[Line, Peer]]:
    """An endpoint, and a peer that stands where the edge is."""
    peer = Peer("127.0.0.9", edge=("127.0.0.1", 0))
    try:
        async with open_line(edge=(peer.host, peer.port), **settings) as line:
            peer.edge = ("127.0.0.1", line.endpoint.port)
            yield line, peer
    finally:
        peer.close()


def with_body(request: Message, body: str) -> Message:
    headers = [field for field in request.headers if field[0] != "Content-Type"]
    return dataclasses.replace(
        request, headers=[*headers, ("Content-Type", "application/sdp")], body=body
    )


def without_body(request: Message) -> Message:
    headers = [field for field in request.headers if field[0] != "Content-Type"]
    return dataclasses.replace(request, headers=headers, body="")


def ack(peer: Peer, answer: Message, *, cseq: int = 1, body: str = "") -> None:
    request = peer.within(answer, "ACK", cseq=cseq)
    peer.send(with_body(request, body) if body else request)


async def called(line: Line, peer: Peer) -> Message:
    """Call, acknowledge the answer and return it."""
    answer = await asyncio.to_thread(peer.ask, peer.invite("12356", sender="139"))
    assert answer.status == 200
    ack(peer, answer)
    await line.expect(LegAnswered)
    return answer


async def ask(peer: Peer, request: Message) -> Message:
    """Send a request within a dialog; acknowledge a 200 to a re-INVITE."""
    answer = await asyncio.to_thread(peer.ask, request)
    if request.method == "INVITE" and answer.status == 200:
        ack(peer, answer, cseq=int(request.get("CSeq").split()[0]))
    return answer


def test_offer_without_a_usable_codec_is_refused_with_488() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            request = with_body(peer.invite("12356", sender="139"), UNKNOWN_CODEC)
            answer = await asyncio.to_thread(peer.ask, request)
            assert answer.status == 488
            assert line.events == []
            assert line.endpoint.refused == {488: 1}
            await called(line, peer)

    asyncio.run(scenario())


def test_body_that_is_no_sdp_is_refused_and_the_next_call_served() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            request = with_body(peer.invite("12356", sender="139"), "this is no SDP\r\n")
            answer = await asyncio.to_thread(peer.ask, request)
            assert answer.status == 400
            assert line.endpoint.refused == {400: 1}
            await called(line, peer)

    asyncio.run(scenario())


def test_invite_without_offer_gets_ours_and_its_answer_comes_with_the_ack() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            request = without_body(peer.invite("12356", sender="139"))
            answer = await asyncio.to_thread(peer.ask, request)
            assert answer.status == 200
            assert "m=audio" in answer.body
            assert "m=text" not in answer.body
            assert "PCMA/8000" in answer.body
            ack(peer, answer, body=SDP)
            leg = (await line.expect(LegAnswered)).leg
            bye = await ask(peer, peer.within(answer, "BYE"))
            assert bye.status == 200
            ended = await line.expect(LegEnded, leg=leg)
            assert ended.reason is Reason.CALLER_HUNG_UP

    asyncio.run(scenario())


def test_answer_has_one_audio_line_and_telephone_events() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (_, peer):
            offer = SDP.replace("0 8", "0 8 101") + "a=rtpmap:101 telephone-event/8000\r\n"
            request = with_body(peer.invite("12356", sender="139"), offer)
            answer = await asyncio.to_thread(peer.ask, request)
            assert answer.body.count("m=") == 1
            assert "telephone-event/8000" in answer.body

    asyncio.run(scenario())


def test_inactive_by_reinvite_holds_and_sendrecv_resumes() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            answer = await called(line, peer)
            hold = with_body(peer.within(answer, "INVITE"), SDP + "a=inactive\r\n")
            assert (await ask(peer, hold)).status == 200
            await line.expect(LegHeld)
            resume = with_body(peer.within(answer, "INVITE", cseq=3), SDP + "a=sendrecv\r\n")
            assert (await ask(peer, resume)).status == 200
            await line.expect(LegResumed)

    asyncio.run(scenario())


def test_track_of_a_leg_without_media_runs_in_step_with_the_other(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, _):
            leg = line.endpoint.dial("1001", headers={})
            line.endpoint.start_track(leg, tmp_path / "early.wav")
            await until(lambda: tones.seconds_of(tmp_path / "early.wav") > 1)

    asyncio.run(scenario())


def test_sendonly_by_update_holds() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            answer = await called(line, peer)
            hold = with_body(peer.within(answer, "UPDATE"), SDP + "a=sendonly\r\n")
            assert (await ask(peer, hold)).status == 200
            await line.expect(LegHeld)

    asyncio.run(scenario())


def test_reinvite_without_a_usable_codec_is_refused_and_the_call_goes_on() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            answer = await called(line, peer)
            worse = with_body(peer.within(answer, "INVITE"), UNKNOWN_CODEC)
            assert (await ask(peer, worse)).status == 488
            assert line.endpoint.legs == 1
            assert (await ask(peer, peer.within(answer, "BYE", cseq=3))).status == 200
            assert (await line.expect(LegEnded)).reason is Reason.CALLER_HUNG_UP

    asyncio.run(scenario())


def test_bye_before_the_ack_ends_the_leg() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            answer = await asyncio.to_thread(peer.ask, peer.invite("12356", sender="139"))
            bye = await ask(peer, peer.within(answer, "BYE"))
            assert bye.status == 200
            ended = await line.expect(LegEnded)
            assert ended.reason is Reason.CALLER_CANCELLED
            assert line.endpoint.legs == 0

    asyncio.run(scenario())


def test_invite_from_another_source_is_refused_with_403_and_counted() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            stranger = Peer(peer.host, edge=peer.edge)  # the edge's host, but not its port
            try:
                request = stranger.invite("12356", sender="139")
                assert (await asyncio.to_thread(stranger.ask, request)).status == 403
            finally:
                stranger.close()
            assert line.events == []
            assert line.endpoint.refused == {403: 1}
            await called(line, peer)

    asyncio.run(scenario())


def test_beyond_capacity_503_tells_when_to_try_again_and_room_is_given_back() -> None:
    async def scenario() -> None:
        async with line_and_peer(max_legs=1, retry_after=7) as (line, peer):
            first = await called(line, peer)
            for _ in range(3):
                request = peer.invite("12356", sender="139")
                refusal = await asyncio.to_thread(peer.ask, request)
                assert (refusal.status, refusal.get("Retry-After")) == (503, "7")
            assert line.endpoint.refused == {503: 3}
            await ask(peer, peer.within(first, "BYE"))
            await line.expect(LegEnded)
            await called(line, peer)

    asyncio.run(scenario())


def test_offer_beyond_capacity_ends_at_once() -> None:
    async def scenario() -> None:
        async with line_and_peer(max_legs=1) as (line, peer):
            await called(line, peer)
            leg = line.endpoint.dial("1001", headers={})
            ended = await line.expect(LegEnded, leg=leg)
            assert (ended.reason, ended.status) == (Reason.OVER_CAPACITY, 503)

    asyncio.run(scenario())


def test_retry_after_goes_with_our_own_refusal() -> None:
    async def scenario() -> None:
        async with line_and_peer(answering=False) as (line, peer):
            request = peer.invite("12356", sender="139")
            peer.send(request)
            leg = (await line.expect(LegInvited)).leg
            line.endpoint.end(leg, status=503, retry_after=9)
            final = await asyncio.to_thread(peer.final, request)
            peer.ack_refusal(request, final)
            assert (final.status, final.get("Retry-After")) == (503, "9")
            assert (await line.expect(LegEnded)).reason is Reason.OVER_CAPACITY

    asyncio.run(scenario())


def test_trying_tells_that_the_edge_is_there_and_its_silence_tells_nothing() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            leg = line.endpoint.dial("1001", headers={})
            request = await asyncio.to_thread(peer.receive_request, "INVITE")
            assert line.of(leg) == []
            peer.reply(request, 100)
            await line.expect(LegTried, leg=leg)
            peer.reply(request, 180)
            await line.expect(LegRang, leg=leg)
            peer.reply(request, 480)
            await line.expect(LegEnded, leg=leg)
            assert line.of(leg) == ["LegTried", "LegRang", "LegEnded"]

    asyncio.run(scenario())


def test_cancelled_offer_that_is_answered_anyway_is_hung_up() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            leg = line.endpoint.dial("1001", headers={})
            request = await asyncio.to_thread(peer.receive_request, "INVITE")
            peer.reply(request, 180)
            await until(lambda: "LegRang" in line.of(leg))
            line.endpoint.end(leg)
            cancel = await asyncio.to_thread(peer.receive_request, "CANCEL")
            peer.reply(request, 200)  # the two have crossed
            peer.reply(cancel, 200)
            await asyncio.to_thread(peer.receive_request, "ACK")
            bye = await asyncio.to_thread(peer.receive_request, "BYE")
            peer.reply(bye, 200)
            assert (await line.expect(LegEnded)).reason is Reason.WITHDRAWN
            assert "LegAnswered" not in line.of(leg)

    asyncio.run(scenario())


def test_session_that_nobody_refreshes_expires() -> None:
    """90 s is the least there is (RFC 4028); it ends 30 s earlier, which is why this takes 60."""

    async def scenario() -> None:
        async with line_and_peer(session_expires=90, rtp_silence=600) as (line, peer):
            timer = (("Session-Expires", "90;refresher=uac"), ("Supported", "timer"))
            request = peer.invite("12356", sender="139", extra=timer)
            answer = await asyncio.to_thread(peer.ask, request)
            assert answer.get("Session-Expires").startswith("90")
            ack(peer, answer)
            await line.expect(LegAnswered)
            bye = await asyncio.to_thread(peer.receive_request, "BYE", seconds=80)
            peer.reply(bye, 200)
            ended = await line.expect(LegEnded)
            assert (ended.reason, ended.status) == (Reason.SESSION_EXPIRED, 408)

    asyncio.run(scenario())
