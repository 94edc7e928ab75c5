"""The same scenario several times, each time with other chance."""

from __future__ import annotations

from collections.abc import Callable

from admin.simulation.scenario import Scenario
from admin.simulation.simulation import Simulation
from admin.simulation.summary import Summary, summarize
from admin.simulation.tally import tally
from queueing.routing.plan import Plan


def replicate(
    scenario: Scenario, plan: Plan, *, seed: int, runs: int, done: Callable[[int], None]
) -> Summary:
    """Run `scenario` `runs` times and sum up; `done` is told after each how many there were."""
    tallies = []
    for run in range(runs):
        tallies.append(tally(Simulation(scenario, plan, seed=seed, run=run).run(), scenario))
        done(run + 1)
    return summarize(tallies, scenario, plan=plan.version, seed=seed)
