"""Opening hours by the wall clock of a zone: over midnight, and on days with 23 and 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.menu.hours import ALWAYS, DAYS, Hours, read_hours

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = read_hours(["mon-fri 08:00-22:00"])
NIGHTS = read_hours(["fri 22:00-06:00"])


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    """Of November 2026: the 16th is a Monday, the 20th a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (shanghai(16, 7, 59), False),
        (shanghai(16, 8), True),
        (shanghai(20, 21, 59), True),
        (shanghai(20, 22), False),
        (shanghai(21, 12), False),
    ],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(
    at: datetime, is_open: bool
) -> None:
    assert WORKDAYS.open_at(at) is is_open


def test_hours_are_those_of_the_zone_not_of_greenwich() -> None:
    evening = datetime(2026, 11, 16, 13, 30, tzinfo=UTC)
    assert WORKDAYS.open_at(evening.astimezone(SHANGHAI))
    assert not WORKDAYS.open_at(evening.replace(hour=14).astimezone(SHANGHAI))


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (shanghai(20, 21, 59), False),
        (shanghai(20, 22), True),
        (shanghai(21, 5, 59), True),
        (shanghai(21, 6), False),
        (shanghai(20, 3), False),  # Friday morning is Thursday's night
    ],
)
def test_night_belongs_to_the_day_on_which_it_begins(at: datetime, is_open: bool) -> None:
    assert NIGHTS.open_at(at) is is_open


def test_sunday_night_reaches_into_monday() -> None:
    assert read_hours(["sun 20:00-02:00"]).open_at(shanghai(16, 1))


def test_days_may_be_listed_and_may_run_over_the_end_of_the_week() -> None:
    weekend = read_hours(["fri-mon 10:00-12:00", "wed,thu 10:00-12:00"])
    open_days = {day for day in range(16, 23) if weekend.open_at(shanghai(day, 11))}
    assert open_days == {16, 18, 19, 20, 21, 22}  # all but Tuesday, the 17th


def test_always_is_always_and_nothing_is_never() -> None:
    assert read_hours(ALWAYS).open_at(shanghai(16, 0))
    assert read_hours(ALWAYS).open_at(shanghai(22, 23, 59))
    assert not Hours(()).open_at(shanghai(16, 12))
    assert Hours(()).opens(shanghai(16, 12)) is None


def test_next_opening_skips_the_weekend() -> None:
    assert WORKDAYS.opens(shanghai(20, 22, 5)) == shanghai(23, 8)
    assert WORKDAYS.opens(shanghai(17, 3)) == shanghai(17, 8)


def test_next_opening_is_a_full_quarter_at_which_it_is_open() -> None:
    odd = read_hours(["mon 08:05-08:20"])
    assert odd.opens(shanghai(16, 0)) == shanghai(16, 8, 15)


def test_next_opening_is_never_before_the_call() -> None:
    just_after = shanghai(16, 8).replace(second=30)
    assert WORKDAYS.opens(just_after) == shanghai(16, 8, 15)
    assert WORKDAYS.opens(shanghai(16, 8)) == shanghai(16, 8)


def test_hour_that_is_left_out_never_comes() -> None:
    hours = read_hours(["sun 02:15-02:45", "sun 09:00-10:00"])
    spring = datetime(2026, 3, 29, 1, 50, tzinfo=BERLIN)  # 02:00 becomes 03:00
    opens = hours.opens(spring)
    assert opens == datetime(2026, 3, 29, 9, tzinfo=BERLIN)


def test_hours_that_begin_in_the_hour_left_out_begin_behind_it() -> None:
    hours = read_hours(["sun 02:30-05:00"])
    opens = hours.opens(datetime(2026, 3, 29, 1, 50, tzinfo=BERLIN))
    assert opens is not None
    assert (opens.hour, opens.minute) == (3, 0)
    assert opens.astimezone(UTC).hour == 1


def test_hour_that_comes_twice_is_open_twice() -> None:
    hours = read_hours(["sun 02:00-03:00"])
    for fold in (0, 1):
        assert hours.open_at(datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold))
    behind = datetime(2026, 10, 25, 2, 59, 30, tzinfo=BERLIN, fold=0)
    again = hours.opens(behind)
    assert again is not None
    assert again.astimezone(UTC) == datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mon-fri 8:00-22:00", "write days and a time"),
        ("mon-fri", "write days and a time"),
        ("mon-fri 08:00-24:30", "24:30 is no time"),
        ("mon-fri 08:60-12:00", "08:60 is no time"),
        ("mon-fri 24:00-02:00", "begins before 24:00"),
        ("funday 08:00-12:00", "'funday' is no day"),
        ("mon- 08:00-12:00", "'' is no day"),
        ("mon,,tue 08:00-12:00", "'' is no day"),
        ("mon 08:00-08:10", "15 minutes or longer"),
    ],
)
def test_wrong_text_is_named_with_what_is_allowed(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as caught:
        read_hours([text])
    assert repr(text) in str(caught.value)


instants = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone itself
    max_value=datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("Australia/Lord_Howe")]),
    allow_imaginary=False,
)
texts = st.builds(
    "{} {:02d}:{:02d}-{:02d}:{:02d}".format,
    st.sampled_from([*DAYS, "mon-fri", "sat-sun", "sun-tue"]),
    st.integers(0, 23),
    st.sampled_from([0, 10, 15, 30, 40]),
    st.integers(0, 23),
    st.sampled_from([5, 20, 25, 45, 59]),
)


@given(st.lists(texts, max_size=3), instants)
def test_no_quarter_before_the_next_opening_is_open(written: list[str], at: datetime) -> None:
    try:
        hours = read_hours(written)
    except ValueError:
        return
    opens = hours.opens(at)
    if opens is None:
        assert not written
        return
    assert opens.astimezone(UTC) >= at
    assert opens.minute % 15 == 0
    assert hours.open_at(opens)
    before = opens.astimezone(UTC) - timedelta(minutes=15)
    while before >= at:  # different zones: compared as instants
        assert not hours.open_at(before.astimezone(at.tzinfo))
        before -= timedelta(minutes=15)
