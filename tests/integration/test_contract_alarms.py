"""What `ports.Alarms` promises, of the fake and of `JournalAlarms`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pytest

from hotline.alarms import JournalAlarms
from hotline.clock import ManualClock
from hotline.events import OCCURRENCES, AlarmKind, AlarmRaised
from hotline.ports import Alarms
from tests.fakes import EventList, FakeAlarms
from tests.queue_scene import NOON

DISK, REDIS, FAULT = AlarmKind.DISK_FULL, AlarmKind.REDIS_AWAY, AlarmKind.FAULT


class Desk(Protocol):
    """An operator's desk: the alarms, those that stand, and what was said in order."""

    @property
    def alarms(self) -> Alarms: ...

    @property
    def standing(self) -> set[AlarmKind]: ...

    @property
    def told(self) -> list[tuple[AlarmKind, str]]: ...


class FakeDesk:
    def __init__(self) -> None:
        self.alarms = FakeAlarms()

    @property
    def standing(self) -> set[AlarmKind]:
        return set(self.alarms.standing)

    @property
    def told(self) -> list[tuple[AlarmKind, str]]:
        return self.alarms.told


class RealDesk:
    def __init__(self) -> None:
        self._journal = EventList()
        self.alarms = JournalAlarms(
            sink=self._journal, subject="gateway-1.test", clock=ManualClock(NOON)
        )

    @property
    def standing(self) -> set[AlarmKind]:
        return set(self.alarms.standing)

    @property
    def told(self) -> list[tuple[AlarmKind, str]]:
        raised = (event for event in self._journal.events if isinstance(event, AlarmRaised))
        return [(event.kind, event.detail) for event in raised]


DESKS: Mapping[str, type[FakeDesk | RealDesk]] = {"fake": FakeDesk, "real": RealDesk}


@pytest.fixture(params=DESKS)
def desk(request: pytest.FixtureRequest) -> Desk:
    return DESKS[request.param]()


def test_alarm_that_stands_is_told_once(desk: Desk) -> None:
    desk.alarms.raise_alarm(DISK, "no room")
    desk.alarms.raise_alarm(DISK, "still no room")
    assert desk.told == [(DISK, "no room")]
    assert desk.standing == {DISK}


def test_alarm_that_was_cleared_is_told_again(desk: Desk) -> None:
    desk.alarms.raise_alarm(DISK, "no room")
    desk.alarms.clear_alarm(DISK)
    assert desk.standing == set()
    desk.alarms.raise_alarm(DISK, "no room again")
    assert desk.told == [(DISK, "no room"), (DISK, "no room again")]
    assert desk.standing == {DISK}


def test_alarms_stand_side_by_side(desk: Desk) -> None:
    desk.alarms.raise_alarm(DISK, "no room")
    desk.alarms.raise_alarm(REDIS, "no redis")
    desk.alarms.clear_alarm(DISK)
    assert desk.standing == {REDIS}


def test_clearing_what_does_not_stand_does_nothing(desk: Desk) -> None:
    desk.alarms.clear_alarm(DISK)
    assert desk.told == []
    assert desk.standing == set()


@pytest.mark.parametrize("kind", sorted(OCCURRENCES))
def test_what_happens_is_told_and_does_not_stand(desk: Desk, kind: AlarmKind) -> None:
    desk.alarms.raise_alarm(kind, "it broke")
    desk.alarms.clear_alarm(kind)
    assert desk.told == [(kind, "it broke")]
    assert desk.standing == set()
