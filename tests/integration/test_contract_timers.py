"""What `Timers` and `Clock` promise, of those that a test turns and those that turn themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from hotline.clock import Clock, LoopTimers, ManualClock, ManualTimers, SystemClock, Timers
from tests.queue_scene import NOON

SOON, NEVER = 0.02, 600.0
"""Seconds: the real ones are waited for."""
LATER = 1.0
"""Seconds: more than a busy machine lets pass between two lines of a test."""


class Bench:
    """Timers, and the patience to see what they do."""

    def __init__(self, timers: Timers, turn: Callable[[float], None] = lambda _seconds: None):
        self.timers = timers
        self.made: list[str] = []
        self._turn = turn

    def note(self, name: str) -> Callable[[], None]:
        return lambda: self.made.append(name)

    async def pass_time(self, seconds: float) -> None:
        """Return when everything that is due within `seconds` has been done."""
        over = asyncio.Event()
        self.timers.after(seconds, over.set)
        self._turn(seconds)
        await over.wait()


@pytest.fixture(params=["manual", "loop"])
def bench(request: pytest.FixtureRequest) -> Bench:
    if request.param == "loop":
        return Bench(LoopTimers())
    timers = ManualTimers()
    return Bench(timers, timers.advance)


async def test_call_is_made_once_and_not_before_its_time(bench: Bench) -> None:
    bench.timers.after(SOON, bench.note("call"))
    late = bench.timers.after(NEVER, bench.note("late call"))
    for _ in range(2):
        await bench.pass_time(2 * SOON)
        assert bench.made == ["call"]
    late.cancel()


async def test_calls_are_made_in_the_order_in_which_they_are_due(bench: Bench) -> None:
    bench.timers.after(LATER, bench.note("second"))
    bench.timers.after(SOON, bench.note("first"))
    bench.timers.after(LATER, bench.note("third"))
    await bench.pass_time(LATER + SOON)
    assert bench.made == ["first", "second", "third"]


async def test_what_is_due_at_once_is_not_done_while_it_is_asked_for(bench: Bench) -> None:
    bench.timers.after(0, bench.note("call"))
    assert bench.made == []
    await bench.pass_time(SOON)
    assert bench.made == ["call"]


async def test_cancelled_call_is_forgotten_and_the_others_are_made(bench: Bench) -> None:
    timer = bench.timers.after(SOON, bench.note("cancelled"))
    bench.timers.after(SOON, bench.note("other"))
    timer.cancel()
    timer.cancel()
    await bench.pass_time(2 * SOON)
    assert bench.made == ["other"]


async def test_call_may_cancel_another_that_is_due_with_it(bench: Bench) -> None:
    bench.timers.after(SOON, lambda: timer.cancel())
    timer = bench.timers.after(SOON, bench.note("cancelled"))
    await bench.pass_time(2 * SOON)
    assert bench.made == []


async def test_cancelling_what_was_made_does_nothing(bench: Bench) -> None:
    timer = bench.timers.after(SOON, bench.note("call"))
    await bench.pass_time(2 * SOON)
    timer.cancel()
    assert bench.made == ["call"]


async def test_call_may_ask_for_the_next(bench: Bench) -> None:
    def again() -> None:
        bench.made.append("call")
        if len(bench.made) < 3:
            bench.timers.after(SOON, again)

    bench.timers.after(SOON, again)
    for _ in range(3):
        await bench.pass_time(2 * SOON)
    assert bench.made == ["call"] * 3


async def test_pause_returns_when_its_time_is_over(bench: Bench) -> None:
    pausing, for_long = [await begin(bench.timers.pause(s)) for s in (SOON, NEVER)]
    await bench.pass_time(2 * SOON)
    async with asyncio.timeout(30):
        await pausing
    assert not for_long.done()
    for_long.cancel()


async def test_pause_may_be_cancelled(bench: Bench) -> None:
    pausing = await begin(bench.timers.pause(SOON))
    pausing.cancel()
    with suppress(asyncio.CancelledError):
        await pausing
    await bench.pass_time(2 * SOON)
    assert pausing.cancelled()


async def begin(waiting: Awaitable[None]) -> asyncio.Task[None]:
    """Return a task that has come as far as it can."""
    started = asyncio.Event()

    async def run() -> None:
        started.set()
        await waiting

    task = asyncio.create_task(run())
    await started.wait()
    return task


CLOCKS: dict[str, Callable[[], Clock]] = {
    "manual": lambda: ManualClock(NOON),
    "manual, begun elsewhere": lambda: ManualClock(NOON.astimezone(ZoneInfo("Asia/Shanghai"))),
    "system": SystemClock,
}


@pytest.mark.parametrize("name", CLOCKS)
def test_clock_is_aware_in_utc_and_its_other_hand_never_goes_back(name: str) -> None:
    clock = CLOCKS[name]()
    assert clock.now().tzinfo is UTC
    assert clock.now().utcoffset() == timedelta()
    before = clock.monotonic()
    if isinstance(clock, ManualClock):
        clock.advance(-3600)
    assert clock.monotonic() >= before


def test_both_hands_of_a_manual_clock_move_together() -> None:
    clock = ManualClock(NOON)
    clock.advance(1.5)
    assert clock.now() - NOON == timedelta(seconds=1.5)
    assert clock.monotonic() == 1.5
