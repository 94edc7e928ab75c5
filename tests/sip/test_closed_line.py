"""Two numbers, one pool: one is closed, and says when it opens; both can have a notice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hotline import events as e
from hotline.clock import SystemClock
from hotline.events import Priority, Reason, Result, Termination
from hotline.menu.hours import DAYS
from hotline.sip.tone import seconds_with, when
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import gathered

CLOSED_LINE = "96525"
CLOSED, DAY, HOUR, MINUTES, STORM = 1820, 1880, 2020, 2080, 2140
HOUR_IN_ENGLISH = 2200
OPENS = DAYS[(SystemClock().now() + timedelta(days=4)).weekday()]
"""Neither today nor tomorrow nor the same day of next week, wherever the platform's clock is."""

LINE = f"""
[[lines]]
number = "{CLOSED_LINE}"
open = ["{OPENS} 08:20-09:00"]
notice = "storm"
"""


@pytest.fixture(scope="module")
def two_lines(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path
) -> Iterator[HotlineServer]:
    """A platform with an open line and a closed one."""
    server = HotlineServer(
        tmp_path_factory.mktemp("two-lines"),
        {"gateway.processes": 1, "queueing.wrap_up": 1},
        prompts=tonal_prompts,
        more=LINE,
    )
    for name, hertz in {
        "closed": CLOSED, f"opens_{OPENS}": DAY, "clock_8": HOUR, "minutes_30": MINUTES,
        "closed_danger": CLOSED, "closed_other": CLOSED, "storm": STORM,
    }.items():  # fmt: skip
        tonal.say(server.settings.prompts_dir, name, hertz)
    for name in (f"opens_{OPENS}", "clock_8", "minutes_30"):
        tonal.say(server.settings.prompts_dir, name, HOUR_IN_ENGLISH, language="en")
    server.start()
    yield server
    server.stop()
    assert server.tracebacks() == []


async def test_closed_line_says_in_both_languages_when_it_opens_and_ends_the_call(
    two_lines: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(two_lines, tmp_path) as parties:
        call, contact = await parties.dial(dialled=CLOSED_LINE)
        ending = await parties.watch.expect(contact, e.ContactRefused, seconds=60)
        assert ending.termination == Termination(Result.REFUSED, Reason.CLOSED)
        heard = parties.heard_by_caller(call)
        spoken = [CLOSED, DAY, HOUR, MINUTES, HOUR_IN_ENGLISH]
        await until(lambda: all(seconds_with(heard, hertz) > 0.2 for hertz in spoken))
        begins = [when(heard, hertz)[0][0] for hertz in spoken]
        assert begins == sorted(begins)
        assert seconds_with(heard, tonal.NOTICE) < 0.1


async def test_danger_key_on_a_closed_line_reaches_a_human_of_the_same_pool(
    two_lines: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(two_lines, tmp_path) as parties,
        parties.counselor(skill="crisis") as counselor,
    ):
        call, contact = await parties.dial(dialled=CLOSED_LINE)
        await parties.hears_us(call)
        await parties.choose(call, "0")
        queued = await parties.watch.expect(contact, e.ContactQueued)
        assert queued.priority is Priority.CRISIS
        await parties.watch.expect(contact, e.ContactAnswered, counselor=counselor.extension)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)


async def test_notice_is_switched_on_and_off_while_the_platform_runs(
    two_lines: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(two_lines, tmp_path) as parties:
        await asyncio.to_thread(two_lines.command, "line", "notice", "12356", "storm")
        noticed, first = await parties.dial()
        heard = parties.heard_by_caller(noticed)
        await until(lambda: heard.exists() and seconds_with(heard, tonal.NOTICE) > 0.2)
        assert 0.2 < seconds_with(heard, STORM) < 2 * tonal.SECONDS
        assert when(heard, STORM)[0][0] < when(heard, tonal.NOTICE)[0][0]
        await parties.trunk.hang_up(noticed)
        await parties.watch.expect(first, e.CallerLeft)

        await asyncio.to_thread(two_lines.command, "line", "notice", "12356", "off")
        plain, second = await parties.dial()
        heard = parties.heard_by_caller(plain)
        await until(lambda: heard.exists() and seconds_with(heard, tonal.NOTICE) > 0.2)
        assert seconds_with(heard, STORM) < 0.1
        await parties.trunk.hang_up(plain)
        await parties.watch.expect(second, e.CallerLeft)
