"""Several real phones of one counselor: one conversation, and codes from any of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import CounselorState as S
from hotline.ids import ContactId
from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import tones_in, write_tone
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, Counselor, Parties, gathered

SECOND_HERTZ = 2600
TALKERS = (CALLER_HERTZ, COUNSELOR_HERTZ, SECOND_HERTZ)


@asynccontextmanager
async def second_phone(parties: Parties, counselor: Counselor) -> AsyncIterator[SoftphoneClient]:
    """Another phone of the same counselor, with a tone of its own; it rings and waits."""
    async with parties.server.phone(counselor.extension) as phone:
        tone = write_tone(parties.folder / "second.wav", SECOND_HERTZ)
        await phone.policy(play=tone, record=heard_by_second(parties))
        yield phone


def heard_by_second(parties: Parties) -> Path:
    folder = parties.folder / "heard-by-second"
    folder.mkdir(exist_ok=True)
    return folder


async def rung(
    parties: Parties, counselor: Counselor, second: SoftphoneClient
) -> tuple[int, ContactId, int, int]:
    """A caller is offered to the counselor, whose two phones ring; return the caller's call and
    contact, and the calls of the first and the second phone."""
    call, contact = await parties.queued()
    async with parties.server.store() as store:
        await store.change_state(counselor.extension, S.READY, reason="", by="test")
    first = await counselor.phone.expect("incoming")
    other = await second.expect("incoming")
    return call, contact, int(first["call"]), int(other["call"])


async def confirmed(parties: Parties, phone: SoftphoneClient, code: str, tone: int) -> None:
    """Dial a feature code on the second phone and hear `tone`."""
    call = await phone.dial(f"sip:{code}@{parties.server.edge}")
    await phone.expect("ended", call=call, status=200)
    heard = heard_by_second(parties) / f"{call}.wav"
    await until(lambda: tones_in(heard, tonal.WORDS, least=tonal.HEARD) == {tone})


async def test_phone_that_answers_first_talks_and_the_other_stops_ringing(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(answer_after=None, ready=False) as counselor,
        second_phone(parties, counselor) as second,
    ):
        call, contact, ringing, here = await rung(parties, counselor, second)
        await second.answer(here)
        await parties.watch.expect(contact, e.ContactAnswered, counselor=counselor.extension)
        await counselor.phone.expect("ended", call=ringing, status=487)
        caller = parties.heard_by_caller(call)
        at_second = heard_by_second(parties) / f"{here}.wav"
        await until(lambda: SECOND_HERTZ in tones_in(caller, TALKERS))
        await until(lambda: CALLER_HERTZ in tones_in(at_second, TALKERS))
        assert COUNSELOR_HERTZ not in tones_in(caller, TALKERS)
        assert parties.tones_heard_by_counselor(counselor) == set()
        offers = [x for x in parties.of(contact) if isinstance(x, e.ContactOffered)]
        assert len(offers) == 1
        await parties.trunk.hang_up(call)
        await second.expect("ended", call=here)


async def test_busy_phone_does_not_end_the_ringing_of_the_other(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(answer_after=None, ready=False) as counselor,
        second_phone(parties, counselor) as second,
        tonal_hotline.store() as store,
    ):
        await counselor.phone.policy(decline=486)
        call, contact = await parties.queued()
        await store.change_state(counselor.extension, S.READY, reason="", by="test")
        await counselor.phone.expect("ended", status=486)
        here = (await second.expect("incoming"))["call"]
        await second.answer(here)
        await parties.watch.expect(contact, e.ContactAnswered, counselor=counselor.extension)
        assert not [x for x in parties.of(contact) if isinstance(x, e.OfferDeclined)]
        await parties.trunk.hang_up(call)
        await second.expect("ended", call=here)


async def test_decline_on_one_phone_ends_the_offer_on_both(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(answer_after=None, ready=False) as counselor,
        second_phone(parties, counselor) as second,
    ):
        call, contact, ringing, here = await rung(parties, counselor, second)
        await second.decline(here, status=603)
        await counselor.phone.expect("ended", call=ringing, status=487)
        declined = await parties.watch.expect(
            contact, e.OfferDeclined, counselor=counselor.extension
        )
        assert declined.status == 603
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)


async def test_break_asked_for_while_talking_begins_after_the_call(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor() as counselor,
        second_phone(parties, counselor) as second,
    ):
        call, _, contact = await parties.talking(counselor)
        await confirmed(parties, second, "*12", tonal.STATE_AFTER_CALL)
        states = [x.state for x in parties.of(counselor.extension) if hasattr(x, "state")]
        assert states[-1] is S.TALKING
        assert parties.endings(contact) == []
        await parties.trunk.hang_up(call)
        await parties.watch.expect(counselor.extension, e.CounselorStateChanged, state=S.WRAP_UP)
        granted = await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, previous=S.WRAP_UP
        )
        assert (granted.state, granted.reason, granted.by) == (S.NOT_READY, "break", "counselor")


@pytest.fixture
def long_wrap_up(tmp_path: Path, tonal_prompts: Path) -> Iterator[HotlineServer]:
    """A platform whose wrap-up lasts until a code is dialled, however long that takes."""
    server = HotlineServer(
        tmp_path / "hotline",
        {"gateway.processes": 1, "queueing.wrap_up": 60},
        prompts=tonal_prompts,
    )
    server.start()
    yield server
    server.stop()


async def test_code_on_any_phone_lengthens_the_wrap_up(
    long_wrap_up: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(long_wrap_up, tmp_path) as parties,
        parties.counselor() as counselor,
        second_phone(parties, counselor) as second,
    ):
        call, counselors_call, _ = await parties.talking(counselor)
        await parties.trunk.hang_up(call)
        await counselor.phone.expect("ended", call=counselors_call)
        # The phone hears of the end before the queue does.
        await parties.watch.expect(counselor.extension, e.CounselorStateChanged, state=S.WRAP_UP)
        await confirmed(parties, second, "*15", tonal.EXTENDED)
        extended = await parties.watch.expect(counselor.extension, e.WrapUpExtended)
        queueing = long_wrap_up.settings.queueing
        assert extended.seconds == queueing.wrap_up + queueing.wrap_up_extension
        await asyncio.to_thread(long_wrap_up.command, "counselor", "extend", counselor.extension)
        by_command = await parties.watch.expect(
            counselor.extension, e.WrapUpExtended, seconds=20.0, seq=extended.seq + 1
        )
        assert by_command.seconds == extended.seconds + queueing.wrap_up_extension
        await confirmed(parties, second, "*11", tonal.STATE_READY)
        ended = await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, previous=S.WRAP_UP
        )
        assert (ended.state, ended.by) == (S.READY, "counselor")
