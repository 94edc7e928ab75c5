"""The band of waiting time: never a promise that the last hour does not support."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.ports import Band
from queueing.routing.estimate import ENDS, HOUR, LEAST_ANSWERS, estimate
from tests.unit.waiting_line import Handle, WaitingLine, minutes

NOW = 10 * HOUR
ORDER = [band for band, _ in ENDS] + [Band.OVER_20]


def each(gap: float, *, until: float = 0, since: float = 60) -> list[int]:
    """An answer each `gap` minutes, the last one `until` minutes ago."""
    count = int((since - until) / gap)
    return sorted(NOW - minutes(until + gap * n) for n in range(count))


def constant(seconds: float) -> Handle:
    return lambda _random: seconds


def exponential(mean: float) -> Handle:
    return lambda random: random.expovariate(1 / mean)


def log_normal(mean: float, spread: float) -> Handle:
    """`spread`: the standard deviation over the mean."""
    variance = log(1 + spread**2)
    return lambda random: random.lognormvariate(log(mean) - variance / 2, variance**0.5)


@pytest.mark.parametrize(
    ("position", "answered", "band"),
    [
        (1, each(0.25), Band.UNDER_2),
        (1, each(1), Band.FROM_2_TO_5),
        (3, each(1), Band.FROM_5_TO_10),
        (10, each(1), Band.FROM_10_TO_20),
        (40, each(1), Band.OVER_20),
        (500, each(1), Band.OVER_20),
        (18, each(1), None),  # may be shorter or longer than 20 minutes
    ],
)
def test_the_band_follows_position_and_rate(
    position: int, answered: list[int], band: Band | None
) -> None:
    assert estimate(position, answered, now=NOW) is band


@pytest.mark.parametrize(
    ("why", "position", "answered"),
    [
        ("nothing was answered", 1, []),
        ("four in the hour", 1, each(15)),
        ("five, but long ago", 1, [at - HOUR for at in each(12)]),
        ("many, but not yet", 500, [at + HOUR for at in each(1)]),
        ("four in the hour, and far behind", 10, each(15)),
        ("not in line", 0, each(1)),
        ("silence since a quarter of an hour", 1, each(1, until=15)),
        ("a third of the rate since 20 minutes", 1, each(3, since=20) + each(1, until=20)),
    ],
)
def test_no_band_without_evidence(why: str, position: int, answered: list[int]) -> None:
    assert estimate(position, sorted(answered), now=NOW) is None, why


def test_answers_in_bunches_support_only_the_time_between_bunches() -> None:
    alone = each(2)
    bunches = sorted(NOW - minutes(3 + 18 * n) + k for n in range(3) for k in range(10))
    assert len(alone) == len(bunches)
    assert estimate(1, alone, now=NOW) is Band.FROM_5_TO_10
    assert estimate(1, bunches, now=NOW) is Band.FROM_10_TO_20


@given(
    gaps=st.lists(st.integers(1, 900_000), min_size=LEAST_ANSWERS, max_size=200),
    position=st.integers(1, 60),
    ahead=st.integers(1, 30),
)
def test_more_people_ahead_never_shorten_the_band(
    gaps: list[int], position: int, ahead: int
) -> None:
    answered = [NOW]
    for gap in gaps:
        answered.insert(0, answered[0] - gap)
    near = estimate(position, answered, now=NOW)
    far = estimate(position + ahead, answered, now=NOW)
    if near is not None and far is not None:
        assert ORDER.index(far) >= ORDER.index(near)


@pytest.mark.parametrize("position", [1, 3, 10, 30])
@pytest.mark.parametrize("gap", [0.2, 0.5, 1, 2, 4])
def test_when_nobody_answers_any_more_the_band_goes_within_minutes(
    position: int, gap: float
) -> None:
    answered = each(gap)
    if position <= 3 and gap <= 2:
        assert estimate(position, answered, now=NOW) not in (None, Band.OVER_20)
    for later in range(minutes(4 * gap + 1), HOUR, 10_000):
        assert estimate(position, answered, now=NOW + later) in (None, Band.OVER_20), later


STEADY = [
    (1, exponential(600)),
    (2, exponential(1320)),
    (3, exponential(600)),
    (3, log_normal(600, 0.5)),
    (8, log_normal(1320, 1.5)),
    (14, exponential(1320)),
    (14, constant(1320)),
]


@pytest.mark.parametrize(("load", "patience"), [(0.95, 7200), (1.3, 1200)])
@pytest.mark.parametrize("together", [False, True])
def test_at_most_a_tenth_wait_longer_than_they_were_told(
    load: float, patience: float, together: bool
) -> None:
    """Of all services together, and of each where enough were told."""
    promised = late = 0
    for seed, (counselors, handle) in enumerate(STEADY):
        line = WaitingLine(counselors, handle, load, patience, seed=seed, together=together)
        line.run(hours=8)
        promised, late = promised + line.promised, late + line.late.total()
        if line.promised >= 200:
            assert line.share_late() <= 0.1, (counselors, line.told, line.late)
    assert promised > 2000
    assert late <= 0.1 * promised


@pytest.mark.parametrize("leave", [7, 10, 13])
def test_after_most_went_home_few_promises_are_made_and_broken(leave: int) -> None:
    line = WaitingLine(14, exponential(1320), load=1.1, patience=3600, seed=3)
    line.run(hours=4)
    assert line.promised > 0.5 * line.told.total()
    line.told.clear()
    line.late.clear()
    line.counselors_leave(leave)
    line.run(hours=1.5)
    assert line.told.total() > 200
    assert line.late.total() <= 0.1 * line.told.total()
