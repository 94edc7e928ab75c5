"""One run: the real routing code between callers and counselors that chance made up.

    arrival -> Picture.contact_waits -> pairs -> offered -> rings -> talks -> wrap-up -> ready
                    ^      |                       |
                    |      `--patience ends: abandoned, perhaps a redial later
                    `------------ missed ----------'

What Redis does in the service, claiming a pair in one step, is here a plain call: nothing else
happens at that instant. All times are whole milliseconds of the virtual clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from admin.simulation.agenda import Agenda, Entry
from admin.simulation.caller import HOUR, START, Caller, Crowd
from admin.simulation.desk import MINUTE, Desk, Timesheet, duties, profiles
from admin.simulation.scenario import DAY, Scenario
from admin.simulation.visit import Fate, Visit
from hotline.events import CounselorState
from hotline.ids import ContactId, CounselorId
from queueing.routing.picture import Pair, Picture
from queueing.routing.plan import Plan

S = CounselorState


@dataclass(frozen=True, slots=True)
class Run:
    """What happened. `begin` to `end` is what counts, without the warm-up."""

    begin: int
    end: int
    visits: list[Visit]
    """In order of arrival, those of the warm-up included."""
    desks: list[Desk]

    @property
    def counted(self) -> Iterator[Visit]:
        """The visits that arrived in the counted hours."""
        return (visit for visit in self.visits if self.begin <= visit.arrived < self.end)


class Simulation:
    """One run of a scenario under a routing plan; `seed` and `run` decide all that is chance."""

    def __init__(self, scenario: Scenario, plan: Plan, *, seed: int, run: int = 0) -> None:
        self._scenario = scenario
        # A day later than the origin: the warm-up may begin the evening before.
        self._begin = START + (DAY + scenario.begins) * MINUTE
        self._end = self._begin + scenario.hours * HOUR
        self._opening = self._begin - round(scenario.warm_up * 1000)
        self._agenda = Agenda(self._opening)
        self._picture = Picture(plan)
        self._crowd = Crowd(scenario, seed=seed, run=run)
        self._visits: dict[ContactId, Visit] = {}
        self._desks: dict[CounselorId, Desk] = {}
        self._last_served: dict[str, CounselorId] = {}
        self._open = 0
        """Visits without a fate, and arrivals that are certain."""
        self._look: Entry | None = None

    def run(self) -> Run:
        """Let it all happen, until everybody who came in time has met a fate."""
        self._schedule_duties()
        self._schedule_arrival(self._crowd.arrivals(self._opening, self._end), 0)
        while (self._open or self._agenda.now < self._end) and self._agenda.step():
            pass
        for desk in self._desks.values():
            desk.close(max(self._agenda.now, self._end))
        visits = list(self._visits.values())
        return Run(self._begin, self._end, visits, list(self._desks.values()))

    # --- callers --------------------------------------------------------------------

    def _schedule_arrival(self, arrivals: Iterator[int], number: int) -> None:
        at = next(arrivals, None)
        if at is None:
            return
        self._open += 1

        def arrive() -> None:
            self._schedule_arrival(arrivals, number + 1)
            self._arrives(self._crowd.caller(number, at))

        self._agenda.at(at, arrive)

    def _arrives(self, caller: Caller) -> None:
        visit = Visit(caller, self._agenda.now)
        self._visits[caller.waiting.contact] = visit
        if caller.patience is not None:
            visit.gives_up = self._agenda.after(caller.patience, partial(self._gives_up, visit))
        self._waits(visit)
        self._assign()

    def _waits(self, visit: Visit) -> None:
        waiting = visit.caller.waiting
        last = self._last_served.get(waiting.caller_digest)
        self._picture.contact_waits(waiting, sticky=last, tried=visit.tried, opened=visit.opened)

    def _gives_up(self, visit: Visit) -> None:
        desk = visit.desk
        if desk is None:
            self._picture.contact_left(visit.caller.waiting.contact)
        else:
            visit.desk = None
            self._is_free(desk)  # the offer is withdrawn
        self._ends(visit, Fate.ABANDONED)
        self._perhaps_redials(visit.caller)
        self._assign()

    def _perhaps_redials(self, caller: Caller) -> None:
        redial = self._scenario.callers.redial
        if caller.attempt > redial.times or caller.dice.random() >= redial.share:
            return
        at = self._agenda.now + round(redial.after.draw(caller.dice) * 1000)
        if at < self._end:
            self._open += 1
            self._agenda.at(at, lambda: self._arrives(self._crowd.again(caller, at)))

    def _ends(self, visit: Visit, fate: Fate) -> None:
        visit.end(fate, self._agenda.now)
        self._open -= 1

    # --- assignment: the code that is on trial ----------------------------------------

    def _assign(self) -> None:
        for pair in self._picture.pairs(self._agenda.now):
            self._claim(pair)
        if self._look is not None:
            self._look.cancel()
            self._look = None
        opening = self._picture.next_opening()
        if opening is not None:
            self._look = self._agenda.at(max(opening, self._agenda.now + 1), self._assign)

    def _claim(self, pair: Pair) -> None:
        visit, desk = self._visits[pair.contact], self._desks[pair.counselor]
        visit.desk, visit.step, visit.sticky = desk, pair.step, pair.sticky
        visit.opened = pair.opened
        visit.offers += 1
        self._picture.contact_left(pair.contact)
        self._stands(desk, S.OFFERED)
        service = self._scenario.service
        if service.missed and visit.caller.dice.random() < service.missed:
            timeout = round(service.ring_timeout * 1000)
            desk.next = self._agenda.after(timeout, partial(self._is_missed, visit, desk))
        else:
            desk.next = self._agenda.after(visit.caller.ring, partial(self._talks, visit, desk))

    # --- counselors -------------------------------------------------------------------

    def _schedule_duties(self) -> None:
        for profile, shifts in profiles(self._scenario):
            desk = Desk(profile, Timesheet(self._begin, self._end))
            self._desks[profile.id] = desk
            for since, until in duties(shifts, self._opening, self._end + DAY * MINUTE):
                self._agenda.at(since, partial(self._signs_on, desk))
                self._agenda.at(until, partial(self._signs_off, desk))

    def _signs_on(self, desk: Desk) -> None:
        desk.goes_home = False
        if desk.state is S.OFFLINE:
            self._stands(desk, S.READY)
            self._assign()

    def _signs_off(self, desk: Desk) -> None:
        if desk.is_busy:
            desk.goes_home = True
        else:
            self._stands(desk, S.OFFLINE)
            self._assign()  # a step may be unstaffed now, and the next one open

    def _is_missed(self, visit: Visit, desk: Desk) -> None:
        visit.desk = None
        visit.note_tried(desk.profile.id)
        if desk.goes_home:
            self._is_free(desk)
        else:
            self._stands(desk, S.NOT_READY)
            away = round(self._scenario.service.away.draw(visit.caller.dice) * 1000)
            desk.next = self._agenda.after(away, partial(self._is_back, desk))
        self._waits(visit)
        self._assign()

    def _is_back(self, desk: Desk) -> None:
        self._is_free(desk)
        self._assign()

    def _talks(self, visit: Visit, desk: Desk) -> None:
        self._ends(visit, Fate.ANSWERED)
        self._last_served[visit.caller.waiting.caller_digest] = desk.profile.id
        self._stands(desk, S.TALKING)
        desk.next = self._agenda.after(visit.caller.talk, partial(self._wraps_up, visit, desk))

    def _wraps_up(self, visit: Visit, desk: Desk) -> None:
        if visit.caller.wrap_up:
            self._stands(desk, S.WRAP_UP)
            desk.next = self._agenda.after(visit.caller.wrap_up, partial(self._is_back, desk))
        else:
            self._is_back(desk)

    def _is_free(self, desk: Desk) -> None:
        self._stands(desk, S.OFFLINE if desk.goes_home else S.READY)

    def _stands(self, desk: Desk, state: CounselorState) -> None:
        """Change the state, tell routing, and forget what was to happen to the counselor next."""
        if desk.next is not None:
            desk.next.cancel()
            desk.next = None
        if state is S.OFFLINE:
            desk.goes_home = False
        desk.change(state, self._agenda.now)
        self._picture.counselor_stands(desk.standing)
