"""RFC 4028: where no RTP would tell, a vanished phone is found by its session's end."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import Reason, Result, Termination
from tests.hotline_server import HotlineServer
from tests.sip.parties import gathered

SHORTEST = 90
"""Seconds: what section 5 of the RFC allows at least."""


@pytest.mark.timeout(240)
async def test_vanished_caller_and_vanished_counselor_end_with_their_sessions(
    tmp_path: Path, tonal_prompts: Path
) -> None:
    server = HotlineServer(
        tmp_path / "hotline",
        {"gateway.session_expires": SHORTEST, "gateway.rtp_silence": 600, "queueing.wrap_up": 1},
        prompts=tonal_prompts,
    )
    server.start()
    try:
        async with (
            gathered(server, tmp_path) as parties,
            server.trunk(session_expires=SHORTEST) as trunk,  # the engine takes the caller's word
            parties.counselor(skill="emotion") as lost,
            parties.counselor(skill="family") as present,
        ):
            (tmp_path / "other").mkdir()
            others = dataclasses.replace(parties, trunk=trunk, folder=tmp_path / "other")
            _, _, of_caller = await others.talking(present, "#12")
            _, _, of_counselor = await parties.talking(lost, "#11")
            await trunk.vanish()
            await lost.phone.vanish()
            left, gone = await asyncio.gather(
                parties.watch.expect(of_caller, e.CallerLeft, seconds=SHORTEST + 40),
                parties.watch.expect(of_counselor, e.CounselorLost, seconds=SHORTEST + 40),
            )
            assert left.termination == Termination(Result.COMPLETED, Reason.SESSION_EXPIRED)
            assert gone.reason is Reason.SESSION_EXPIRED
    finally:
        server.stop()
