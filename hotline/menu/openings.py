"""When a caller may be called back: the site's windows as stretches of time, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from hotline.menu.hours import DAYS, QUARTER, Hours, Window
from hotline.promise import Opening

MOST_CHOICES = 3
"""More windows are not offered: nobody remembers them."""


def openings(windows: Sequence[Window], now: datetime, *, days: float) -> list[Opening]:
    """Return every stretch of `windows` that ends after `now` and begins within `days`, in order.

    `now` is in the site's zone; the wall clock counts.
    """
    found = (one for window in windows for one in _stretches(window, now, days))
    return sorted(found, key=lambda one: (one.opens, one.closes))


def next_windows(hours: Hours, now: datetime, *, days: float) -> list[tuple[Window, Opening]]:
    """Return the windows that a caller can choose from at `now`, with the next stretch of each;
    one that is open already is no choice: as soon as possible is as good."""
    coming = []
    for window in hours.windows:
        later = [one for one in openings([window], now, days=days) if one.opens > now]
        if later:
            coming.append((window, later[0]))
    return sorted(coming, key=lambda one: one[1].opens)[:MOST_CHOICES]


def soon(hours: Hours, now: datetime, *, soon_hours: float, days: float) -> list[Opening]:
    """Return when somebody is called who asked for it as soon as possible."""
    first = Opening(now, now + timedelta(hours=soon_hours))
    later = openings(hours.windows, first.closes, days=days)
    return [first, *(Opening(max(one.opens, first.closes), one.closes) for one in later)]


def choice_playlist(opening: Opening, now: datetime, key: int) -> list[str]:
    """Return the prompts that offer `opening` by `key`; both times in the site's zone."""
    if opening.opens.date() == now.date():
        day = "callback_today"
    elif opening.opens.date() == now.date() + timedelta(days=1):
        day = "callback_tomorrow"
    else:
        day = f"callback_{DAYS[opening.opens.weekday()]}"
    begins, ends = _clock(opening.opens), _clock(opening.closes)
    return [day, *begins, "callback_until", *ends, "callback_press", f"number_{key}"]


def _clock(at: datetime) -> list[str]:
    minutes = at.minute // QUARTER * QUARTER
    return [f"clock_{at.hour}", *([f"minutes_{minutes}"] if minutes else [])]


def _stretches(window: Window, now: datetime, days: float) -> Iterator[Opening]:
    day = now.date() - timedelta(days=1)
    while day <= (now + timedelta(days=days)).date():
        if day.weekday() in window.days:
            midnight = datetime.combine(day, time())
            opens, closes = (
                (midnight + timedelta(minutes=minute)).replace(tzinfo=now.tzinfo)
                for minute in (window.start, window.end)
            )
            if closes > now and opens < now + timedelta(days=days):
                yield Opening(opens, closes)
        day += timedelta(days=1)
