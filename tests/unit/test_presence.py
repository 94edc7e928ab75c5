"""The counselor's table."""

from __future__ import annotations

import itertools

import pytest

from hotline.errors import IllegalTransition
from hotline.events import CounselorState as S
from hotline.ids import CounselorId
from queueing.presence import TRANSITIONS, Occasion, after, lua_tables

PAIRS = list(itertools.product(S, Occasion))


@pytest.mark.parametrize(("state", "occasion"), PAIRS)
def test_every_occasion_in_every_state_is_in_the_table_or_refused(
    state: S, occasion: Occasion
) -> None:
    if occasion in TRANSITIONS[state]:
        assert after(state, occasion, CounselorId("1001")) is TRANSITIONS[state][occasion]
        return
    with pytest.raises(IllegalTransition, match=f"counselor 1001: no transition from {state}"):
        after(state, occasion, CounselorId("1001"))


def test_every_state_has_a_row_and_can_be_left_and_reached() -> None:
    assert set(TRANSITIONS) == set(S)
    for state in S:
        assert set(TRANSITIONS[state].values()) - {state}
        assert any(
            state in row.values() for other, row in TRANSITIONS.items() if other is not state
        )


def test_talking_is_never_cut_short_by_asking() -> None:
    asked = (Occasion.ASKED_READY, Occasion.ASKED_NOT_READY, Occasion.ASKED_OFFLINE)
    assert {TRANSITIONS[S.TALKING][occasion] for occasion in asked} == {S.TALKING}


def test_only_the_ready_are_offered() -> None:
    assert [state for state in S if Occasion.OFFERED in TRANSITIONS[state]] == [S.READY]


def test_scripts_are_given_the_whole_table() -> None:
    text = lua_tables()
    assert text.count("='") == sum(len(row) for row in TRANSITIONS.values())
    assert "wrap_up={asked_ready='ready'" in text
