"""Small scenarios for tests of the simulator: what a test does not name is as plain as can be."""

from __future__ import annotations

from typing import Any

from admin.simulation.scenario import Scenario
from admin.simulation.simulation import Run, Simulation
from queueing.routing.plan import Plan, default_plan, read_plan

NEVER = {"kind": "never"}


def exponential(mean: float) -> dict[str, Any]:
    return {"kind": "exponential", "mean": mean}


def group(count: int, node: str = "city", **more: Any) -> dict[str, Any]:
    """Return some counselors who are always there."""
    return {"name": node, "count": count, "kind": "professional", "node": node, **more}


def scene(
    *,
    calls_per_hour: float,
    counselors: list[dict[str, Any]],
    talk: Any,
    patience: Any = NEVER,
    **more: Any,
) -> Scenario:
    """Return a scenario without ringing, wrap-up, redials and skills."""
    callers = {"patience": patience, "talk": talk, **more.pop("callers", {})}
    service = {"ring": 0, "wrap_up": 0, **more.pop("service", {})}
    return Scenario.model_validate(
        {
            "format": 1,
            "name": "scene",
            "arrivals": {"per_hour": calls_per_hour},
            "callers": callers,
            "service": service,
            "counselors": counselors,
            **more,
        }
    )


def plan_of(*reaches: str) -> Plan:
    """Return a plan with one route of steps with these reaches, all open at once."""
    steps = "".join(
        f'[[routes.steps]]\nname = "{reach}"\nreach = "{reach}"\nseconds = 0\n' for reach in reaches
    )
    text = f'format = 1\n[sticky]\nseconds = 0\n[[routes]]\nname = "all"\n{steps}'
    return read_plan(text, origin="the test's plan")


def run(scenario: Scenario, plan: Plan | None = None, *, seed: int = 1, number: int = 0) -> Run:
    """Return one run, under the shipped plan if none is named."""
    return Simulation(scenario, plan or default_plan(), seed=seed, run=number).run()


def waits(done: Run) -> list[int]:
    """Return how long each counted caller waited, in ms, in order of arrival."""
    return [visit.waited for visit in done.counted if visit.waited is not None]
