"""An INVITE to a caller: what it shows, what the edge is told, and whose hang-up it is."""

from __future__ import annotations

import asyncio

import pytest

from hotline.call import LegAnswered, LegEnded
from hotline.events import Reason
from tests.sip.test_offer import line_and_peer


def test_caller_who_is_called_sees_the_number_that_is_shown_and_not_our_name() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            line.endpoint.dial_caller("13800138000", shown="12356")
            invite = await asyncio.to_thread(peer.receive_request, "INVITE")
            assert invite.uri.startswith("sip:13800138000@")
            assert "sip:12356@" in invite.get("From")
            assert "hotline" not in invite.get("From")
            assert invite.get("X-Hotline-Callback") == "yes"

    asyncio.run(scenario())


def test_caller_who_was_called_and_hangs_up_is_the_one_who_hung_up() -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, peer):
            line.endpoint.dial_caller("13800138000", shown="12356")
            invite = await asyncio.to_thread(peer.receive_request, "INVITE")
            answer = peer.reply(invite, 200)
            await line.expect(LegAnswered)
            await asyncio.to_thread(peer.ask, peer.within_called(invite, answer, "BYE", cseq=2))
            assert (await line.expect(LegEnded)).reason is Reason.CALLER_HUNG_UP

    asyncio.run(scenario())


@pytest.mark.parametrize("number", ["138@elsewhere", "sip:138", "", "138;x=y"])
def test_what_is_no_number_is_not_called(number: str) -> None:
    async def scenario() -> None:
        async with line_and_peer() as (line, _):
            with pytest.raises(ValueError, match="extension"):
                line.endpoint.dial_caller(number, shown="12356")

    asyncio.run(scenario())
