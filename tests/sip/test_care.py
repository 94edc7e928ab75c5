"""Frequent callers: who is asked first, when calls are taken, and how long they last."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hotline import events as e
from hotline.clock import SystemClock
from hotline.events import Priority, Reason, Result, Termination
from hotline.menu.hours import DAYS
from hotline.sip.tone import seconds_with
from queueing.care import CarePlan
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, COUNSELOR_HERTZ, Parties, gathered

MESSAGE, LIMIT = 1820, 1880
OTHER_DAY = DAYS[(SystemClock().now() + timedelta(days=4)).weekday()]


async def put_plan(parties: Parties, number: str, plan: CarePlan) -> None:
    async with parties.server.store() as store:
        await store.put_care(parties.digest(number), plan, by="test")


async def test_call_at_another_time_hears_the_message_and_the_danger_key_still_works(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    tonal.say(tonal_hotline.settings.prompts_dir, "for_li", MESSAGE)
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(skill="crisis") as counselor,
    ):
        number = parties.new_number()
        await put_plan(parties, number, CarePlan(times=(f"{OTHER_DAY} 08:00-09:00",),
                                                 message="for_li"))  # fmt: skip
        refused, first = await parties.dial(number)
        ending = await parties.watch.expect(first, e.ContactRefused, seconds=60)
        assert ending.termination == Termination(Result.REFUSED, Reason.CARE_PLAN)
        heard = parties.heard_by_caller(refused)
        await until(lambda: seconds_with(heard, MESSAGE) > 0.2)
        assert seconds_with(heard, tonal.NOTICE) < 0.1

        danger, second = await parties.dial(number)
        await parties.hears_us(danger)
        await parties.choose(danger, "0")
        queued = await parties.watch.expect(second, e.ContactQueued)
        assert queued.priority is Priority.CRISIS
        await parties.watch.expect(second, e.ContactAnswered, counselor=counselor.extension)
        await parties.trunk.hang_up(danger)
        await parties.watch.expect(second, e.CallerLeft)


async def test_dedicated_counselor_is_asked_before_one_who_is_idle_for_longer(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor() as idle,
        parties.counselor() as dedicated,
    ):
        number = parties.new_number()
        await put_plan(parties, number, CarePlan(counselor=dedicated.extension, high_risk=True))
        call, contact = await parties.queued(number=number)
        queued = next(one for one in parties.of(contact) if isinstance(one, e.ContactQueued))
        assert queued.priority is Priority.HIGH_RISK
        answered = await parties.watch.expect(contact, e.ContactAnswered)
        assert answered.counselor == dedicated.extension != idle.extension
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)


async def test_counselor_hears_of_the_limit_and_nobody_is_cut_off(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    tonal.say(tonal_hotline.settings.prompts_dir, "care_limit", LIMIT)
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        number = parties.new_number()
        await put_plan(parties, number, CarePlan(minutes_per_call=0.02, minutes_per_day=30))
        call, contact = await parties.queued(number=number)
        reached = await parties.watch.expect(contact, e.CareLimitReached)
        assert (reached.counselor, reached.seconds) == (counselor.extension, 1)
        (heard,) = counselor.heard.glob("*.wav")
        await until(lambda: seconds_with(heard, LIMIT) > 0.2)
        before = seconds_with(heard, CALLER_HERTZ)
        await until(lambda: seconds_with(heard, CALLER_HERTZ) > before + 1)  # they still talk
        by_caller = parties.heard_by_caller(call)
        assert seconds_with(by_caller, COUNSELOR_HERTZ) > 1
        assert seconds_with(by_caller, LIMIT) < 0.1
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
        await until_counted(parties, number)


async def until_counted(parties: Parties, number: str) -> None:
    """Wait until the conversation counts towards the minutes of the day."""
    digest = parties.digest(number)
    now = SystemClock().now().astimezone(ZoneInfo(parties.server.settings.site.timezone))
    async with parties.server.store() as store, asyncio.timeout(20):
        await store.put_care(digest, CarePlan(minutes_per_day=30), by="test")
        while (await store.known_of(digest, line="", at=now)).seconds == 30 * 60:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # Redis tells nobody
