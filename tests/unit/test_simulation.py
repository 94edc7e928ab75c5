"""One run of the simulator: what must hold whatever chance does, and what the plan changes."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest

from admin.simulation.caller import HOUR, START, Crowd
from admin.simulation.estimate import mean
from admin.simulation.replications import replicate
from admin.simulation.scenario import Scenario
from admin.simulation.scenario_file import load_scenario
from admin.simulation.simulation import Run
from admin.simulation.tally import tally
from admin.simulation.visit import Fate, SecondEnding, Visit
from hotline.events import Priority
from queueing.routing.plan import default_plan, read_plan
from tests.simulation_scene import exponential, group, plan_of, run, scene, waits

DISTRICTS = [f"city/d{n}" for n in range(10)]


def busy_night() -> Scenario:
    """Return a scenario in which everything happens: redials, missed offers, shifts that end."""
    return scene(
        calls_per_hour=30,
        hours=10,
        begins="20:00",
        talk={"kind": "lognormal", "mean": 900, "sigma": 0.8},
        patience=exponential(200),
        callers={
            "redial": {"share": 0.6, "after": 120, "times": 2},
            "frequent": {"share": 0.4, "people": 6},
        },
        service={"ring": 8, "wrap_up": exponential(90), "missed": 0.1, "away": 240},
        topics=[
            {"name": "crisis", "share": 1, "priority": "crisis", "skills": ["crisis"]},
            {"name": "grief", "share": 4, "skills": ["grief"]},
            {"name": "other", "share": 3},
        ],
        languages=[{"name": "zh", "share": 9}, {"name": "en", "share": 1}],
        nodes=[{"name": "city/east", "share": 1}, {"name": "city/west", "share": 1}],
        counselors=[
            group(3, "city/east", skills={"grief": 2}, shifts=["18:00-23:30"]),
            group(3, "city/west", skills={"grief": 3, "crisis": 3}, shifts=["22:00-02:00"]),
            group(2, "city", skills={"crisis": 4}, shifts=["19:00-04:00"]),
        ],
    )


@pytest.fixture(scope="module")
def night() -> Run:
    return run(busy_night())


def test_every_arrival_ends_once(night: Run) -> None:
    """A second ending would have raised; nobody is left over, and nobody is counted twice."""
    contacts = [visit.caller.waiting.contact for visit in night.visits]
    assert len(set(contacts)) == len(contacts) > 200
    first = [visit for visit in night.visits if visit.caller.attempt == 1]
    assert [visit.caller.number for visit in first] == list(range(len(first)))
    total = tally(night, busy_night()).total.figures
    assert total.offered == total.calls == sum(1 for _ in night.counted)
    assert total.offered == sum(
        (total.answered, total.abandoned, total.short_abandoned, total.open)
    )
    assert total.open == 0


def test_everything_that_can_happen_happened(night: Run) -> None:
    """Or the other tests of this night would prove little."""
    assert any(visit.caller.attempt == 3 for visit in night.visits)
    assert any(visit.sticky for visit in night.visits)
    assert any(visit.offers > 1 for visit in night.visits)
    assert {visit.step for visit in night.visits} >= {1, 2, 3}
    assert {visit.fate for visit in night.visits} == {Fate.ANSWERED, Fate.ABANDONED}


def test_a_visit_that_ended_cannot_end_again(night: Run) -> None:
    with pytest.raises(SecondEnding):
        night.visits[0].end(Fate.ABANDONED, night.end)


def test_a_redial_follows_its_abandonment_and_nothing_else(night: Run) -> None:
    by_caller: dict[int, list[Visit]] = defaultdict(list)
    for visit in night.visits:
        by_caller[visit.caller.number].append(visit)
    for visits in by_caller.values():
        for earlier, later in pairwise(visits):
            assert earlier.fate is Fate.ABANDONED
            assert later.arrived == (earlier.ended or 0) + 120_000
            assert later.caller.waiting.topic == earlier.caller.waiting.topic


def test_nobody_serves_two_at_once(night: Run) -> None:
    served: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for visit in night.visits:
        if visit.fate is Fate.ANSWERED:
            assert visit.desk is not None
            assert visit.ended is not None
            since = visit.ended - visit.caller.ring
            until = visit.ended + visit.caller.talk + visit.caller.wrap_up
            served[visit.desk.profile.id].append((since, until))
    assert len(served) == 8
    for spans in served.values():
        spans.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_nobody_is_offered_a_call_after_the_shift(night: Run) -> None:
    """East's ends at 23:30, the night begins at 20:00; a conversation may well last longer."""
    shift_ends = night.begin + round(3.5 * HOUR)
    east = [v for v in night.visits if v.desk and v.desk.profile.node == "city/east"]
    answered = [v for v in east if v.fate is Fate.ANSWERED]
    assert answered
    assert all((v.ended or 0) - v.caller.ring <= shift_ends for v in answered)
    assert any((v.ended or 0) + v.caller.talk > shift_ends for v in answered)


