"""A real call through the real platform: who hears whom, and what the journal says."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hotline import events as e
from hotline.events import CounselorState, Reason, Result, Termination
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, gathered


def test_caller_and_counselor_hear_each_other_and_nobody_else(
    hotline: HotlineServer, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with gathered(hotline, tmp_path) as parties, parties.counselor() as counselor:
            call, contact = await parties.dial()
            await parties.hears_us(call)
            await parties.choose(call)
            answered = await parties.watch.expect(contact, e.ContactAnswered)
            assert answered.counselor == counselor.extension
            await until(lambda: COUNSELOR_HERTZ in parties.tones_heard_by_caller(call))
            await until(lambda: CALLER_HERTZ in parties.tones_heard_by_counselor(counselor))
            await parties.trunk.hang_up(call)
            left = await parties.watch.expect(contact, e.CallerLeft)
            assert left.termination == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
            assert parties.tones_heard_by_caller(call) == {COUNSELOR_HERTZ}
            assert parties.tones_heard_by_counselor(counselor) == {CALLER_HERTZ}
            await parties.watch.expect(
                counselor.extension, e.CounselorStateChanged, state=CounselorState.WRAP_UP
            )

    asyncio.run(scene())
