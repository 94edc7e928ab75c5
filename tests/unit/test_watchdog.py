"""Legs from which nothing comes: when they count as lost, and what is no silence of theirs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline.ids import LegId
from hotline.sip.watchdog import Watchdog

LEG = LegId("a")
LIMIT = 20


def broken() -> int:
    raise LookupError("no stream")


class Sweeper:
    """Looks at `LEG` each second, from second 0 on."""

    def __init__(self) -> None:
        self.watchdog = Watchdog(limit=LIMIT)
        self.now = 0

    def look(self, until: int, count: Callable[[], int]) -> list[int]:
        """Look up to that second; return the seconds at which the leg was silent for too long."""
        silent = []
        while self.now <= until:
            if self.watchdog.sweep(self.now, [(LEG, count)]):
                silent.append(self.now)
            self.now += 1
        return silent


def test_leg_without_a_packet_since_the_answer_is_silent_after_the_limit() -> None:
    assert Sweeper().look(LIMIT, lambda: 0) == [LIMIT]


def test_any_packet_begins_the_time_anew() -> None:
    sweeper = Sweeper()
    sweeper.look(18, lambda: 0)
    assert sweeper.look(19 + LIMIT, lambda: 1) == [19 + LIMIT]


def test_hold_begins_the_time_anew() -> None:
    sweeper = Sweeper()
    sweeper.look(15, lambda: 5)
    sweeper.watchdog.sweep(16, [])  # on hold: not watched
    sweeper.now = 17
    assert sweeper.look(17 + LIMIT, lambda: 5) == [17 + LIMIT]


def test_time_in_which_nobody_looked_is_no_silence() -> None:
    sweeper = Sweeper()
    sweeper.look(9, lambda: 5)
    sweeper.now = 1010  # the process stood still; what came meanwhile is not read yet
    assert sweeper.look(1010, lambda: 5) == []
    assert sweeper.look(1040, lambda: 6) == [1011 + LIMIT + n for n in range(10)]


def test_time_in_which_nobody_looked_is_no_sign_of_life_either() -> None:
    sweeper = Sweeper()
    sweeper.look(9, lambda: 5)
    sweeper.now = 1010
    assert sweeper.look(1010 + LIMIT - 10, lambda: 5) == [1010 + LIMIT - 10]


def test_leg_that_cannot_be_counted_costs_no_other_its_look_and_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watchdog = Watchdog(limit=LIMIT)
    watched = [(LegId("b"), broken), (LEG, lambda: 0)]
    for now in range(LIMIT):
        assert watchdog.sweep(now, watched) == []
    assert watchdog.sweep(LIMIT, watched) == [LegId("b"), LEG]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_packets_that_could_not_be_counted_for_a_while_are_no_sign_of_life() -> None:
    sweeper = Sweeper()
    sweeper.look(5, lambda: 5)
    sweeper.look(10, broken)
    assert sweeper.look(LIMIT, lambda: 5) == [LIMIT]


def test_sweep_is_due_once_a_second() -> None:
    watchdog = Watchdog(limit=LIMIT)
    assert watchdog.is_due(0)
    watchdog.sweep(0, [])
    assert not watchdog.is_due(0.9)
    assert watchdog.is_due(1.0)
