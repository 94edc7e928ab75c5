"""What several runs say together."""

from __future__ import annotations

from random import Random

import pytest

from admin.simulation.estimate import Estimate, greatest, mean, ratio, student


@pytest.mark.parametrize(
    ("confidence", "freedom", "errors"),
    [(0.95, 1, 12.706), (0.95, 9, 2.262), (0.999, 7, 5.408), (0.95, 2000, 1.961)],
)
def test_students_quantiles_are_as_in_the_tables(
    confidence: float, freedom: int, errors: float
) -> None:
    assert student(confidence, freedom) == pytest.approx(errors, abs=6e-4)


def test_mean_of_three_has_the_interval_of_the_textbook() -> None:
    estimate = mean([4.0, 6.0, 8.0])
    assert estimate.value == 6.0
    assert estimate.half == pytest.approx(4.3027 * 2 / 3**0.5, rel=1e-4)


def test_one_run_says_nothing_about_chance() -> None:
    assert mean([4.0]) == Estimate(4.0, None)
    assert 4.0 not in mean([4.0])


def test_a_run_with_few_calls_weighs_little_in_a_ratio() -> None:
    assert ratio([1, 90], [1, 100]).value == pytest.approx(91 / 101)


def test_a_ratio_over_equal_runs_is_a_mean_in_their_unit() -> None:
    whole, quarter = mean([4.0, 6.0, 8.0]), ratio([4, 6, 8], [4, 4, 4])
    assert whole.value is not None
    assert whole.half is not None
    assert quarter.value == whole.value / 4
    assert quarter.half == pytest.approx(whole.half / 4)


def test_a_ratio_over_nothing_has_no_value() -> None:
    assert ratio([0, 0], [0, 0]) == Estimate(None)
    assert mean([]) == Estimate(None)
    assert greatest([]) == Estimate(None)


def test_nineteen_of_twenty_intervals_have_the_truth_inside() -> None:
    dice = Random(5)
    inside = sum(0.5 in mean([dice.random() for _ in range(8)]) for _ in range(2000))
    assert 1870 <= inside <= 1930
