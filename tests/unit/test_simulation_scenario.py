"""Scenario files: every fault is named with its place and what is allowed."""

from __future__ import annotations

from math import inf
from pathlib import Path
from random import Random

import pytest
from pydantic import TypeAdapter

from admin.simulation.distribution import Patience
from admin.simulation.scenario import DAY, Scenario, minute_of_day
from admin.simulation.scenario_file import ScenarioError, load_scenario, read_scenario, shipped

GOOD = """
format = 1
name = "a small one"
[arrivals]
per_hour = 10
[callers]
patience = { kind = "never" }
talk = { kind = "exponential", mean = 600 }
[[topics]]
name = "grief"
share = 1
skills = ["grief:2"]
[[counselors]]
name = "all"
count = 2
kind = "volunteer"
node = "city/east"
skills = { grief = 3 }
shifts = ["20:00-02:00", "08:00-12:00"]
"""


def faults(text: str) -> list[str]:
    """Return what is said of a scenario that is wrong."""
    with pytest.raises(ScenarioError) as raised:
        read_scenario(text, origin="x.toml")
    return str(raised.value).splitlines()


def test_a_good_scenario_is_read_as_it_is_written() -> None:
    scenario = read_scenario(GOOD, origin="x.toml")
    assert scenario.arrivals.per_hour == (10,) * 24
    assert scenario.counselors[0].shifts[0].minutes == 6 * 60
    assert scenario.measures.levels == (15, 20, 30)


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("format = 1", "format = 2", "x.toml: format: input should be 1, not 2"),
        (
            "per_hour = 10",
            "per_hour = [1, 2]",
            "x.toml: arrivals.per_hour: tuple should have at least 24 items after validation,"
            " not 2",
        ),
        (
            '{ kind = "never" }',
            '{ kind = "weibull", mean = 3 }',
            "x.toml: callers.patience: kind must be one of 'exponential', 'lognormal', 'fixed',"
            " 'empirical', 'never', not 'weibull'",
        ),
        (
            '{ kind = "exponential", mean = 600 }',
            '{ kind = "never" }',
            "x.toml: callers.talk: kind must be one of 'exponential', 'lognormal', 'fixed',"
            " 'empirical', not 'never'",
        ),
        (
            "mean = 600",
            "mean = -1",
            "x.toml: callers.talk.mean: input should be greater than 0, not -1",
        ),
        (
            "mean = 600",
            "mean = 600, sigma = 1",
            "x.toml: callers.talk.sigma: no such key; there are kind, mean",
        ),
        (
            '{ kind = "exponential", mean = 600 }',
            '"long"',
            "x.toml: callers.talk: must be a number of seconds, or a table such as"
            " { kind = \"fixed\", seconds = 20 }, not 'long'",
        ),
        (
            '{ kind = "exponential", mean = 600 }',
            "-5",
            "x.toml: callers.talk: input should be greater than or equal to 0, not -5",
        ),
        (
            "share = 1",
            "share = 0",
            "x.toml: topics: all shares are 0; at least one must be greater",
        ),
        (
            "share = 1",
            'share = 1\npriority = "urgent"',
            "x.toml: topics.0.priority: input should be 'crisis', 'high_risk', 'callback' or"
            " 'normal', not 'urgent'",
        ),
        (
            "share = 1",
            "share = 1\nweight = 1",
            "x.toml: topics.0.weight: no such key; there are name, share, priority, skills,"
            " preferred, talk, patience",
        ),
        (
            '"volunteer"',
            '"robot"',
            "x.toml: counselors.0.kind: input should be 'volunteer', 'professional' or"
            " 'supervisor', not 'robot'",
        ),
        (
            "{ grief = 3 }",
            "{ grief = 9 }",
            "x.toml: counselors.0.skills.grief: input should be less than or equal to 5, not 9",
        ),
        (
            '"08:00-12:00"',
            '"8-12"',
            "x.toml: counselors.0.shifts.1: must be a daily time on duty such as 20:00-02:00,"
            " not '8-12'",
        ),
        (
            "count = 2",
            "count = 5000\nmore = 1",
            "x.toml: counselors.0.more: no such key; there are name, count, kind, node, skills,"
            " shifts",
        ),
        (
            "[arrivals]",
            'begins = "25:00"\n[arrivals]',
            "x.toml: begins: must be a time of day such as 20:30, not '25:00'",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_what_is_allowed(
    written: str, instead: str, said: str
) -> None:
    assert written in GOOD
    assert faults(GOOD.replace(written, instead, 1)) == [said]


def test_every_fault_is_said_at_once() -> None:
    wrong = GOOD.replace("format = 1", "format = 7").replace("count = 2", "count = 0")
    assert len(faults(wrong)) == 2
    assert {line.split(": ")[1] for line in faults("format = 1")} == {
        "name",
        "arrivals",
        "callers",
        "counselors",
    }


def test_more_counselors_than_extensions_are_refused() -> None:
    group = GOOD[GOOD.index("[[counselors]]") :].replace("count = 2", "count = 5000")
    assert faults(GOOD + group + group) == [
        "x.toml: the file: there are 10002 counselors; at most 9000 are allowed"
    ]


def test_text_that_is_no_toml_says_where() -> None:
    assert faults("format = ")[0].startswith("x.toml: is not TOML: ")


def test_a_file_that_is_not_there_says_what_is_shipped(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such file; shipped scenarios are city-day, night"):
        load_scenario(str(tmp_path / "absent.toml"))


def test_shipped_scenarios_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    assert set(shipped()) == {"city-day", "night-shift"}
    copy = tmp_path / "mine.toml"
    copy.write_text(shipped()["city-day"], "utf-8")
    assert load_scenario(str(copy)) == load_scenario("city-day")


def test_the_shipped_day_has_the_demand_of_the_domain_at_its_peak() -> None:
    """22 calls an hour with 22 minutes each."""
    scenario: Scenario = load_scenario("city-day")
    service = scenario.service
    handle = scenario.callers.talk.mean + service.ring.mean + service.wrap_up.mean
    assert max(scenario.arrivals.per_hour) == 22
    assert handle == 22 * 60


@pytest.mark.parametrize(("text", "minute"), [("00:00", 0), ("20:30", 1230), ("24:00", DAY)])
def test_times_of_day_are_minutes(text: str, minute: int) -> None:
    assert minute_of_day(text) == minute


@pytest.mark.parametrize("text", ["24:01", "12:60", "8:00", "noon", 8])
def test_what_is_no_time_of_day_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="such as 20:30"):
        minute_of_day(text)


@pytest.mark.parametrize(
    ("given", "average"),
    [
        ({"kind": "exponential", "mean": 300}, 300),
        ({"kind": "lognormal", "mean": 1080, "sigma": 0.75}, 1080),
        ({"kind": "empirical", "seconds": [10, 20, 90]}, 40),
        ({"kind": "fixed", "seconds": 6}, 6),
        (7, 7),
    ],
)
def test_a_distribution_has_the_mean_it_names(given: object, average: float) -> None:
    distribution = TypeAdapter[Patience](Patience).validate_python(given)
    dice = Random(3)
    drawn = [distribution.draw(dice) for _ in range(20_000)]
    assert distribution.mean == average
    assert sum(drawn) / len(drawn) == pytest.approx(average, rel=0.03)
    assert min(drawn) >= 0


def test_who_never_gives_up_has_endless_patience() -> None:
    distribution = TypeAdapter[Patience](Patience).validate_python({"kind": "never"})
    assert distribution.draw(Random(1)) == distribution.mean == inf
