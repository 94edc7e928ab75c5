"""A party that is lost without a BYE: gone silent, or gone altogether."""

from __future__ import annotations

from pathlib import Path

from hotline import events as e
from hotline.events import Reason, Result, Termination
from tests.hotline_server import HotlineServer
from tests.sip.parties import gathered


async def test_caller_who_goes_silent_in_a_talk_or_vanishes_in_the_queue_is_let_go(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        _, counselors_call, talk = await parties.talking(counselor)
        async with tonal_hotline.trunk() as other:
            parties.trunk.go_silent  # noqa: B018
            waiting = await parties.queued("#12")
            assert waiting
            del other
        await parties.trunk.go_silent()
        await parties.watch.expect(talk, e.CallerLeft)
        assert parties.endings(talk) == [Termination(Result.COMPLETED, Reason.RTP_SILENCE)]
        await counselor.phone.expect("ended", call=counselors_call)
