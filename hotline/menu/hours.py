"""Opening hours: when a line, or a caller's care plan, lets calls through.

Hours are written as texts such as ``mon-fri 08:00-22:00`` or ``sat,sun 22:00-06:00``: days, then a
time from-to by the wall clock. A time that ends before it begins lasts into the next day. Whoever
asks gives the instant in the site's own time zone, and the wall clock counts: on the day the clock
goes back, an hour that comes twice is open both times; one that is left out never comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = ("mon-sun 00:00-24:00",)
DAY = 24 * 60
"""Minutes, as everything here."""
QUARTER = 15
FORESEEN = timedelta(days=8)

_TEXT = re.compile(r"(\S+)\s+(\d{2}):(\d{2})-(\d{2}):(\d{2})")
_FORM = "write days and a time, such as mon-fri 08:00-22:00 or sat,sun 22:00-06:00"


@dataclass(frozen=True, slots=True)
class Window:
    """On each of `days` (0 is Monday) from `start` to `end`, in minutes after midnight; an `end`
    beyond 24 hours lies on the next day."""

    days: frozenset[int]
    start: int
    end: int

    def contains(self, day: int, minute: int) -> bool:
        """Say whether `minute` of the weekday `day` lies in this window."""
        today = day in self.days and self.start <= minute < self.end
        return today or ((day - 1) % 7 in self.days and minute < self.end - DAY)


@dataclass(frozen=True, slots=True)
class Hours:
    """All windows together; none: never open."""

    windows: tuple[Window, ...]

    def open_at(self, at: datetime) -> bool:
        """Say whether it is open at `at`, an aware time whose zone is the site's."""
        minute = at.hour * 60 + at.minute
        return any(window.contains(at.weekday(), minute) for window in self.windows)

    def opens(self, at: datetime) -> datetime | None:
        """Return the first full quarter of an hour, not before `at`, at which it is open; None
        when that is more than a week away. In the zone of `at`.

        Quarters are what can be spoken; every window is long enough to hold one.
        """
        begin = at.astimezone(UTC).replace(second=0, microsecond=0)
        if begin < at:
            begin += timedelta(minutes=1)
        begin += timedelta(minutes=-begin.minute % QUARTER)
        for step in range(int(FORESEEN.total_seconds()) // 60 // QUARTER):
            quarter = (begin + timedelta(minutes=step * QUARTER)).astimezone(at.tzinfo)
            if self.open_at(quarter):
                return quarter
        return None


def read_hours(texts: Iterable[str]) -> Hours:
    """Return the hours that `texts` describe. Raises ValueError saying what is wrong in which."""
    return Hours(tuple(_window(text) for text in texts))


def _window(text: str) -> Window:
    found = _TEXT.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r}: {_FORM}")
    start = _minute(text, found[2], found[3])
    end = _minute(text, found[4], found[5])
    if start == DAY:
        raise ValueError(f"{text!r}: a time begins before 24:00")
    if end <= start:
        end += DAY
    if end - start < QUARTER:
        raise ValueError(f"{text!r}: a time lasts 15 minutes or longer")
    return Window(_days(text, found[1]), start, end)


def _minute(text: str, hours: str, minutes: str) -> int:
    minute = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or minute > DAY:
        raise ValueError(f"{text!r}: {hours}:{minutes} is no time from 00:00 to 24:00")
    return minute


def _days(text: str, names: str) -> frozenset[int]:
    days: set[int] = set()
    for part in names.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        for name in (first, last):
            if name not in DAYS:
                raise ValueError(f"{text!r}: {name!r} is no day; the days are {', '.join(DAYS)}")
        begin, count = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7
        days.update((begin + n) % 7 for n in range(count + 1))
    return frozenset(days)
