"""When a caller may be called back: stretches of the wall clock, and how they are offered."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hotline.menu.hours import read_hours
from hotline.menu.openings import choice_playlist, next_windows, openings, soon
from hotline.ports import Opening
from hotline.prompts.texts import read_texts

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 20, 17, 0, tzinfo=SHANGHAI)
HOURS = read_hours(["mon-sun 09:00-12:00", "mon-fri 14:30-18:00", "mon-sun 22:00-06:00"])


def said(stretches: list[Opening]) -> list[str]:
    return [f"{one.opens:%a %H:%M}-{one.closes:%a %H:%M}" for one in stretches]


def test_stretches_come_in_order_and_the_one_that_lasts_is_the_first() -> None:
    assert said(openings(HOURS.windows, FRIDAY, days=1)) == [
        "Fri 14:30-Fri 18:00",
        "Fri 22:00-Sat 06:00",
        "Sat 09:00-Sat 12:00",
    ]


def test_stretch_that_began_yesterday_lasts_past_midnight() -> None:
    night = FRIDAY.replace(hour=2)
    assert said(openings(HOURS.windows, night, days=0.2))[0] == "Thu 22:00-Fri 06:00"


def test_wall_clock_counts_in_the_night_in_which_the_clock_goes_back() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)
    (night,) = openings(read_hours(["sat 22:00-06:00"]).windows, before, days=1)
    assert (night.closes.hour, night.opens.hour) == (6, 22)
    assert night.closes.timestamp() - night.opens.timestamp() == 9 * 3600


def test_window_that_is_open_is_no_choice_but_its_next_day_is() -> None:
    chosen = next_windows(HOURS, FRIDAY, days=3)
    assert said([opening for _, opening in chosen]) == [
        "Fri 22:00-Sat 06:00",
        "Sat 09:00-Sat 12:00",
        "Mon 14:30-Mon 18:00",
    ]


def test_as_soon_as_possible_lasts_some_hours_and_then_the_windows_follow() -> None:
    first, *later = soon(HOURS, FRIDAY, soon_hours=3, days=1)
    assert (first.opens, first.closes) == (FRIDAY, FRIDAY + timedelta(hours=3))
    assert said(later)[:2] == ["Fri 22:00-Sat 06:00", "Sat 09:00-Sat 12:00"]
    overlapping = soon(HOURS, FRIDAY, soon_hours=6, days=1)[1]
    assert said([overlapping]) == ["Fri 23:00-Sat 06:00"]


def test_choice_names_the_day_both_times_and_the_key() -> None:
    days = ["callback_today", "callback_tomorrow", "callback_sun", "callback_mon"]
    hours = read_hours(["mon-sun 18:00-21:45"])
    ((window, first),) = next_windows(hours, FRIDAY, days=3)
    assert choice_playlist(first, FRIDAY, 2) == [
        "callback_today", "clock_18", "callback_until", "clock_21", "minutes_45",
        "callback_press", "number_2",
    ]  # fmt: skip
    coming = openings([window], FRIDAY, days=4)
    assert [choice_playlist(one, FRIDAY, 3)[0] for one in coming] == days


def test_every_word_of_every_choice_has_a_text() -> None:
    known = {text.prompt for text in read_texts()}
    hours = read_hours([f"mon-sun {n:02}:15-{n + 1:02}:30" for n in range(0, 23)])
    for opening in openings(hours.windows, FRIDAY, days=8):
        assert set(choice_playlist(opening, FRIDAY, 4)) <= known
    assert {"callback_soon", "callback_stay"} <= known
