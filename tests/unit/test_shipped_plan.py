"""What the shipped plan promises: nobody is left out, and a crisis waits for nobody better."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.events import Priority
from hotline.ports import Waiting
from queueing.routing.plan import Plan, Step, cautions, default_plan, opens_after, tokens_of
from queueing.routing.skills import CounselorProfile
from tests.plan_scene import a_contact, a_counselor, contacts, counselors, fits


@pytest.fixture(scope="module")
def shipped() -> Plan:
    return default_plan()


def openings(
    plan: Plan, waiting: Waiting, staff: Sequence[CounselorProfile]
) -> list[tuple[int, Step]]:
    """The steps that open when `staff` is on duty, with the ms after which they do."""
    route = plan.route_of(waiting)
    held = [tokens_of(one, plan) for one in staff]

    def staffed(step: Step) -> bool:
        wanted = step.tokens(waiting)
        return wanted is not None and any(wanted <= tokens for tokens in held)

    after = opens_after(route, staffed)
    return [(ms, s) for ms, s in zip(after, route.steps, strict=True) if ms is not None]


def reached_after(
    plan: Plan, waiting: Waiting, one: CounselorProfile, staff: Sequence[CounselorProfile]
) -> int | None:
    """After how many ms `one` of `staff` may be asked; None: never."""
    return min(
        (ms for ms, s in openings(plan, waiting, staff) if fits(one, s, waiting, plan)),
        default=None,
    )


rosters = st.lists(counselors(), min_size=1, max_size=6)


@given(contacts(priority=Priority.CRISIS), rosters)
def test_shipped_plan_opens_a_crisis_to_everybody_at_once(
    shipped: Plan, waiting: Waiting, staff: list[CounselorProfile]
) -> None:
    assert [reached_after(shipped, waiting, one, staff) for one in staff] == [0] * len(staff)


@given(contacts(), rosters)
def test_shipped_plan_opens_every_contact_to_everybody_within_two_minutes(
    shipped: Plan, waiting: Waiting, staff: list[CounselorProfile]
) -> None:
    for one in staff:
        reached = reached_after(shipped, waiting, one, staff)
        assert reached is not None
        assert reached <= 120_000


@given(contacts(), rosters)
def test_shipped_plan_has_a_step_open_from_the_arrival_on(
    shipped: Plan, waiting: Waiting, staff: list[CounselorProfile]
) -> None:
    assert openings(shipped, waiting, staff)[0][0] == 0


def test_shipped_plan_prefers_the_own_district_and_pools_the_city_at_once(shipped: Plan) -> None:
    waiting = a_contact("grief")
    near = a_counselor("1001", node="city/east", grief=1)
    far = a_counselor("1002", node="city/west", grief=1)
    opened = [step for ms, step in openings(shipped, waiting, [near, far]) if ms == 0]
    first = {one.id: next(s.name for s in opened if fits(one, s, waiting, shipped))
             for one in (near, far)}  # fmt: skip
    assert first == {"1001": "own district", "1002": "city-wide"}


def test_shipped_plan_relaxes_the_topic_then_other_skills_then_all(shipped: Plan) -> None:
    waiting = a_contact("grief", "dialect")
    able = a_counselor("1001", node="city/west", grief=1, dialect=1)
    dialect = a_counselor("1002", node="city/west", dialect=1)
    neither = a_counselor("1003", node="city/west")
    foreign = a_counselor("1004", node="elsewhere", lang_fr=1)
    staff = [able, dialect, neither, foreign]
    waits = [reached_after(shipped, waiting, one, staff) for one in staff]
    assert waits == [0, 10_000, 30_000, 90_000]


def test_shipped_plan_asks_whoever_is_there_at_once_when_nobody_better_is(shipped: Plan) -> None:
    waiting = a_contact("grief")
    foreign = a_counselor("1004", node="elsewhere", lang_fr=1)
    assert reached_after(shipped, waiting, foreign, [foreign]) == 0


def test_shipped_plan_prefers_a_certified_counselor_for_a_crisis(shipped: Plan) -> None:
    waiting = a_contact("crisis", priority=Priority.CRISIS, topic="crisis")
    route = shipped.route_of(waiting)
    firsts = {
        one.id: next(s.name for s in route.steps if fits(one, s, waiting, shipped))
        for one in (
            a_counselor("1001", node="city/east", crisis=1),
            a_counselor("1002", node="city/west", crisis=1),
            a_counselor("1003", node="city/east"),
            a_counselor("1004", node="city/east", lang_fr=1),
        )
    }
    assert list(firsts.values()) == [step.name for step in route.steps]


def test_shipped_plan_has_nothing_to_be_cautioned_of(shipped: Plan) -> None:
    assert cautions(shipped) == []
