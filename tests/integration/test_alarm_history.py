"""Alarms as an operator sees them: what stands now, and what happened lately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hotline.alarms import JournalAlarms
from hotline.clock import ManualClock
from hotline.database import Base, open_engine, unit_of_work
from hotline.events import AlarmKind
from hotline.journal.alarm import AlarmProjection, to_look_at
from tests.histories import MONDAY, Collected


class Operator:
    """Sees what the processes' alarms leave in the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sink = Collected()
        self.clock = ManualClock(MONDAY)

    def process(self, life: str) -> JournalAlarms:
        return JournalAlarms(sink=self._sink, subject=life, clock=self.clock)

    def sees(self) -> list[tuple[str, str]]:
        """Fold what happened since the last look; return process and kind of what is to see."""
        with unit_of_work(self._engine) as session:
            for event in self._sink.events:
                AlarmProjection().fold(session, event)
            self._sink.events.clear()
            since = self.clock.now() - timedelta(hours=24)
            return [(row.process, row.kind) for row in to_look_at(session, since=since)]


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    Base.metadata.create_all(engine)
    yield Operator(engine)
    engine.dispose()


def test_a_condition_is_seen_until_it_is_over(operator: Operator) -> None:
    gateway = operator.process("gateway-1.ab")
    gateway.raise_alarm(AlarmKind.DISK_FULL, "no room")
    operator.clock.advance(1)
    operator.process("gateway-2.cd").raise_alarm(AlarmKind.DISK_FULL, "no room")
    assert operator.sees() == [("gateway-2", "disk_full"), ("gateway-1", "disk_full")]
    operator.clock.advance(100 * 3600)
    gateway.clear_alarm(AlarmKind.DISK_FULL)
    assert operator.sees() == [("gateway-2", "disk_full")]


def test_raised_and_cleared_in_one_batch_is_over(operator: Operator) -> None:
    gateway = operator.process("gateway-1.ab")
    gateway.raise_alarm(AlarmKind.REDIS_AWAY, "gone")
    gateway.clear_alarm(AlarmKind.REDIS_AWAY)
    assert operator.sees() == []


def test_what_stood_in_a_life_that_ended_is_over_when_the_next_begins(operator: Operator) -> None:
    operator.process("gateway-1.ab").raise_alarm(AlarmKind.OVER_CAPACITY, "full")
    operator.process("gateway-2.cd").raise_alarm(AlarmKind.OVER_CAPACITY, "full")
    operator.process("gateway-1.ef").process_started()
    assert operator.sees() == [("gateway-2", "over_capacity")]


def test_a_fault_is_seen_for_a_day(operator: Operator) -> None:
    gateway = operator.process("gateway-1.ab")
    gateway.raise_alarm(AlarmKind.FAULT, "see the log")
    gateway.clear_alarm(AlarmKind.FAULT)
    operator.process("gateway-1.ef").process_started()
    assert operator.sees() == [("gateway-1", "fault")]
    operator.clock.advance(24 * 3600 + 1)
    assert operator.sees() == []
