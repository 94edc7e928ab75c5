"""Erlang's formulas against published figures, closed forms, and each other."""

from __future__ import annotations

from math import exp, factorial, inf

import pytest

from admin.simulation.erlang import (
    Demand,
    ErlangA,
    ErlangC,
    erlang_b,
    erlang_c,
    staffing,
)

CITY = Demand(calls_per_hour=22, handle=22 * 60)


def demand(erlangs: float, handle: float = 600) -> Demand:
    return Demand(calls_per_hour=erlangs * 3600 / handle, handle=handle)


@pytest.mark.parametrize(
    ("counselors", "erlangs", "blocked"), [(1, 1, 0.5), (5, 3, 0.1101), (10, 5, 0.0184)]
)
def test_erlang_b_is_as_in_the_tables(counselors: int, erlangs: float, blocked: float) -> None:
    assert erlang_b(counselors, erlangs) == pytest.approx(blocked, abs=5e-5)


@pytest.mark.parametrize(
    ("counselors", "erlangs", "waits"), [(1, 0.5, 0.5), (5, 4, 0.5541), (10, 8, 0.4092)]
)
def test_erlang_c_is_as_in_the_tables(counselors: int, erlangs: float, waits: float) -> None:
    assert erlang_c(counselors, erlangs) == pytest.approx(waits, abs=5e-5)


def test_one_counselor_makes_callers_wait_as_in_an_m_m_1_queue() -> None:
    queue = ErlangC(demand(0.5), 1)
    assert queue.asa == pytest.approx(600)  # rho / (mu - lambda)
    assert queue.within(300) == pytest.approx(1 - 0.5 * exp(-0.25))
    assert queue.occupancy == 0.5


def test_an_overload_without_patience_answers_nobody_in_time() -> None:
    queue = ErlangC(demand(10), 10)
    assert (queue.waits, queue.asa, queue.within(3600)) == (1.0, inf, 0.0)


def test_the_city_needs_14_in_one_pool_and_40_in_ten() -> None:
    assert CITY.erlangs == pytest.approx(8.07, abs=0.005)
    assert staffing(CITY, within=20, level=0.95) == 14
    assert 10 * staffing(CITY.split(10), within=20, level=0.95) == 40


@pytest.mark.parametrize("patience", [None, 60.0, 600.0])
@pytest.mark.parametrize("erlangs", [0.2, 8.07, 250.0])
def test_one_counselor_less_would_miss_the_level(erlangs: float, patience: float | None) -> None:
    calls = demand(erlangs)
    enough = staffing(calls, within=20, level=0.9, patience=patience)
    levels = [
        ErlangC(calls, n) if patience is None else ErlangA(calls, n, patience)
        for n in (enough - 1, enough)
    ]
    assert levels[0].within(20) < 0.9 <= levels[1].within(20)


@pytest.mark.parametrize("counselors", [3, 8, 12])
def test_patience_as_long_as_a_call_leaves_a_poisson_number_of_calls(counselors: int) -> None:
    """Everybody who came leaves at the same rate, served or not: M/M/infinity, a closed form."""
    erlangs = 8.0
    calls = ErlangA(demand(erlangs, handle=600), counselors, patience=600)
    poisson = [exp(-erlangs) * erlangs**n / factorial(n) for n in range(80)]
    line = sum((n - counselors) * p for n, p in enumerate(poisson) if n > counselors)
    assert calls.waits == pytest.approx(sum(poisson[counselors:]), rel=1e-9)
    assert calls.abandons == pytest.approx(line / erlangs, rel=1e-9)


def test_callers_who_never_give_up_turn_erlang_a_into_c() -> None:
    patient, waiting = ErlangA(CITY, 10, patience=1e9), ErlangC(CITY, 10)
    assert patient.waits == pytest.approx(waiting.waits, rel=1e-4)
    assert patient.asa == pytest.approx(waiting.asa, rel=1e-4)
    assert patient.within(20) == pytest.approx(waiting.within(20), rel=1e-4)


def test_callers_who_give_up_at_once_turn_erlang_a_into_b() -> None:
    hasty = ErlangA(CITY, 10, patience=1e-3)
    assert hasty.abandons == pytest.approx(erlang_b(10, CITY.erlangs), rel=1e-3)


@pytest.mark.parametrize(("counselors", "patience"), [(4, 300), (8, 30), (10, 300), (40, 60)])
def test_every_caller_is_answered_or_gives_up(counselors: int, patience: float) -> None:
    """The density of the waits and the balance of the line are two ways to the same number."""
    queue = ErlangA(CITY, counselors, patience)
    assert queue.within(1e9) + queue.abandons == pytest.approx(1, abs=1e-6)


def test_mean_wait_is_that_of_the_answered_and_of_those_who_left() -> None:
    """A caller who leaves has waited less than one who would be served: both parts by hand."""
    queue = ErlangA(demand(2, handle=100), 2, patience=100)
    answered = queue.asa * (1 - queue.abandons)
    assert 0 < answered < queue.mean_wait
    assert queue.mean_wait == pytest.approx(100 * queue.abandons)


def test_neither_a_crowd_nor_an_idle_day_overflows() -> None:
    crowd = ErlangA(demand(5000), 10, patience=2_000)
    assert crowd.abandons == pytest.approx(1 - 10 / 5000, rel=1e-6)
    assert crowd.within(20) == pytest.approx(0, abs=1e-9)
    idle = ErlangA(demand(0.01), 400, patience=60)
    assert idle.within(20) == 1.0
    assert idle.abandons == 0.0


def test_nobody_on_duty_answers_nobody() -> None:
    nobody = ErlangA(CITY, 0, patience=60)
    assert (nobody.within(20), nobody.asa, nobody.occupancy) == (0.0, inf, 0.0)
    assert nobody.abandons == pytest.approx(1)


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_a_level_that_no_number_reaches_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="greater than 0 and less than 1"):
        staffing(CITY, within=20, level=level)


def test_a_demand_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Demand(calls_per_hour=0, handle=60)
    with pytest.raises(ValueError, match="patience must be greater than 0"):
        staffing(CITY, within=20, level=0.9, patience=0)
