"""Who has had more than a fair share."""

from __future__ import annotations

from hotline.events import CounselorState
from queueing.routing.fairness import overburdened
from queueing.routing.standing import Standing
from tests.unit.picture_scene import a_standing, at


def spared(*standings: Standing) -> set[str]:
    return {str(counselor) for counselor in overburdened(standings, at(0))}


def test_who_is_more_than_the_margin_above_the_mean_is_overburdened() -> None:
    crew = [a_standing("1001", share=0.9), a_standing("1002", share=0.5)]
    assert spared(*crew) == {"1001"}


def test_who_is_just_within_the_margin_is_not() -> None:
    crew = [a_standing("1001", share=0.5625), a_standing("1002", share=0.46875)]
    assert spared(*crew) == set()


def test_only_those_of_the_same_node_are_compared() -> None:
    crew = [
        a_standing("1001", share=0.9, node="city/east"),
        a_standing("1002", share=0.1, node="city/west"),
    ]
    assert spared(*crew) == set()


def test_who_signed_on_within_ten_minutes_counts_for_nothing() -> None:
    new, old = a_standing("1001", share=1, hours=0.1), a_standing("1002", share=0.2)
    assert spared(new, old) == set()
    assert spared(new, old, a_standing("1003", share=0.6)) == {"1003"}


def test_who_is_off_duty_counts_for_nothing() -> None:
    gone = a_standing("1001", CounselorState.NOT_READY, share=0)
    assert spared(gone, a_standing("1002", share=0.9)) == set()
