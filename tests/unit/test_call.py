"""The leg machine: total, and deaf after the end."""

from __future__ import annotations

import pytest

from hotline.call import (
    TRANSITIONS,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegEvent,
    LegHeld,
    LegInvited,
    LegMachine,
    LegState,
)
from hotline.errors import IllegalTransition
from hotline.events import Reason
from hotline.ids import LegId

LEG = LegId("1" * 32)
KINDS = sorted(
    {kind for row in TRANSITIONS.values() for kind in row}, key=lambda kind: kind.__name__
)


def in_state(state: LegState | None) -> LegMachine:
    machine = LegMachine(LEG)
    machine.state = state
    return machine


@pytest.mark.parametrize("state", [None, *LegState])
@pytest.mark.parametrize("kind", KINDS)
def test_every_pair_moves_or_raises(state: LegState | None, kind: type[LegEvent]) -> None:
    machine = in_state(state)
    event = object.__new__(kind)
    if kind in TRANSITIONS[state]:
        assert machine.apply(event) is (state is not LegState.ENDED)
        assert machine.state is TRANSITIONS[state][kind]
    else:
        with pytest.raises(IllegalTransition):
            machine.apply(event)
        assert machine.state is state


def test_what_comes_after_the_end_is_dropped() -> None:
    machine = LegMachine(LEG)
    machine.apply(LegDialled(leg=LEG))
    assert machine.apply(LegEnded(leg=LEG, reason=Reason.WITHDRAWN, status=487))
    assert not machine.apply(LegAnswered(leg=LEG))
    assert machine.state is LegState.ENDED


def test_a_leg_cannot_be_held_before_it_is_up() -> None:
    machine = LegMachine(LEG)
    machine.apply(LegInvited(leg=LEG, caller="", dialled="12356", headers={}))
    with pytest.raises(IllegalTransition):
        machine.apply(LegHeld(leg=LEG))