def test_the_same_seed_is_the_same_night(night: Run) -> None:
    def story(done: Run) -> list[tuple[int, Fate, int | None, str]]:
        return [
            (v.arrived, v.fate, v.ended, v.desk.profile.id if v.desk else "") for v in done.visits
        ]

    assert story(run(busy_night())) == story(night)
    assert story(run(busy_night(), seed=2)) != story(night)
    assert story(run(busy_night(), number=1)) != story(night)


def test_callers_are_the_same_under_another_plan(night: Run) -> None:
    """What was decided before anybody answered is not touched by how they are answered."""
    other = run(busy_night(), plan_of("city"))
    first = {v.caller.number: v.caller for v in night.visits if v.caller.attempt == 1}
    again = {v.caller.number: v.caller for v in other.visits if v.caller.attempt == 1}
    assert first.keys() == again.keys()
    assert all(
        (first[n].talk, first[n].patience, first[n].waiting)
        == (again[n].talk, again[n].patience, again[n].waiting)
        for n in first
    )


def ten_districts(counselors_each: int, *, patience: object = None) -> Scenario:
    """Return domain.md's demand: 22 calls an hour, 22 minutes each, over ten districts."""
    return scene(
        calls_per_hour=22,
        hours=12,
        warm_up=7200,
        talk=exponential(22 * 60),
        patience=patience or {"kind": "never"},
        nodes=[{"name": node, "share": 1} for node in DISTRICTS],
        counselors=[group(counselors_each, node) for node in DISTRICTS],
    )


def test_one_pool_answers_sooner_than_ten_districts_apart() -> None:
    scenario = ten_districts(2)
    gains = []
    for number in range(6):
        pooled = waits(run(scenario, plan_of("district", "city"), number=number))
        split = waits(run(scenario, plan_of("district"), number=number))
        assert len(pooled) == len(split)
        gains.append((sum(split) - sum(pooled)) / len(split) / 1000)
    gain = mean(gains)
    assert gain.value is not None
    assert gain.half is not None
    assert gain.value - gain.half > 60  # seconds, for each caller on average


def test_preferring_the_own_district_costs_nobody_a_millisecond() -> None:
    """Nobody is idle while somebody waits, with the preference or without: so the same callers
    wait the same, only more of them talk to somebody of their own district."""
    scenario = ten_districts(1)
    preferred = run(scenario, plan_of("district", "city"))
    anybody = run(scenario, plan_of("city"))
    assert waits(preferred) == waits(anybody)
    assert max(waits(preferred)) > 0
    own, by_chance = (
        sum(visit.own_district for visit in done.counted) for done in (preferred, anybody)
    )
    assert own > 1.5 * by_chance


