"""Occupancy over a day of the real routing: counselors of one tier work much alike."""

from __future__ import annotations

from functools import partial
from statistics import fmean
from typing import Any

import pytest

from admin.simulation.desk import MINUTE, Desk
from admin.simulation.simulation import Simulation
from admin.simulation.tally import tally
from hotline.events import CounselorState
from queueing.routing.plan import default_plan
from tests.simulation_scene import exponential, group, scene

DAY, SHIFT = 24 * 60, 12 * 60
TRAINING, REST = 5 * 60, 30
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


def occupancies(
    counselors: list[dict[str, Any]],
    per_hour: float,
    seed: int,
    *,
    kind: type[Simulation] = Simulation,
) -> dict[str, float]:
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
    done = kind(day, default_plan(), seed=seed, run=0).run()
    names = [desk.profile.name for desk in done.desks]
    return dict(zip(names, tally(done, day).shares, strict=True))


class Training(Simulation):
    """Half of the counselors are in training for hours, one after the other, as soon as they are
    free; the others rest for a while."""

    def _schedule_duties(self) -> None:
        super()._schedule_duties()
        for n, desk in enumerate(self._desks.values()):
            begins = self._begin + n * DAY // 10 * MINUTE
            lasts = (TRAINING if n % 2 else REST) * MINUTE
            for again in (0, DAY * MINUTE // 2):
                self._agenda.at(begins + again, partial(self._steps_away, desk, lasts))

    def _steps_away(self, desk: Desk, lasts: int) -> None:
        if desk.state is CounselorState.READY:
            self._stands(desk, CounselorState.NOT_READY)
            desk.next = self._agenda.after(lasts, partial(self._is_back, desk))
            self._assign()
        else:
            self._agenda.after(MINUTE, partial(self._steps_away, desk, lasts))


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


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("per_hour", [8, 14])
def test_hours_of_training_are_neither_rest_nor_a_debt(per_hour: float, seed: int) -> None:
    """All are about as busy while they are there, whether they were away for ten hours or for one,
    also where those with a level more are asked first when they come from training."""
    levels = [dict.fromkeys(SKILLS, 2 + n % 2) for n in range(10)]
    crew = [group(1, name=f"c{n}", skills=skills) for n, skills in enumerate(levels)]
    shares = occupancies(crew, per_hour, seed, kind=Training)
    assert strays(shares) <= bound(DAY - 2 * TRAINING)
