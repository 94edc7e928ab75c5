"""Figures from contacts: pure folds, so that anybody can compute them again.

Two sources, one arithmetic: `trace` folds journal events to `ContactFacts`; the contacts table
has the same facts already (`sources`); `tally` adds facts up to `Figures`. A
contact counts in the interval in which its INVITE came, with all that became of it later, so that
the numbers of one interval belong to the same callers. Figures are final when `open` is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from admin.statistics.trace import ContactFacts, trace
from hotline.events import Event, Result


class Interval(StrEnum):
    """Over what time figures are added up, by the calendar of the zone."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"

    def start(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the beginning of the interval that has `at`, in UTC (which tells the two equal
        hours of an autumn night apart)."""
        local = at.astimezone(zone).replace(minute=0, second=0, microsecond=0)
        if self is not Interval.HOUR:
            local = local.replace(hour=0, fold=0)
        if self is Interval.MONTH:
            local = local.replace(day=1)
        return local.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """By what the service is measured."""

    zone: ZoneInfo
    interval: Interval
    service_levels: tuple[int, ...] = (15, 20, 30)
    short_abandon: float = 5.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One interval of one tier node, its descendants included."""

    start: datetime
    node: str


@dataclass(slots=True)
class Figures:
    """Sums that can be added; every rate is derived. Rates are None where nothing is divided."""

    calls: int = 0
    """Contacts whose INVITE came, whatever became of them."""
    offered: int = 0
    """Contacts that reached the queue."""
    answered: int = 0
    """Offered contacts that a counselor spoke to."""
    abandoned: int = 0
    """Offered, never answered, left by the caller after `short_abandon` seconds of waiting."""
    short_abandoned: int = 0
    """The same, but sooner: counted apart, and left out of the service level."""
    abandoned_in_menu: int = 0
    """Left by the caller before the queue: never offered."""
    forwarded: int = 0
    """Offered contacts that a partner answered; counted as answered only if a counselor of ours
    spoke to them too."""
    messages: int = 0
    """Ended with a message: nobody spoke to them yet. Not abandoned, and not answered."""
    refused: int = 0
    """Not served by our decision: blocked, no codec, over capacity."""
    failed: int = 0
    """Ended by a fault of ours, answered or not."""
    open: int = 0
    """Not ended yet."""
    promised: int = 0
    """Offered contacts that were promised a callback; never counted as abandoned for it."""
    reached: int = 0
    """Of these, called back and talking: answered as well."""
    lapsed: int = 0
    """Of these, ended otherwise: given up, withdrawn, or the caller called again."""
    given_up: int = 0
    """Of these, not reached by any attempt."""
    handled: int = 0
    """Answered and ended: what handle time is averaged over."""
    wait: float = 0.0
    """Seconds from the first queueing to the first answer, over `answered` without `reached`: who
    was called back waited elsewhere, and by choice."""
    talk: float = 0.0
    hold: float = 0.0
    wrap_up: float = 0.0
    within: dict[int, int] = field(default_factory=dict)
    """Answered within so many seconds, by the seconds."""

    @property
    def asa(self) -> float | None:
        """Average speed of answer = wait / (answered - reached): 988 and 911 grants, see domain
        words; who was called back apart."""
        return _ratio(self.wait, self.answered - self.reached)

    @property
    def aht(self) -> float | None:
        """Average handle time = (talk + hold + wrap-up) / handled."""
        return _ratio(self.talk + self.hold + self.wrap_up, self.handled)

    @property
    def connection_rate(self) -> float | None:
        """接通率 = answered / calls: accepted over total calls, as the monthly form of the national
        hotline guide counts (国卫办疾控函〔2021〕15号)."""
        return _ratio(self.answered, self.calls)

    def service_level(self, seconds: int) -> float | None:
        """Answered on the line within `seconds` / (offered - short abandoned).

        Who was promised a callback was not answered within them, and counts as such.

        Short abandons are excluded from the denominator, and shown apart. Raises KeyError for a
        level that was not measured.
        """
        return _ratio(self.within[seconds], self.offered - self.short_abandoned)

    def add(self, facts: ContactFacts, measures: Measures) -> None:
        """Count one contact that arrived."""
        self.calls += 1
        self.forwarded += facts.forwarded_at is not None
        self.messages += facts.result is Result.MESSAGE_LEFT
        self.refused += facts.result is Result.REFUSED
        self.failed += facts.result is Result.FAILED
        self.open += facts.ended_at is None
        for level in measures.service_levels:
            self.within.setdefault(level, 0)
        if facts.queued_at is None:
            self.abandoned_in_menu += facts.result is Result.ABANDONED
            return
        self.offered += 1
        self.promised += facts.promised_at is not None
        self.reached += facts.reached_at is not None
        self.lapsed += facts.result is Result.LAPSED
        self.given_up += facts.given_up
        if facts.answered_at is not None:
            self._add_answered(facts, (facts.answered_at - facts.queued_at).total_seconds())
        elif facts.result is Result.ABANDONED and facts.ended_at is not None:
            waited = (facts.ended_at - facts.queued_at).total_seconds()
            short = waited < measures.short_abandon
            self.short_abandoned += short
            self.abandoned += not short

    def _add_answered(self, facts: ContactFacts, waited: float) -> None:
        self.answered += 1
        if facts.reached_at is None:
            self.wait += waited
            for level in self.within:
                self.within[level] += waited <= level
        if facts.ended_at is not None:
            self.handled += 1
            self.talk += facts.talk
            self.hold += facts.hold
            self.wrap_up += facts.wrap_up


def fold(events: Iterable[Event], measures: Measures) -> dict[Cell, Figures]:
    """Return the figures from the journal alone (see `trace` for the order of `events`)."""
    return tally(trace(events), measures)


def tally(contacts: Iterable[ContactFacts], measures: Measures) -> dict[Cell, Figures]:
    """Add `contacts` up, per interval and node; each counts in its node and all above.

    A contact whose INVITE is not known is left out: no interval can claim it.
    """
    figures: dict[Cell, Figures] = {}
    for facts in contacts:
        if facts.arrived_at is None:
            continue
        start = measures.interval.start(facts.arrived_at, measures.zone)
        for node in lineage(facts.node or ""):
            figures.setdefault(Cell(start, node), Figures()).add(facts, measures)
    return figures


from_contacts = tally
"""The figures from facts that are known already, such as those of the contacts table."""


def lineage(node: str) -> Iterator[str]:
    """Yield `node` and all above it: ``city/east/riverside``, ``city/east``, ``city``."""
    while node:
        yield node
        node = node.rpartition("/")[0]


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
