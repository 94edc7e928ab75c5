"""How many gateway processes an engine needs."""

from __future__ import annotations

import pytest

from admin.processes.capacity import CONVERSATIONS, FEWEST, LEGS, processes_for


def test_a_large_engine_runs_in_two_processes_so_that_a_crash_takes_half() -> None:
    assert processes_for(960) == FEWEST


@pytest.mark.parametrize("legs", [1, 3, 4, 5, 8])
def test_a_small_engine_gets_as_many_processes_as_the_conversations_need(legs: int) -> None:
    count = processes_for(legs)
    assert count * max(1, legs // LEGS) >= CONVERSATIONS
    assert (count - 1) * max(1, legs // LEGS) < CONVERSATIONS or count == FEWEST
