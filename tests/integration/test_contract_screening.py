"""What `ports.Screening` promises, of the fake and of the store on a real Redis."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hotline.ids import ContactId
from hotline.ports import Known
from tests.queue_sides import OpenSide, Side

CALLER, OTHER, WITHHELD = "a1" * 32, "b2" * 32, ""
LINE = "12356"
EVENING = datetime(2026, 11, 21, 23, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


async def known(
    side: Side, caller: str = CALLER, *, line: str = LINE, at: datetime = EVENING
) -> Known:
    return await side.queue.known_of(caller, line=line, at=at)


async def talked(side: Side, contact: str, minutes: float, *, caller: str = CALLER) -> None:
    await side.queue.talked(caller, ContactId(contact), seconds=minutes * 60, at=EVENING)


async def test_nothing_is_known_of_whom_nobody_told_of(open_side: OpenSide) -> None:
    async with open_side() as side:
        assert await known(side) == Known()


async def test_blocked_caller_is_known_on_every_line_and_nobody_else_is(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        await side.block(CALLER)
        assert (await known(side)).blocked
        assert (await known(side, line="1")).blocked
        assert not (await known(side, OTHER)).blocked


async def test_of_a_withheld_number_the_line_alone_is_known(open_side: OpenSide) -> None:
    async with open_side() as side:
        await side.block(WITHHELD)
        await side.allow(WITHHELD, minutes_per_day=1)
        await side.switch_on(LINE, "storm")
        assert await known(side, WITHHELD) == Known(notice="storm")


async def test_notice_is_of_its_line_whoever_calls(open_side: OpenSide) -> None:
    async with open_side() as side:
        await side.block(CALLER)
        await side.switch_on(LINE, "storm")
        assert await known(side) == Known(blocked=True, notice="storm")
        assert await known(side, line="1") == Known(blocked=True)
        await side.switch_on(LINE, "")
        assert await known(side) == Known(blocked=True)


async def test_conversation_counts_towards_the_day_once_however_often_it_is_said(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        await side.allow(CALLER, minutes_per_day=30)
        assert await known(side) == Known(seconds=1800)
        for _ in range(2):
            await talked(side, "c1", 10)
        assert (await known(side)).seconds == 1200
        await talked(side, "c1", 12)  # in all
        await talked(side, "c2", 3)
        assert (await known(side)).seconds == 900


async def test_caller_whose_minutes_are_used_up_is_turned_away_until_tomorrow(
    open_side: OpenSide,
) -> None:
    async with open_side() as side:
        await side.allow(CALLER, minutes_per_day=30)
        await talked(side, "c1", 31)
        used_up = await known(side)
        assert used_up.message
        assert used_up.seconds == 0
        tomorrow = EVENING + timedelta(hours=1)  # the day of the site, not that of UTC
        assert await known(side, at=tomorrow) == Known(seconds=1800)


async def test_conversation_of_another_counts_for_nobody_else(open_side: OpenSide) -> None:
    async with open_side() as side:
        await side.allow(CALLER, minutes_per_day=30)
        await talked(side, "c1", 10, caller=OTHER)
        await talked(side, "c2", 10, caller=WITHHELD)
        assert (await known(side)).seconds == 1800
