"""A time that runs on, and the picture by it, when the clock is set back."""

from __future__ import annotations

from queueing.routing.order import waiting_score
from queueing.routing.runningon import RunningOn
from tests.unit.picture_scene import NOON_MS, PictureScene, a_contact, a_plan, a_standing, at

HOUR = 3_600_000
OUTER = a_plan("seconds = 60\nskills = 'all'", "skills = 'none'")


def test_time_runs_on_from_where_it_was() -> None:
    time = RunningOn()
    assert [time.at(clock) for clock in (NOON_MS, NOON_MS + 5, NOON_MS - HOUR)] == [
        NOON_MS, NOON_MS + 5, NOON_MS + 5,
    ]  # fmt: skip
    assert time.at(NOON_MS - HOUR + 60) == NOON_MS + 65
    assert time.by_the_clock(NOON_MS + 65) == NOON_MS - HOUR + 60


def test_it_is_never_earlier_than_an_arrival() -> None:
    time = RunningOn()
    time.note_arrival(NOON_MS)
    assert time.at(NOON_MS - HOUR) == NOON_MS
    assert time.at(NOON_MS - HOUR + 7) == NOON_MS + 7


def test_hosts_whose_clocks_differ_a_little_set_nothing() -> None:
    time = RunningOn()
    time.note_arrival(NOON_MS + 5_000)
    assert time.at(NOON_MS) == NOON_MS


def test_step_opens_in_its_time_for_one_who_came_before_the_clock_was_set_back() -> None:
    scene = PictureScene(OUTER, a_standing("1001"), a_standing("1002", skills=3, grief=1))
    scene.stand(a_standing("1002", grief=1))
    scene.wait(a_contact("c1", skills=("nothing",)), a_contact("c2", skills=("grief",)))
    assert scene.chosen(0) == [("c1", "1001"), ("c2", "1002")]


def test_circle_that_opens_after_a_minute_opens_a_minute_later_by_any_clock() -> None:
    busy = a_standing("1002", grief=1, state=a_standing().state.TALKING)
    scene = PictureScene(OUTER, a_standing("1001"), busy)
    scene.wait(a_contact("c1", skills=("grief",)))
    assert scene.chosen(0) == []
    assert scene.chosen(-3600 + 59) == []
    opening = scene.picture.next_opening()
    assert opening == at(-3600 + 59 + 60)
    assert scene.chosen(-3600 + 59 + 60) == [("c1", "1001")]


def test_picture_that_begins_after_the_clock_was_set_back_opens_them_as_well() -> None:
    busy = a_standing("1002", grief=1, state=a_standing().state.TALKING)
    scene = PictureScene(OUTER, a_standing("1001"), busy)
    scene.wait(a_contact("c1", skills=("grief",)))
    assert scene.chosen(-3600) == []
    assert scene.chosen(-3600 + 61) == [("c1", "1001")]


def test_one_who_comes_after_it_was_set_back_stands_behind_and_is_no_hour_old() -> None:
    busy = a_standing("1002", grief=1, state=a_standing().state.TALKING)
    scene = PictureScene(OUTER, busy)
    early, late = a_contact("c1"), a_contact("c2", at=-3590, skills=("grief",))
    scene.wait(early)
    score = waiting_score(late.priority, at(-3590)) + HOUR
    scene.picture.contact_waits(late, score=score)
    assert scene.chosen(-3589) == []
    scene.stand(a_standing("1001"))
    assert scene.chosen(-3588) == [("c1", "1001")]
    scene.stand(a_standing("1003"))
    assert scene.chosen(-3570) == []  # the second circle is not open for c2 yet
    assert scene.chosen(-3528) == [("c2", "1003")]
