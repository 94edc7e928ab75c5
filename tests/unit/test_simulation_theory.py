"""The simulator where the truth is known: its M/M/n case is Erlang C, with patience Erlang A.

Several independent runs, fixed seeds, and Student's interval at 99.9 %; the same intervals must
shut out a service that is a quarter slower, or the agreement would say nothing.
"""

from __future__ import annotations

from math import inf

import pytest

from admin.simulation.erlang import Demand, ErlangA, ErlangC
from admin.simulation.estimate import Estimate, ratio
from admin.simulation.visit import Fate, Visit
from tests.simulation_scene import NEVER, exponential, group, plan_of, run, scene

HANDLE = 300.0
SURE = 0.999
RUNS = 16
CALLS = 280
"""A run has about so many."""
WRONG = 1.25


def runs_of(erlangs: float, counselors: int, patience: float | None) -> list[list[Visit]]:
    """Return the counted visits of several runs that begin in the steady state."""
    scenario = scene(
        calls_per_hour=erlangs * 3600 / HANDLE,
        counselors=[group(counselors)],
        talk=exponential(HANDLE),
        patience=NEVER if patience is None else exponential(patience),
        hours=round(CALLS * HANDLE / 3600 / erlangs),
        warm_up=6 * HANDLE,
    )
    plan = plan_of("city")
    return [list(run(scenario, plan, number=number).counted) for number in range(RUNS)]


def share(runs: list[list[Visit]], fate: Fate, within: float) -> Estimate:
    """Estimate how many of all callers meet `fate` within so many seconds."""
    parts = [
        sum(v.fate is fate and (v.waited or 0) <= within * 1000 for v in visits) for visits in runs
    ]
    return ratio(parts, [len(visits) for visits in runs], SURE)


def asa(runs: list[list[Visit]]) -> Estimate:
    answered = [[v for v in visits if v.fate is Fate.ANSWERED] for visits in runs]
    waited = [sum(v.waited or 0 for v in visits) / 1000 for visits in answered]
    return ratio(waited, [len(visits) for visits in answered], SURE)


@pytest.mark.parametrize(("erlangs", "counselors"), [(1.8, 3), (8.0667, 10), (17.0, 20)])
def test_without_patience_it_is_erlang_c(erlangs: float, counselors: int) -> None:
    runs = runs_of(erlangs, counselors, None)
    truth = ErlangC(demand(erlangs), counselors)
    slower = ErlangC(demand(erlangs, HANDLE * WRONG), counselors)
    at_once = share(runs, Fate.ANSWERED, 0)
    within = share(runs, Fate.ANSWERED, 20)
    assert 1 - truth.waits in at_once
    assert truth.within(20) in within
    assert truth.asa in asa(runs)
    assert 1 - slower.waits not in at_once
    assert slower.within(20) not in within
    assert slower.asa not in asa(runs)


@pytest.mark.parametrize(
    ("erlangs", "counselors", "patience"), [(8.0667, 8, 120.0), (10.0, 7, 60.0)]
)
def test_with_patience_it_is_erlang_a(erlangs: float, counselors: int, patience: float) -> None:
    runs = runs_of(erlangs, counselors, patience)
    truth = ErlangA(demand(erlangs), counselors, patience)
    slower = ErlangA(demand(erlangs, HANDLE * WRONG), counselors, patience)
    gave_up = share(runs, Fate.ABANDONED, inf)
    within = share(runs, Fate.ANSWERED, 20)
    assert truth.abandons in gave_up
    assert truth.within(20) in within
    assert truth.asa in asa(runs)
    assert slower.abandons not in gave_up
    assert slower.within(20) not in within


def demand(erlangs: float, handle: float = HANDLE) -> Demand:
    """Return calls that come as for `erlangs`, and take `handle` seconds each."""
    return Demand(calls_per_hour=erlangs * 3600 / HANDLE, handle=handle)
