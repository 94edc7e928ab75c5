"""One counselor at work: states, shifts, and where the time goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from admin.simulation.agenda import Entry
from admin.simulation.caller import HOUR, START
from admin.simulation.scenario import DAY, Counselors, Scenario, Shift
from hotline.events import CounselorState
from hotline.ids import CounselorId, NodeId
from queueing.routing.picture import Standing
from queueing.routing.skills import CounselorProfile

S = CounselorState
MINUTE = 60_000
FIRST_EXTENSION = 1000
BUSY = frozenset({S.OFFERED, S.TALKING, S.WRAP_UP})
"""What counts as busy in the occupancy; ready is the rest of it, not ready is neither."""


class Timesheet:
    """Milliseconds by hour and state, of what lies between `begin` and `end`."""

    def __init__(self, begin: int, end: int) -> None:
        self._begin = begin
        self._end = end
        self.spent: Counter[tuple[int, CounselorState]] = Counter()
        """By the hour's number, from 0 at `begin`."""

    def enter(self, state: CounselorState, since: int, until: int) -> None:
        since, until = max(since, self._begin), min(until, self._end)
        while since < until:
            hour = (since - self._begin) // HOUR
            cut = min(until, self._begin + (hour + 1) * HOUR)
            self.spent[hour, state] += cut - since
            since = cut

    @property
    def by_state(self) -> Counter[CounselorState]:
        """The same over all hours."""
        total = Counter[CounselorState]()
        for (_, state), milliseconds in self.spent.items():
            total[state] += milliseconds
        return total


class Desk:
    """A counselor. `standing` is what routing is told of them.

    `idle_since` moves when a conversation ends or duty begins, not with an offer that came to
    nothing: who was passed over does not lose the place.
    """

    def __init__(self, profile: CounselorProfile, timesheet: Timesheet) -> None:
        self.profile = profile
        self.timesheet = timesheet
        self.state = S.OFFLINE
        self.next: Entry | None = None
        """What ends the present state by itself."""
        self.goes_home = False
        """The shift is over: off duty as soon as the conversation and its record are done."""
        self._since = 0
        self._idle_since = 0
        self._signed_on = 0
        self._busy = 0

    @property
    def is_busy(self) -> bool:
        return self.state in BUSY

    @property
    def standing(self) -> Standing:
        return Standing(
            profile=self.profile,
            state=self.state,
            idle_since=self._idle_since,
            busy=self._busy,
            signed_on=self._signed_on,
        )

    def change(self, state: CounselorState, now: int) -> None:
        """Be in `state` from now on."""
        if self.state is not S.OFFLINE:
            self.timesheet.enter(self.state, self._since, now)
            if self.is_busy:
                self._busy += now - self._since
        else:
            self._signed_on, self._idle_since, self._busy = now, now, 0
        if state is S.READY and self.state in (S.TALKING, S.WRAP_UP):
            self._idle_since = now
        self.state, self._since = state, now

    def close(self, now: int) -> None:
        """Write the time of the present state down: the run is over."""
        self.change(self.state, now)


def profiles(scenario: Scenario) -> Iterator[tuple[CounselorProfile, tuple[Shift, ...]]]:
    """Yield every counselor with the daily shifts."""
    extension = FIRST_EXTENSION
    for group in scenario.counselors:
        for one in range(group.count):
            yield _profile(group, CounselorId(str(extension)), one), group.shifts
            extension += 1


def _profile(group: Counselors, extension: CounselorId, one: int) -> CounselorProfile:
    return CounselorProfile(
        id=extension,
        name=f"{group.name} {one + 1}",
        kind=group.kind,
        node=NodeId(group.node),
        skills=dict(group.skills),
    )


def duties(shifts: Iterable[Shift], begin: int, end: int) -> list[tuple[int, int]]:
    """Return when one with these daily shifts is on duty between `begin` and `end`, in order;
    shifts that touch are one."""
    first = (begin - START) // (DAY * MINUTE) - 1  # yesterday's may reach into today
    last = (end - START) // (DAY * MINUTE)
    spans = sorted(
        (since, since + shift.minutes * MINUTE)
        for day in range(first, last + 1)
        for shift in shifts
        for since in [START + (day * DAY + shift.since) * MINUTE]
    )
    merged: list[tuple[int, int]] = []
    for since, until in spans:
        since, until = max(since, begin), min(until, end)
        if since >= until:
            continue
        if merged and since <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(until, merged[-1][1])
        else:
            merged.append((since, until))
    return merged
