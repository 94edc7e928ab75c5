"""In which order contacts are served."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from hotline.events import Priority
from hotline.ids import ContactId, request_id
from queueing.keys import milliseconds
from queueing.routing.order import HANDICAP, score_of, waiting_score
from tests.queue_scene import a_waiting

NOON = milliseconds(datetime(2026, 11, 22, 12, tzinfo=UTC))
MINUTE = 60_000
below_crisis = st.sampled_from([p for p in Priority if p is not Priority.CRISIS])
instants = st.integers(0, 10**13)


@given(instants, instants, below_crisis)
def test_a_crisis_goes_before_anybody_else_however_old(
    crisis: int, other: int, priority: Priority
) -> None:
    assert waiting_score(Priority.CRISIS, crisis) < waiting_score(priority, other)


@given(instants, st.integers(1, 10**9), st.sampled_from(Priority))
def test_among_equals_the_older_goes_first(arrived: int, later: int, priority: Priority) -> None:
    assert waiting_score(priority, arrived) < waiting_score(priority, arrived + later)


@given(below_crisis, below_crisis, st.integers(0, 3_600_000))
def test_nobody_is_overtaken_by_who_came_later_than_the_own_handicap(
    one: Priority, other: Priority, later: int
) -> None:
    overtakes = waiting_score(other, NOON + later) < waiting_score(one, NOON)
    assert not (overtakes and later > HANDICAP[one])


def test_high_risk_overtakes_whoever_came_less_than_a_quarter_of_an_hour_before() -> None:
    normal = waiting_score(Priority.NORMAL, NOON)
    assert waiting_score(Priority.HIGH_RISK, NOON + 15 * MINUTE - 1) < normal
    assert waiting_score(Priority.HIGH_RISK, NOON + 15 * MINUTE + 1) > normal


def test_at_the_same_instant_the_priorities_go_in_their_order() -> None:
    scores = [waiting_score(priority, NOON) for priority in Priority]
    assert next(iter(Priority)) is Priority.CRISIS
    assert scores == sorted(scores)
    assert len(set(scores)) == len(scores)


def test_a_score_is_exact_as_the_float_that_redis_keeps() -> None:
    for priority in Priority:
        score = waiting_score(priority, NOON + 10**13)
        assert score < 2**53
        assert float(score) != float(score + 1)


@given(st.integers(0, 10**9), st.integers(0, 10**9), below_crisis, below_crisis)
def test_a_request_goes_behind_every_crisis_and_before_whoever_else_waits(
    asked: int, arrived: int, priority: Priority, other: Priority
) -> None:
    contact = a_waiting("c1", after=asked, priority=priority)
    request = score_of(replace(contact, contact=request_id(ContactId("c1"), 1)))
    assert score_of(a_waiting("c2", after=arrived, priority=Priority.CRISIS)) < request
    assert request < score_of(a_waiting("c2", after=arrived, priority=other))
    assert request < 2**53


def test_a_request_for_a_caller_in_crisis_has_the_place_of_a_crisis() -> None:
    contact = a_waiting("c1", priority=Priority.CRISIS)
    assert score_of(replace(contact, contact=request_id(ContactId("c1"), 1))) == score_of(contact)
