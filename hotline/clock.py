"""The only place that reads the time; everything else is given a `Clock` or the time itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from: the machine, or a test that turns the hands."""

    def now(self) -> datetime:
        """Return the present as an aware UTC datetime."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes back."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class SteadyClock:
    """The wall clock as it stood at the beginning, and what has passed since: dates in their true
    order, at their true distances, whatever is done to the wall clock meanwhile. For what lasts
    minutes or hours; it never learns that the wall clock was put right."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = (clock.now(), clock.monotonic())

    def now(self) -> datetime:
        wall, monotonic = self._began
        return wall + timedelta(seconds=self._clock.monotonic() - monotonic)

    def monotonic(self) -> float:
        return self._clock.monotonic()


class ManualClock:
    """A clock that stands still until it is advanced: for tests and for the simulator."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    def set_by(self, seconds: float) -> None:
        """Set the wall clock, and it alone: forward, or back where `seconds` are negative."""
        self._now += timedelta(seconds=seconds)

    def advance(self, seconds: float) -> None:
        """Move both hands forward by `seconds` (a negative value sets only the wall clock back)."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += max(0.0, seconds)


class Timer(Protocol):
    """One call that is still to come."""

    def cancel(self) -> None:
        """Forget it; nothing happens when it has been made already."""
        ...


class Timers(Protocol):
    """Makes calls later, on the thread that asked."""

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Make `call` once, in `seconds`."""
        ...

    async def pause(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class LoopTimers:
    """Timers of the running asyncio loop, which under the gateway is Twisted's reactor."""

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, call)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualTimers:
    """Timers that fire only when a test advances them."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._due: list[_ManualTimer] = []

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = _ManualTimer(self._elapsed + seconds, call)
        self._due.append(timer)
        return timer

    async def pause(self, seconds: float) -> None:
        due = asyncio.Event()
        self.after(seconds, due.set)
        await due.wait()

    def advance(self, seconds: float) -> None:
        """Fire everything that falls due within the next `seconds`, in order."""
        end = self._elapsed + seconds
        while True:
            pending = [t for t in self._due if not t.cancelled and t.at <= end]
            if not pending:
                break
            timer = min(pending, key=lambda t: t.at)
            self._due.remove(timer)
            self._elapsed = timer.at
            timer.call()
        self._elapsed = end
        self._due = [t for t in self._due if not t.cancelled]


@dataclass
class _ManualTimer:
    at: float
    call: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True
