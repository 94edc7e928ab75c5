"""One run, added up: by hour, tier node, kind of counselor and priority."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from admin.simulation.caller import HOUR
from admin.simulation.desk import BUSY, Desk
from admin.simulation.scenario import Scenario
from admin.simulation.simulation import Run
from admin.simulation.visit import Visit
from admin.statistics.figures import Figures, Interval, Measures, lineage
from hotline.events import CounselorState, Priority
from queueing.routing.skills import CounselorKind

S = CounselorState
SETTLED = 3600.0
"""Seconds of being there below which a counselor's own occupancy says nothing."""


@dataclass(slots=True)
class Calls:
    """Sums over visits. `figures` is counted by the very code behind `hotline stats`."""

    figures: Figures = field(default_factory=Figures)
    longest: float = 0.0
    """Seconds in line, answered or not."""
    redials: int = 0
    of_districts: int = 0
    """Answered callers who belong to a district."""
    own_district: int = 0
    """Those of them whom their own district answered."""

    def add(self, visit: Visit, measures: Measures) -> None:
        self.figures.add(visit.facts(), measures)
        self.longest = max(self.longest, (visit.waited or 0) / 1000)
        self.redials += visit.caller.attempt > 1
        self.of_districts += visit.has_district
        self.own_district += visit.own_district


@dataclass(slots=True)
class Work:
    """Sums over counselors. `spent` is milliseconds by state within the counted hours."""

    spent: Counter[CounselorState] = field(default_factory=Counter)
    counselors: int = 0

    @property
    def busy(self) -> float:
        """Seconds, as all that follow."""
        return sum(self.spent[state] for state in BUSY) / 1000

    @property
    def available(self) -> float:
        """Busy or ready: what occupancy is a share of."""
        return self.busy + self.spent[S.READY] / 1000

    @property
    def on_duty(self) -> float:
        return self.available + self.spent[S.NOT_READY] / 1000


@dataclass(slots=True)
class Tally:
    """All sums of one run."""

    total: Calls = field(default_factory=Calls)
    by_hour: defaultdict[int, Calls] = field(default_factory=lambda: defaultdict(Calls))
    by_node: defaultdict[str, Calls] = field(default_factory=lambda: defaultdict(Calls))
    """Of the callers' nodes and all above."""
    by_priority: defaultdict[Priority, Calls] = field(default_factory=lambda: defaultdict(Calls))
    work: Work = field(default_factory=Work)
    work_by_hour: defaultdict[int, Work] = field(default_factory=lambda: defaultdict(Work))
    work_by_node: defaultdict[str, Work] = field(default_factory=lambda: defaultdict(Work))
    """Of the counselors' nodes and all above."""
    shares: list[float] = field(default_factory=list)
    """The occupancy of each counselor who was there for an hour or more."""
    work_by_kind: defaultdict[CounselorKind, Work] = field(
        default_factory=lambda: defaultdict(Work)
    )


def tally(run: Run, scenario: Scenario) -> Tally:
    """Add `run` up."""
    measures = Measures(
        zone=ZoneInfo("UTC"),
        interval=Interval.HOUR,
        service_levels=scenario.measures.levels,
        short_abandon=scenario.measures.short_abandon,
    )
    sums = Tally()
    for visit in run.counted:
        node, priority = visit.caller.waiting.node, visit.caller.waiting.priority
        cells = [sums.total, sums.by_hour[(visit.arrived - run.begin) // HOUR]]
        cells += [sums.by_priority[priority], *(sums.by_node[n] for n in lineage(node))]
        for cell in cells:
            cell.add(visit, measures)
    for desk in run.desks:
        _add_work(sums, desk)
    return sums


def _add_work(sums: Tally, desk: Desk) -> None:
    profile = desk.profile
    cells = [sums.work, sums.work_by_kind[profile.kind]]
    cells += [sums.work_by_node[n] for n in lineage(profile.node)]
    for work in cells:
        work.counselors += 1
    own = Work(desk.timesheet.by_state)
    if own.available >= SETTLED:
        sums.shares.append(own.busy / own.available)
    for (hour, state), milliseconds in desk.timesheet.spent.items():
        for work in (*cells, sums.work_by_hour[hour]):
            work.spent[state] += milliseconds
