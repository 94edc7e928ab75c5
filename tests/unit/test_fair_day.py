"""Occupancy over a day of the real routing: counselors of one tier work much alike."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import pytest

from admin.simulation.tally import tally
from tests.simulation_scene import exponential, group, run, scene

DAY, SHIFT = 24 * 60, 12 * 60
"""Minutes."""
LONGEST = 1800.0
"""Seconds of a conversation, ringing and record included: none takes longer here."""
SKILLS = {"emotion": 2, "grief": 2}
MARGIN = 0.05
"""As `queueing.routing.fairness` has it."""
SEEDS = range(3)
TALK = {"kind": "empirical", "seconds": [600, 900, 1200, LONGEST - 126]}


def bound(minutes: int) -> float:
    """Return how far from the mean a day on duty of so long may leave somebody. Whoever is more
    than the margin above it gets nobody while another fits. Two conversations may lead past that:
    the one that was going on, and one for which nobody else was free."""
    return MARGIN + 2 * LONGEST / (minutes * 60)


def at(minute: int) -> str:
    return f"{minute % DAY // 60:02}:{minute % 60:02}"


def occupancies(counselors: list[dict[str, Any]], per_hour: float, seed: int) -> dict[str, float]:
    """Return the occupancy of each over one day of arrivals."""
    day = scene(
        calls_per_hour=per_hour,
        counselors=counselors,
        talk=TALK,
        patience=exponential(600),
        service={"ring": 6, "wrap_up": 120},
        topics=[
            {"name": "emotion", "share": 9, "skills": ["emotion"]},
            {"name": "grief", "share": 1, "skills": ["grief"]},
        ],
    )
    done = run(day, seed=seed)
    names = [desk.profile.name for desk in done.desks]
    return dict(zip(names, tally(done, day).shares, strict=True))


def staggered() -> list[dict[str, Any]]:
    """Ten, each on duty for twelve hours, the next one coming 144 minutes later: always five."""
    return [
        group(1, name=f"c{n}", skills=SKILLS, shifts=[f"{at(begins)}-{at(begins + SHIFT)}"])
        for n, begins in enumerate(range(0, DAY, DAY // 10))
    ]


def specialists(level: int) -> list[dict[str, Any]]:
    """Five who know one thing, and five who know another too, and that one at `level`."""
    return [group(1, name=f"generalist {n}", skills={"emotion": 2}) for n in range(5)] + [
        group(1, name=f"specialist {n}", skills={"emotion": level, "grief": 3}) for n in range(5)
    ]


def strays(shares: dict[str, float]) -> float:
    """Return by how much the one furthest from the mean is away from it."""
    mean = fmean(shares.values())
    return max(abs(share - mean) for share in shares.values())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("per_hour", [4, 12])
def test_ten_of_one_tier_who_come_at_different_times_are_about_as_busy_over_a_day(
    per_hour: float, seed: int
) -> None:
    shares = occupancies(staggered(), per_hour, seed)
    assert len(shares) == 10
    assert strays(shares) <= bound(SHIFT)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_specialists_are_neither_idle_nor_worn_out_where_generalists_fit(
    level: int, seed: int
) -> None:
    """Nine of ten callers fit both; the specialists are asked for these after the others, beside
    them or before them, as their level is."""
    shares = occupancies(specialists(level), 14, seed)
    assert strays(shares) <= bound(DAY)
