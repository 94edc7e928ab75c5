"""Alarms: told once while they stand."""

from __future__ import annotations

from hotline.alarms import QUIET_SECONDS, JournalAlarms
from hotline.clock import ManualClock
from hotline.events import AlarmCleared, AlarmKind, AlarmRaised, ProcessStarted
from tests.histories import MONDAY, Collected


def test_a_standing_alarm_is_journalled_once_and_again_after_it_was_cleared() -> None:
    sink, clock = Collected(), ManualClock(MONDAY)
    alarms = JournalAlarms(sink=sink, subject="gateway-1.ab", clock=clock)
    alarms.raise_alarm(AlarmKind.DISK_FULL, "no room")
    alarms.raise_alarm(AlarmKind.DISK_FULL, "still no room")
    alarms.clear_alarm(AlarmKind.DISK_FULL)
    alarms.clear_alarm(AlarmKind.DISK_FULL)
    clock.advance(60)
    alarms.raise_alarm(AlarmKind.DISK_FULL, "no room again")
    assert [type(event) for event in sink.events] == [AlarmRaised, AlarmCleared, AlarmRaised]
    assert [event.seq for event in sink.events] == [1, 2, 3]
    assert (sink.events[2].at - sink.events[0].at).total_seconds() == 60
    assert alarms.standing == {AlarmKind.DISK_FULL}


def test_alarms_of_different_kinds_stand_side_by_side() -> None:
    sink = Collected()
    alarms = JournalAlarms(sink=sink, subject="gateway-1.ab", clock=ManualClock(MONDAY))
    alarms.raise_alarm(AlarmKind.DISK_FULL, "no room")
    alarms.raise_alarm(AlarmKind.REDIS_AWAY, "no redis")
    alarms.clear_alarm(AlarmKind.DISK_FULL)
    assert alarms.standing == {AlarmKind.REDIS_AWAY}
    assert len(sink.events) == 3


def test_a_fault_is_told_each_time_but_not_in_a_flood() -> None:
    sink, clock = Collected(), ManualClock(MONDAY)
    alarms = JournalAlarms(sink=sink, subject="gateway-1.ab", clock=clock)
    alarms.raise_alarm(AlarmKind.FAULT, "first")
    clock.advance(QUIET_SECONDS - 1)
    alarms.raise_alarm(AlarmKind.FAULT, "in its wake")
    clock.advance(1)
    alarms.raise_alarm(AlarmKind.FAULT, "second")
    assert [e.detail for e in sink.events if isinstance(e, AlarmRaised)] == ["first", "second"]
    assert alarms.standing == frozenset()


def test_a_process_says_that_its_life_began() -> None:
    sink = Collected()
    JournalAlarms(sink=sink, subject="gateway-1.ab", clock=ManualClock(MONDAY)).process_started()
    [started] = sink.events
    assert isinstance(started, ProcessStarted)
    assert (started.subject, started.process, started.seq) == ("gateway-1.ab", "gateway-1", 1)


def test_two_who_call_for_help_are_both_told_and_one_who_calls_twice_is_not() -> None:
    sink = Collected()
    alarms = JournalAlarms(sink=sink, subject="gateway-1.ab", clock=ManualClock(MONDAY))
    for counselor in ("1001", "1002", "1001"):
        alarms.raise_alarm(AlarmKind.HELP_REQUESTED, f"counselor {counselor} asks for help")
    assert len(sink.events) == 2
    assert alarms.standing == frozenset()
