"""On hold: by the counselor's phone, by the caller's, and a re-INVITE that means nothing."""

from __future__ import annotations

from pathlib import Path

from hotline import events as e
from hotline.sip.tone import seconds_of, when
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, gathered


def heard_since(path: Path, hertz: int, begin: float) -> float:
    """Seconds of the tone after `begin`, which is in seconds of the recording."""
    return sum(end - max(start, begin) for start, end in when(path, hertz) if end > begin)


async def test_caller_on_hold_hears_music_and_then_the_counselor_again(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        call, counselors_call, contact = await parties.talking(counselor)
        path = parties.heard_by_caller(call)
        await until(lambda: path.exists() and heard_since(path, COUNSELOR_HERTZ, 0) > 0.3)

        await counselor.phone.hold(counselors_call)
        held = await parties.watch.expect(contact, e.ContactHeld)
        answered = await parties.watch.expect(contact, e.ContactAnswered)
        assert held.leg == answered.leg
        begin = seconds_of(path) + 0.5  # what was on its way
        await until(lambda: heard_since(path, tonal.MUSIC, begin) > 1)
        assert heard_since(path, COUNSELOR_HERTZ, begin) < 0.1

        await counselor.phone.resume(counselors_call)
        await parties.watch.expect(contact, e.ContactResumed, leg=answered.leg)
        begin = seconds_of(path) + 0.5
        await until(lambda: heard_since(path, COUNSELOR_HERTZ, begin) > 0.5)
        assert heard_since(path, tonal.MUSIC, begin) < 0.1
        await parties.trunk.hang_up(call)


async def test_caller_who_holds_longer_than_silence_may_last_stays_in_the_conversation(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        call, _, contact = await parties.talking(counselor)
        await parties.trunk.expect("media", call=call, state="active")
        await parties.trunk.resume(call)  # a re-INVITE that changes nothing
        await parties.trunk.expect("media", call=call, state="active")
        await parties.trunk.hold(call)
        held = await parties.watch.expect(contact, e.ContactHeld)
        await parties.trunk.go_silent()
        limit = tonal_hotline.settings.gateway.rtp_silence
        file = next(iter(counselor.heard.glob("*.wav")))
        begin = seconds_of(file)
        await until(lambda: seconds_of(file) > begin + limit + 1.5)  # its clock runs on
        assert parties.endings(contact) == []
        await parties.trunk.be_audible()
        await parties.trunk.resume(call)
        await parties.watch.expect(contact, e.ContactResumed, leg=held.leg)
        begin = seconds_of(file)
        await until(lambda: heard_since(file, CALLER_HERTZ, begin) > 0.3)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