def test_a_crisis_waits_less() -> None:
    scenario = scene(
        calls_per_hour=30,
        hours=20,
        talk=exponential(600),
        topics=[
            {"name": "crisis", "share": 1, "priority": "crisis"},
            {"name": "other", "share": 9},
        ],
        counselors=[group(5)],
    )
    waited: dict[Priority, list[float]] = defaultdict(list)
    for number in range(3):
        for visit in run(scenario, number=number).counted:
            waited[visit.caller.waiting.priority].append((visit.waited or 0) / 1000)
    crisis, others = mean(waited[Priority.CRISIS]), mean(waited[Priority.NORMAL])
    assert crisis.value is not None
    assert others.value is not None
    assert crisis.value < others.value / 3


def test_relaxing_reaches_those_who_wait_already() -> None:
    """A lone caller for whom nobody has the skill is answered when the next step opens."""
    plan = read_plan(
        'format = 1\n[[routes]]\nname = "all"\n'
        '[[routes.steps]]\nname = "skilled"\nseconds = 45\n'
        '[[routes.steps]]\nname = "anybody"\nskills = "none"\n',
        origin="the test's plan",
    )
    scenario = scene(
        calls_per_hour=2,
        hours=4,
        talk=7 * 86400,
        topics=[{"name": "grief", "share": 1, "skills": ["grief"]}],
        counselors=[group(1, skills={"grief": 1}), group(40)],
    )
    done = run(scenario, plan)
    assert set(waits(done)[1:]) == {45_000}


def test_who_is_left_when_everybody_went_home_is_said_to_be_open() -> None:
    scenario = scene(
        calls_per_hour=20,
        hours=2,
        warm_up=0,
        talk=600,
        begins="22:00",
        counselors=[group(1, shifts=["20:00-23:00"])],
    )
    done = run(scenario)
    total = tally(done, scenario).total.figures
    assert total.open > 10
    assert total.answered + total.open == total.offered


def test_work_adds_up_to_the_shifts() -> None:
    """Six hours of three people, of which the counted time has four."""
    scenario = scene(
        calls_per_hour=12,
        hours=10,
        begins="20:00",
        talk=exponential(300),
        counselors=[group(3, "city/east", shifts=["18:00-24:00"])],
        patience=exponential(60),
    )
    sums = tally(run(scenario), scenario)
    assert sums.work.on_duty == pytest.approx(3 * 4 * 3600, rel=0.02)  # and what was begun then
    assert sums.work.on_duty >= 3 * 4 * 3600
    assert sums.work_by_node["city"].spent == sums.work_by_node["city/east"].spent
    assert sum(work.on_duty for work in sums.work_by_hour.values()) == pytest.approx(
        sums.work.on_duty
    )


def test_arrivals_follow_the_hours() -> None:
    per_hour = [60, 0, 120] + [0] * 20 + [30]
    scenario = scene(
        calls_per_hour=0, talk=1, counselors=[group(1)], arrivals={"per_hour": per_hour}
    )
    counts: dict[int, list[float]] = defaultdict(list)
    for number in range(20):
        crowd = Crowd(scenario, seed=1, run=number)
        came = list(crowd.arrivals(START + 23 * HOUR, START + 27 * HOUR))
        for hour in range(23, 27):
            counts[hour % 24].append(sum((at - START) // HOUR == hour for at in came))
    assert 30 in mean(counts[23], 0.999)
    assert 60 in mean(counts[0], 0.999)
    assert sum(counts[1]) == 0
    assert 120 in mean(counts[2], 0.999)


@pytest.mark.parametrize("name", ["night-shift", "city-day"])
def test_shipped_scenarios_run_and_say_everything(name: str) -> None:
    scenario = load_scenario(name)
    seen: list[int] = []
    summary = replicate(scenario, default_plan(), seed=1, runs=2, done=seen.append)
    assert seen == [1, 2]
    assert len(summary.hours) == scenario.hours
    assert summary.calls.levels[20].value is not None
    assert summary.calls.levels[20].value > 0.8
    assert summary.calls.open.value == 0
    assert Priority.CRISIS in summary.priorities
    assert {"city", "city/east"} <= summary.nodes.keys()
