"""Care plans: when a call is taken, for how long, and who is asked first."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from hotline.ids import CounselorId
from queueing import care
from queueing.care import CarePlan

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY_EVENING = datetime(2026, 11, 16, 20, 30, tzinfo=SHANGHAI)
MONDAY_NIGHT = datetime(2026, 11, 16, 23, tzinfo=SHANGHAI)
EVENINGS = ("mon-fri 20:00-21:00",)


def test_plan_without_limits_takes_every_call() -> None:
    plan = CarePlan()
    assert plan.turned_away(MONDAY_NIGHT, talked=1e6) == ""
    assert plan.seconds(talked=1e6) is None
    assert plan.asked_for is None


def test_call_at_another_time_hears_the_message_of_the_plan() -> None:
    assert CarePlan(times=EVENINGS).turned_away(MONDAY_EVENING, talked=0) == ""
    assert CarePlan(times=EVENINGS).turned_away(MONDAY_NIGHT, talked=0) == care.OTHER_TIMES
    own = CarePlan(times=EVENINGS, message="for_li")
    assert own.turned_away(MONDAY_NIGHT, talked=0) == "for_li"


@pytest.mark.parametrize(
    ("talked", "message"), [(0, ""), (840, ""), (841, care.USED_UP), (2000, care.USED_UP)]
)
def test_call_is_turned_away_when_less_than_a_minute_of_the_day_is_left(
    talked: float, message: str
) -> None:
    plan = CarePlan(minutes_per_day=15)
    assert plan.turned_away(MONDAY_EVENING, talked=talked) == message


def test_day_shorter_than_a_minute_still_has_its_one_call() -> None:
    plan = CarePlan(minutes_per_day=0.5)
    assert plan.turned_away(MONDAY_EVENING, talked=0) == ""
    assert plan.turned_away(MONDAY_EVENING, talked=1) == care.USED_UP


@pytest.mark.parametrize(
    ("per_call", "per_day", "talked", "seconds"),
    [
        (20, None, 9999, 1200),
        (None, 30, 600, 1200),
        (20, 30, 0, 1200),
        (20, 30, 1200, 600),
        (20, 30, 9999, 0),
    ],
)
def test_conversation_lasts_as_long_as_the_nearer_limit(
    per_call: float | None, per_day: float | None, talked: float, seconds: float
) -> None:
    plan = CarePlan(minutes_per_call=per_call, minutes_per_day=per_day)
    assert plan.seconds(talked=talked) == seconds


def test_dedicated_counselor_is_asked_before_the_owner_of_the_follow_up() -> None:
    owner, dedicated = CounselorId("1002"), CounselorId("1001")
    assert CarePlan(owner=owner).asked_for == owner
    assert CarePlan(owner=owner, counselor=dedicated).asked_for == dedicated


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"times": ("monday 20:00-21:00",)}, "'monday' is no day"),
        ({"minutes_per_call": 0}, "minutes_per_call must be more than 0"),
        ({"minutes_per_day": -5}, "minutes_per_day must be more than 0"),
    ],
)
def test_plan_that_cannot_be_is_refused_with_the_reason(facts: dict, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        CarePlan(**facts)


def test_plan_survives_being_written() -> None:
    plan = CarePlan(
        counselor=CounselorId("1001"),
        owner=CounselorId("1002"),
        times=EVENINGS,
        minutes_per_call=20,
        minutes_per_day=40,
        message="for_li",
        high_risk=True,
    )
    assert care.from_text(care.to_text(plan)) == plan
