"""Several runs, one table: every figure with its confidence interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from admin.simulation.estimate import Estimate, greatest, mean, ratio
from admin.simulation.scenario import Scenario
from admin.simulation.tally import Calls, Tally, Work
from hotline.events import Priority
from queueing.routing.skills import CounselorKind

HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """What callers met. Counts are per run; see `admin.statistics.figures` for what each means."""

    offered: Estimate
    answered: Estimate
    abandoned: Estimate
    short: Estimate
    """Abandoned within the threshold: not in `abandoned`, not in the service level."""
    open: Estimate
    """Still in line when nobody was left who could answer."""
    redials: Estimate
    abandonment: Estimate
    levels: dict[int, Estimate]
    """Service level by threshold in seconds."""
    asa: Estimate
    aht: Estimate
    longest: Estimate
    own_district: Estimate

    @classmethod
    def of(cls, calls: Sequence[Calls], thresholds: Sequence[int]) -> CallRow:
        """Sum up one cell of several runs."""
        figures = [c.figures for c in calls]
        judged = [f.offered - f.short_abandoned for f in figures]
        return cls(
            offered=mean([f.offered for f in figures]),
            answered=mean([f.answered for f in figures]),
            abandoned=mean([f.abandoned for f in figures]),
            short=mean([f.short_abandoned for f in figures]),
            open=mean([f.open for f in figures]),
            redials=mean([c.redials for c in calls]),
            abandonment=ratio([f.abandoned for f in figures], judged),
            levels={
                seconds: ratio([f.within.get(seconds, 0) for f in figures], judged)
                for seconds in thresholds
            },
            asa=ratio([f.wait for f in figures], [f.answered for f in figures]),
            aht=ratio([f.talk + f.hold + f.wrap_up for f in figures], [f.handled for f in figures]),
            longest=greatest(c.longest for c in calls),
            own_district=ratio([c.own_district for c in calls], [c.of_districts for c in calls]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """What counselors did."""

    counselors: int
    on_duty: Estimate
    """How many on average over the counted time."""
    busy: Estimate
    """How many of them were busy."""
    occupancy: Estimate
    """Busy over busy and ready (domain words)."""

    @classmethod
    def of(cls, works: Sequence[Work], seconds: float) -> WorkRow:
        """Sum up one cell of several runs that each lasted `seconds`."""
        return cls(
            counselors=max((work.counselors for work in works), default=0),
            on_duty=ratio([w.on_duty for w in works], [seconds] * len(works)),
            busy=ratio([w.busy for w in works], [seconds] * len(works)),
            occupancy=ratio([w.busy for w in works], [w.available for w in works]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HourRow:
    """One counted hour; `begins` is the minute of the day."""

    begins: int
    calls: CallRow
    work: WorkRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Everything that is printed, drawn, or written as JSON."""

    scenario: str
    plan: str
    """Its version."""
    seed: int
    runs: int
    short_abandon: float
    target_within: int
    target_level: float
    calls: CallRow
    work: WorkRow
    least_busy: Estimate
    """The lowest occupancy of a counselor, on average over the runs; and the highest."""
    most_busy: Estimate
    hours: tuple[HourRow, ...]
    priorities: dict[Priority, CallRow]
    nodes: dict[str, tuple[CallRow, WorkRow]]
    """By path, a node before those below it."""
    kinds: dict[CounselorKind, WorkRow]


def mean_of_some(values: Sequence[float]) -> Estimate:
    """Estimate the mean; of nothing, nothing."""
    return mean(values) if values else Estimate(None)


def summarize(tallies: Sequence[Tally], scenario: Scenario, *, plan: str, seed: int) -> Summary:
    """Return the summary of runs that had the scenario, the plan and the seed in common."""
    levels = scenario.measures.levels
    seconds = scenario.hours * HOUR

    def calls(cell: Callable[[Tally], Calls]) -> CallRow:
        return CallRow.of([cell(t) for t in tallies], levels)

    def work(cell: Callable[[Tally], Work], lasting: float = seconds) -> WorkRow:
        return WorkRow.of([cell(t) for t in tallies], lasting)

    def hour(number: int) -> HourRow:
        return HourRow(
            begins=(scenario.begins + 60 * number) % (24 * 60),
            calls=calls(lambda t: t.by_hour[number]),
            work=work(lambda t: t.work_by_hour[number], HOUR),
        )

    def node(path: str) -> tuple[CallRow, WorkRow]:
        return calls(lambda t: t.by_node[path]), work(lambda t: t.work_by_node[path])

    def priority(one: Priority) -> Callable[[Tally], Calls]:
        return lambda t: t.by_priority[one]

    def kind(one: CounselorKind) -> Callable[[Tally], Work]:
        return lambda t: t.work_by_kind[one]

    paths = {path for t in tallies for path in (*t.by_node, *t.work_by_node)}
    met = {priority for t in tallies for priority in t.by_priority}
    kinds = {kind for t in tallies for kind in t.work_by_kind}
    return Summary(
        scenario=scenario.name,
        plan=plan,
        seed=seed,
        runs=len(tallies),
        short_abandon=scenario.measures.short_abandon,
        target_within=scenario.measures.target.within,
        target_level=scenario.measures.target.level,
        calls=calls(lambda t: t.total),
        work=work(lambda t: t.work),
        least_busy=mean_of_some([min(t.shares) for t in tallies if t.shares]),
        most_busy=mean_of_some([max(t.shares) for t in tallies if t.shares]),
        hours=tuple(hour(number) for number in range(scenario.hours)),
        priorities={p: calls(priority(p)) for p in Priority if p in met},
        nodes={path: node(path) for path in sorted(paths, key=lambda path: path.split("/"))},
        kinds={k: work(kind(k)) for k in CounselorKind if k in kinds},
    )
