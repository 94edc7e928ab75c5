"""When a counselor is on duty, and where the time goes."""

from __future__ import annotations

from admin.simulation.caller import HOUR, START
from admin.simulation.desk import MINUTE, Desk, Timesheet, duties, profiles
from admin.simulation.scenario import DAY, Shift, minute_of_day
from hotline.events import CounselorState as S
from tests.simulation_scene import group, scene

TODAY = START + DAY * MINUTE


def at(text: str) -> int:
    """Return a time of the first day, such as ``20:30``."""
    return TODAY + minute_of_day(text) * MINUTE


def shift(since: str, until: str) -> Shift:
    return Shift(since=minute_of_day(since), until=minute_of_day(until))


def test_a_shift_past_midnight_reaches_into_the_day_before_and_after() -> None:
    found = duties([shift("22:00", "06:00")], at("00:00"), at("24:00"))
    assert found == [(at("00:00"), at("06:00")), (at("22:00"), at("24:00"))]


def test_shifts_that_touch_are_one() -> None:
    found = duties([shift("08:00", "12:00"), shift("12:00", "16:00")], at("00:00"), at("24:00"))
    assert found == [(at("08:00"), at("16:00"))]


def test_who_is_always_there_never_leaves() -> None:
    found = duties([shift("00:00", "24:00")], at("20:00"), at("20:00") + 48 * HOUR)
    assert found == [(at("20:00"), at("20:00") + 48 * HOUR)]


def test_a_shift_outside_the_time_is_left_out() -> None:
    assert duties([shift("08:00", "12:00")], at("13:00"), at("20:00")) == []


def test_time_is_written_down_hour_by_hour_within_what_counts() -> None:
    sheet = Timesheet(at("10:00"), at("12:00"))
    sheet.enter(S.READY, at("09:30"), at("10:15"))
    sheet.enter(S.TALKING, at("10:45"), at("12:30"))
    assert sheet.spent == {
        (0, S.READY): 15 * MINUTE,
        (0, S.TALKING): 15 * MINUTE,
        (1, S.TALKING): 60 * MINUTE,
    }


def desk() -> Desk:
    scenario = scene(calls_per_hour=1, talk=1, counselors=[group(1)])
    profile, _ = next(profiles(scenario))
    return Desk(profile, Timesheet(at("00:00"), at("24:00")))


def test_busy_time_is_offered_talking_and_wrap_up() -> None:
    one = desk()
    steps = [
        (S.READY, "10:00"), (S.OFFERED, "10:10"), (S.TALKING, "10:11"), (S.WRAP_UP, "10:31"),
        (S.READY, "10:34"), (S.NOT_READY, "10:40"),
    ]  # fmt: skip
    for state, when in steps:
        one.change(state, at(when))
    standing = one.standing
    assert (standing.busy, standing.available) == (24 * MINUTE, 40 * MINUTE)
    assert standing.counted == at("10:40")
    assert standing.idle_since == at("10:34")


def test_an_offer_that_came_to_nothing_does_not_end_being_idle() -> None:
    one = desk()
    for state, when in [(S.READY, "10:00"), (S.OFFERED, "10:10"), (S.READY, "10:11")]:
        one.change(state, at(when))
    assert one.standing.idle_since == at("10:00")


def test_a_new_duty_begins_anew() -> None:
    one = desk()
    for state, when in [
        (S.READY, "10:00"), (S.TALKING, "10:10"), (S.OFFLINE, "11:00"), (S.READY, "15:00"),
    ]:  # fmt: skip
        one.change(state, at(when))
    standing = one.standing
    assert (standing.counted, standing.idle_since) == (at("15:00"), at("15:00"))
    assert (standing.busy, standing.available) == (0, 0)


def test_counselors_are_numbered_through_all_groups() -> None:
    scenario = scene(
        calls_per_hour=1, talk=1, counselors=[group(2, "city/east"), group(1, "city/west")]
    )
    found = [(profile.id, profile.node) for profile, _ in profiles(scenario)]
    assert found == [("1000", "city/east"), ("1001", "city/east"), ("1002", "city/west")]
