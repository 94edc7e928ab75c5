"""When a closed line opens again, as a playlist of prompts."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotline.menu.hours import DAYS, QUARTER


def opening_playlist(opens: datetime, now: datetime) -> list[str]:
    """Return the prompts that say `opens`, a full quarter of an hour, to somebody who calls `now`;
    both in the site's zone. The first prompt has the day, the second the hour."""
    if opens.date() == now.date():
        day = "opens_today"
    elif opens.date() == now.date() + timedelta(days=1):
        day = "opens_tomorrow"
    else:
        day = f"opens_{DAYS[opens.weekday()]}"
    minutes = opens.minute // QUARTER * QUARTER
    return [day, f"clock_{opens.hour}", *([f"minutes_{minutes}"] if minutes else [])]
