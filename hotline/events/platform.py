"""What happens to the platform itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hotline.events.event import Event


class AlarmKind(StrEnum):
    """What an operator must look at."""

    DISK_FULL = "disk_full"
    """Recording gave way to the disk; calls go on."""
    SPOOL_FULL = "spool_full"
    """Events wait in memory: neither Redis nor the disk takes them."""
    RECORDING_FAILED = "recording_failed"
    REDIS_AWAY = "redis_away"
    REDIS_REFUSES = "redis_refuses"
    """Redis answers and takes nothing: its disk or its memory is full, or it may not be written."""
    QUEUE_IN_MEMORY = "queue_in_memory"
    """Redis cannot write to its disk: calls go on, but should it die, what is new is gone."""
    DATABASE_AWAY = "database_away"
    """The scribe cannot write: events wait in Redis."""
    EDGE_AWAY = "edge_away"
    """The edge says nothing to what a gateway sends: no phone can be rung."""
    EDGE_CONTROL_AWAY = "edge_control_away"
    """The edge cannot be asked which phones live: dead ones are not noticed."""
    STUCK_STATE_MENDED = "stuck_state_mended"
    PROMPT_MISSING = "prompt_missing"
    FLOW_BROKEN = "flow_broken"
    """A menu of the operator's cannot be used: callers meet a shipped one in its place."""
    OVER_CAPACITY = "over_capacity"
    NOBODY_STAFFED = "nobody_staffed"
    """Somebody waits for whom nobody on duty can be asked, now or later."""
    UNREADABLE = "unreadable"
    """Somebody waits, or is there to serve, whose entry in the queue a gateway cannot read."""
    PARTNER_FAILED = "partner_failed"
    """A partner's line did not take a caller; over when a partner answers."""
    PHONES_UNREACHABLE = "phones_unreachable"
    """Most phones of who is ready died at once; over when most of the ready have a live one."""
    CALLBACK_GIVEN_UP = "callback_given_up"
    """A promised callback did not reach its caller: a supervisor decides what follows. The queue's
    script tells it, in the step that gives the callback up; `subject` is ``queue``."""
    HELP_REQUESTED = "help_requested"
    """A counselor in conversation asks a supervisor for help."""
    CLOCK_SET = "clock_set"
    """The wall clock of a gateway's machine was set by seconds or more, under the calls."""
    FAULT = "fault"


OCCURRENCES = frozenset(
    {
        AlarmKind.STUCK_STATE_MENDED,
        AlarmKind.CALLBACK_GIVEN_UP,
        AlarmKind.HELP_REQUESTED,
        AlarmKind.CLOCK_SET,
        AlarmKind.FAULT,
    }
)
"""Alarms that happen rather than stand: each is told, none is ever over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStarted(Event):
    """A process begins its work. `subject` is this life of it, `process` its name."""

    process: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Event):
    """Something needs an operator. `subject` is the process that says so, or ``queue``."""

    kind: AlarmKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared(Event):
    """The condition is over."""

    kind: AlarmKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPlanChanged(Event):
    """From here on contacts are routed by this plan. `subject` is ``plan``; `text` is its TOML."""

    version: str
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineNoticeChanged(Event):
    """From here on callers of this number hear `prompt` before the menu; empty: nothing.

    `subject` is ``line:<number>``.
    """

    prompt: str
    by: str
