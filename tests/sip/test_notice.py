"""A counselor whom the platform made not ready is told so, on a real phone."""

from __future__ import annotations

from pathlib import Path

import redis

from hotline import events as e
from hotline.events import CounselorState
from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import tones_in
from queueing import keys
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import Counselor, Parties, gathered

NOTICES = {tonal.TOLD_MISSED, tonal.TOLD_UNREACHABLE}


def is_to_be_told(parties: Parties, counselor: Counselor) -> bool:
    with redis.Redis.from_url(parties.server.settings.redis_url, decode_responses=True) as queue:
        names = [str(name) for name in queue.hkeys(keys.TO_TELL)]
    return any(name.startswith(f"{counselor.extension}:") for name in names)


async def missed_a_call(parties: Parties, counselor: Counselor) -> None:
    """A caller rings in vain, hangs up, and the counselor is not ready."""
    call, contact = await parties.queued()
    await parties.watch.expect(contact, e.OfferMissed, counselor=counselor.extension)
    await parties.trunk.hang_up(call)
    await parties.watch.expect(
        counselor.extension, e.CounselorStateChanged, state=CounselorState.NOT_READY, by="system"
    )


async def told(parties: Parties, phone: SoftphoneClient, counselor: Counselor, tone: int) -> None:
    """The phone rings, somebody answers, hears why, and is rung off."""
    incoming = await phone.expect("incoming", seconds=20)
    call = int(incoming["call"])
    await phone.answer(call)
    await phone.expect("ended", call=call, status=200)
    heard = counselor.heard / f"{call}.wav"
    await until(lambda: tones_in(heard, NOTICES, least=tonal.HEARD) == {tone})
    await until(lambda: not is_to_be_told(parties, counselor))


async def test_missed_offer_is_told_by_a_short_call(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(answer_after=None) as counselor,
    ):
        await missed_a_call(parties, counselor)
        offered = await counselor.phone.expect("incoming")
        assert "notice" not in offered["headers"]
        await told(parties, counselor.phone, counselor, tonal.TOLD_MISSED)
        assert counselor.phone.seen("incoming") == 0
        changes = parties.of(counselor.extension)
        states = [x.state for x in changes if isinstance(x, e.CounselorStateChanged)]
        assert states[-1] is CounselorState.NOT_READY


async def test_counselor_who_is_ready_again_is_not_rung_any_more(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(answer_after=None) as counselor,
    ):
        await missed_a_call(parties, counselor)
        await counselor.phone.expect("incoming")
        notice = await counselor.phone.expect("incoming", seconds=20)
        async with tonal_hotline.store() as store:
            await store.change_state(
                counselor.extension, CounselorState.READY, reason="", by="test"
            )
        await counselor.phone.expect("ended", call=notice["call"], status=487)
        await until(lambda: not is_to_be_told(parties, counselor))


async def test_counselor_with_a_dead_phone_is_told_when_a_phone_registers(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        await counselor.phone.vanish()
        await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, reason="phone_unreachable"
        )
        await until(lambda: is_to_be_told(parties, counselor))
        async with tonal_hotline.phone(counselor.extension) as again:
            await again.policy(record=counselor.heard)
            await told(parties, again, counselor, tonal.TOLD_UNREACHABLE)
