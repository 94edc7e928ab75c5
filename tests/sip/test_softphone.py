"""The softphone by itself: it outlives its calls, however they end."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from socket import SOCK_DGRAM

from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import write_tone
from tests.servers import free_port, rtp_port
from tests.sip.line import PHONE

LANES = 12
CALLS = 50
"""Per lane; fewer ended a phone whose players did not rest."""


async def test_phone_survives_calls_that_end_when_a_file_does(tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "short.wav", 700, seconds=0.02)  # one tick: it ends all the time
    port, its_port = free_port(SOCK_DGRAM, PHONE), free_port(SOCK_DGRAM, PHONE)
    async with (
        SoftphoneClient(address=PHONE, port=port, rtp_port=rtp_port()) as caller,
        SoftphoneClient(address=PHONE, port=its_port, rtp_port=rtp_port()) as callee,
    ):
        await caller.policy(play=tone)
        await callee.policy(play=tone, answer_after=0.02)

        async def lane() -> None:
            for _ in range(CALLS):
                call = await caller.dial(f"sip:counselor@{PHONE}:{its_port}")
                await caller.expect("answered", call=call)
                await caller.expect("media", call=call)
                await caller.hang_up(call)
                await caller.expect("ended", call=call)

        await asyncio.gather(*(lane() for _ in range(LANES)))
        assert caller.seen("gone") == callee.seen("gone") == 0
        assert caller.seen("error") == callee.seen("error") == 0


async def test_policy_is_in_force_when_it_has_been_said() -> None:
    port, its_port = free_port(SOCK_DGRAM, PHONE), free_port(SOCK_DGRAM, PHONE)
    async with (
        SoftphoneClient(address=PHONE, port=port, rtp_port=rtp_port()) as caller,
        SoftphoneClient(address=PHONE, port=its_port, rtp_port=rtp_port()) as callee,
    ):
        os.kill(callee.pid, signal.SIGSTOP)
        saying = asyncio.create_task(callee.policy(answer_after=0))
        done, _ = await asyncio.wait({saying}, timeout=0.5)
        assert not done  # it cannot know of it
        os.kill(callee.pid, signal.SIGCONT)
        await saying
        call = await caller.dial(f"sip:counselor@{PHONE}:{its_port}")
        await caller.expect("answered", call=call)
