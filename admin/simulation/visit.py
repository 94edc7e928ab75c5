"""What became of one caller's one visit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from admin.simulation.agenda import Entry
from admin.simulation.caller import Caller, instant
from admin.simulation.desk import Desk
from admin.statistics.trace import ContactFacts
from hotline.events import Result
from hotline.ids import CounselorId

DISTRICT = 2
"""Tiers down to the district: city, district."""


class Fate(StrEnum):
    """How a visit ended."""

    WAITING = "waiting"
    """Not at all: at the end of the run nobody is there any more who could answer."""
    ANSWERED = "answered"
    ABANDONED = "abandoned"


class SecondEnding(Exception):
    """A visit was to end that had ended: the simulator is wrong."""


@dataclass(slots=True)
class Visit:
    """One contact in the queue, from its arrival to its fate. Times in ms."""

    caller: Caller
    arrived: int
    fate: Fate = Fate.WAITING
    ended: int | None = None
    """When the wait ended, in an answer or not."""
    desk: Desk | None = None
    """Where it is offered, then whose it was."""
    step: int = 0
    sticky: bool = False
    offers: int = 0
    tried: tuple[CounselorId, ...] = ()
    """Who was asked in vain, longest ago first."""
    opened: str = ""
    """Which steps were open at the last offer (`queueing.routing.opened`)."""
    gives_up: Entry | None = None

    def end(self, fate: Fate, now: int) -> None:
        """Meet the one fate. Raises SecondEnding for another."""
        if self.fate is not Fate.WAITING:
            raise SecondEnding(f"{self.caller.waiting.contact}: {self.fate}, then {fate}")
        self.fate, self.ended = fate, now
        if self.gives_up is not None:
            self.gives_up.cancel()

    def note_tried(self, counselor: CounselorId) -> None:
        self.tried = (*(one for one in self.tried if one != counselor), counselor)

    @property
    def waited(self) -> int | None:
        return None if self.ended is None else self.ended - self.arrived

    @property
    def has_district(self) -> bool:
        """Whether the caller belongs to a district at all, and was answered."""
        return self.fate is Fate.ANSWERED and "/" in self.caller.waiting.node

    @property
    def own_district(self) -> bool:
        """Whether somebody of the caller's own district answered."""
        if self.desk is None or not self.has_district:
            return False
        theirs = self.desk.profile.node.split("/")[:DISTRICT]
        return theirs == self.caller.waiting.node.split("/")[:DISTRICT]

    def facts(self) -> ContactFacts:
        """Return what figures need: the simulator is counted as the service is."""
        answered = self.fate is Fate.ANSWERED
        arrived = instant(self.arrived)
        ended = None if self.ended is None else instant(self.ended)
        return ContactFacts(
            id=self.caller.waiting.contact,
            node=self.caller.waiting.node,
            arrived_at=arrived,
            queued_at=arrived,
            answered_at=ended if answered else None,
            ended_at=ended,
            result=_RESULTS[self.fate],
            talk=self.caller.talk / 1000 if answered else 0.0,
            wrap_up=self.caller.wrap_up / 1000 if answered else 0.0,
        )


_RESULTS = {
    Fate.WAITING: None,
    Fate.ANSWERED: Result.COMPLETED,
    Fate.ABANDONED: Result.ABANDONED,
}
