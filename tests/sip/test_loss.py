"""A party that is lost without a BYE: gone silent, or gone altogether."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from hotline import events as e
from hotline.events import CounselorState, Reason, Result, Termination
from hotline.sip.tone import seconds_with
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, gathered


async def test_caller_who_goes_silent_in_a_talk_or_vanishes_in_the_queue_is_let_go(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor() as counselor,
        tonal_hotline.trunk() as trunk,
    ):
        (tmp_path / "other").mkdir()
        others = dataclasses.replace(parties, trunk=trunk, folder=tmp_path / "other")
        _, counselors_call, talk = await parties.talking(counselor)
        _, waiting = await others.queued("#12")
        await trunk.vanish()
        await parties.trunk.go_silent()
        for contact, result in ((talk, Result.COMPLETED), (waiting, Result.ABANDONED)):
            await parties.watch.expect(contact, e.CallerLeft)
            assert parties.endings(contact) == [Termination(result, Reason.RTP_SILENCE)]
        await counselor.phone.expect("ended", call=counselors_call)
        await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, previous=CounselorState.TALKING
        )


async def test_caller_whose_counselor_vanishes_is_told_and_given_to_another(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor() as lost,
        parties.counselor(ready=False) as other,
    ):
        call, _, contact = await parties.talking(lost)
        await lost.phone.vanish()
        gone = await parties.watch.expect(contact, e.CounselorLost)
        assert (gone.counselor, gone.reason) == (lost.extension, Reason.RTP_SILENCE)
        heard = parties.heard_by_caller(call)
        await until(lambda: seconds_with(heard, tonal.COUNSELOR_LOST) > 0.2)
        await until(lambda: seconds_with(heard, tonal.MUSIC) > 0.5)
        async with tonal_hotline.store() as store:
            await store.change_state(lost.extension, CounselorState.OFFLINE, reason="", by="test")
            before = seconds_with(heard, COUNSELOR_HERTZ)
            await store.change_state(other.extension, CounselorState.READY, reason="", by="test")
        await parties.watch.expect(contact, e.ContactAnswered, counselor=other.extension)
        await until(lambda: seconds_with(heard, COUNSELOR_HERTZ) > before + 0.5)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
        assert len(parties.endings(contact)) == 1
