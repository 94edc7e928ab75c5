"""REFER and Replaces: nobody makes a gateway call anybody, and nobody takes over a leg."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import closing

from hotline.call import LegAnswered, LegEnded
from hotline.events import Reason
from tests.sip.line import Line
from tests.sip.test_offer import ask, called, line_and_peer
from tests.sip.wire import Message, Peer

ELSEWHERE = "127.0.0.10"


def refer(request: Message, target: Peer) -> Message:
    """Ask that `target` be called."""
    wanted = ("Refer-To", f"<sip:13800138000@{target.host}:{target.port}>")
    return dataclasses.replace(request, headers=[*request.headers, wanted])


async def nothing_left(line: Line, peer: Peer, bye: Message, *, target: Peer) -> None:
    """The call ends as any other; nobody was called, nobody is told of a transfer."""
    assert (await ask(peer, bye)).status == 200
    assert (await line.expect(LegEnded)).reason in (
        Reason.CALLER_HUNG_UP,
        Reason.COUNSELOR_HUNG_UP,
    )
    assert line.endpoint.legs == 0
    for party in (peer, target):
        assert party.requests("INVITE") == []
        assert party.requests("NOTIFY") == []


def test_caller_who_refers_the_gateway_is_declined_and_nobody_is_called() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            with closing(Peer(ELSEWHERE, edge=peer.edge)) as target:
                answer = await called(line, peer)
                asked = refer(peer.within(answer, "REFER"), target)
                assert (await ask(peer, asked)).status == 603
                bye = peer.within(answer, "BYE", cseq=3)
                await nothing_left(line, peer, bye, target=target)

    asyncio.run(scenario())


def test_counselors_phone_that_refers_the_gateway_is_declined_and_nobody_is_called() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            with closing(Peer(ELSEWHERE, edge=peer.edge)) as target:
                line.endpoint.dial("1001", headers={})
                invite = await asyncio.to_thread(peer.receive_request, "INVITE")
                answer = peer.reply(invite, 200)
                await line.expect(LegAnswered)
                asked = refer(peer.within_called(invite, answer, "REFER"), target)
                assert (await ask(peer, asked)).status == 603
                bye = peer.within_called(invite, answer, "BYE", cseq=2)
                await nothing_left(line, peer, bye, target=target)

    asyncio.run(scenario())


def replacing(peer: Peer, answer: Message) -> Message:
    """An INVITE that asks for the place of the caller in the dialog of `answer`."""
    to, own = (answer.get(name).rpartition(";tag=")[2] for name in ("To", "From"))
    place = f"{answer.get('Call-ID')};to-tag={to};from-tag={own}"
    return peer.invite("12356", sender="138", extra=(("Replaces", place),))


def test_invite_that_would_replace_a_leg_is_declined_and_the_leg_goes_on() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            answer = await called(line, peer)
            refusal = await asyncio.to_thread(peer.ask, replacing(peer, answer))
            assert (refusal.status, refusal.start) == (603, "SIP/2.0 603 Decline")
            update = await ask(peer, peer.within(answer, "UPDATE"))
            assert update.status == 200
            assert peer.requests("BYE") == []
            assert line.endpoint.legs == 1
            assert line.endpoint.refused == {603: 1}
            await called(line, peer)

    asyncio.run(scenario())
