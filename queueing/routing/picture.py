"""Who waits, who is there, and who gets whom: pure choosing, kept up to date change by change.

Contacts are served in order (`routing.order`); whom each gets, `routing.choice` says. One who is
kept for a counselor, or deferred, is out of line, and others go on meanwhile.

After `pairs` nobody in line fits anybody free at an open step. So what can make a pair is only what
has changed since: who came into line or got another step (`_restless`), and who became free
(`_fresh`). Only they are looked at, and a change costs about the same whether a hundred wait or ten
thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final

from hotline.ids import ContactId, CounselorId
from hotline.ports import Waiting
from queueing.routing.agenda import Agenda
from queueing.routing.choice import Defer, Keep, Serve, choose
from queueing.routing.circle import Circle
from queueing.routing.circles import Circles
from queueing.routing.crew import Crew, Seat
from queueing.routing.need import Need, Needs
from queueing.routing.opened import opened_from_text, opened_to_text
from queueing.routing.pair import Pair
from queueing.routing.place import Place
from queueing.routing.plan import Plan, tokens_of
from queueing.routing.runningon import RunningOn
from queueing.routing.standing import Standing

__all__ = ["Pair", "Picture", "Standing"]

WEIGHED_EVERY: Final = 60_000
"""Who is overburdened is looked at once in so many ms."""
STEPS_OF_A_PAIR: Final = 5
"""Choosing for one contact takes about as long as opening the steps of so many."""


class Picture:
    """One gateway's view of the queue. All instants are ms since 1970.

    The time never goes back in here, nor is it before anybody's arrival: when the clock is set
    back it runs on from where it was. Counselors first, then contacts, is the cheaper order to fill
    it in.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._time = RunningOn()
        self._was_cut = False
        self._places: dict[ContactId, Place] = {}
        self.clear()

    # --- what has changed

    def clear(self) -> None:
        """Forget everybody; the plan stays, and to those who are told again soon what was open."""
        self._before, self._places = self._places, {}
        self._kept: dict[CounselorId, set[Place]] = defaultdict(set)
        self._dedicated: dict[CounselorId, set[Place]] = defaultdict(set)
        self._dues: list[tuple[int, ContactId]] = []
        self._weighed: int | None = None
        self._time.forget_arrivals()
        self._crew = Crew()
        self._begin()

    def use(self, plan: Plan) -> None:
        """Route by `plan` from now on, those who wait already as well. Proposals stand."""
        if plan == self._plan:
            return
        self._plan = plan
        self._before.clear()
        for place in self._places.values():
            self._unkeep(place)
        self._begin()
        for seat in self._crew:
            self._circles.join(seat, tokens_of(seat.standing.profile, plan))
            self._changed(seat)
        for place in self._places.values():
            place.forget_steps()
            self._attach(place)

    def _begin(self) -> None:
        self._circles = Circles(self._crew)
        self._needs = Needs(self._plan, self._circles)
        self._unsettled: set[Need] = set()
        self._stirred: set[Place] = set()
        """Those for whom a step may have opened."""
        self._restless: set[Place] = set()
        self._tried: set[Place] = set()
        """Those for whom anybody was tried."""
        self._deferred: set[Place] = set()
        """Those out of line who could go to somebody tried alone, until a step opens."""
        self._fresh = 0

    def contact_waits(
        self,
        waiting: Waiting,
        *,
        sticky: CounselorId | None = None,
        score: int | None = None,
        tried: tuple[CounselorId, ...] = (),
        opened: str = "",
    ) -> None:
        """The contact is in line, or asks for something else; `sticky` last took this caller.

        `score`: its place, where it is not by the arrival alone (`lua/enqueue.lua`). `tried`: who
        was asked for it in vain, longest ago first. `opened`: see `Pair`. What was open for it by
        the same route stays open.
        """
        known = self._places.get(waiting.contact)
        before = known or self._before.pop(waiting.contact, None)
        place = Place(waiting, sticky, score, tried)
        if known is not None and known.is_as(place):
            return
        self._time.note_arrival(place.arrived)
        if known is not None:
            place.held_by = known.held_by
            self._detach(known)
        self._places[waiting.contact] = place
        self._attach(place)
        route = place.need.route
        place.opened = opened_from_text(opened, plan=self._plan, route=route) if opened else 0
        if before is not None and before.need.route.name == route.name:
            place.opened |= before.opened

    def contact_left(self, contact: ContactId) -> None:
        """The contact was offered to somebody, or is gone."""
        place = self._places.pop(contact, None)
        if place is not None:
            self._detach(place)

    def counselor_stands(self, standing: Standing) -> None:
        """A counselor is there, or changed; a state other than ready ends the holding back."""
        seat = self._crew.seat(standing.profile.id)
        held_for, profile, was_on_duty = None, None, False
        if seat is None:
            seat = self._crew.add(standing)
        else:
            held_for = seat.held_for if standing.is_ready else None
            profile, was_on_duty = seat.standing.profile, seat.standing.is_on_duty
        self._crew.stand(seat, standing, held_for=held_for)
        if standing.profile != profile:
            left = self._circles.leave(seat)
            self._circles.join(seat, tokens_of(standing.profile, self._plan))
            self._check(left | seat.circles)
        elif standing.is_on_duty is not was_on_duty:
            self._check(seat.circles)
        self._changed(seat)

    def counselor_removed(self, counselor: CounselorId) -> None:
        seat = self._crew.seat(counselor)
        if seat is not None:
            left = self._circles.leave(seat)
            self._crew.remove(seat)
            self._check(left)
            self._wake_kept_for(counselor)

    def release(self, pair: Pair) -> None:
        """The claim was refused, or did not happen: both are free again, so far as they are still
        held for each other."""
        place = self._places.get(pair.contact)
        if place is not None and place.held_by == pair.counselor:
            place.held_by = None
            place.enter()
            self._stir(place)
        self.free_counselor(pair)

    def free_counselor(self, pair: Pair) -> None:
        """The claim is put off: the counselor is free for others, the contact stays held until
        `release`."""
        seat = self._crew.seat(pair.counselor)
        if seat is not None and seat.held_for == pair.contact:
            self._crew.stand(seat, seat.standing, held_for=None)
            self._changed(seat)

    # --- who gets whom

    def pairs(self, now: int, *, most: int | None = None) -> list[Pair]:
        """Return the best pairs, in the order of the contacts.

        Both of each are held back until `contact_left` and `counselor_stands` tell of the claim, or
        until `release`. `most`: stop after about so many small steps, for calls wait meanwhile;
        then `is_unfinished`, and the next call goes on from there.
        """
        now = self._time.at(now)
        self._weigh(now)
        self._recall()
        if not self._pass_time(now, most):
            return []  # whoever is not looked at yet may come before all others
        self._was_cut = False
        made: list[Pair] = []
        for pair in self._serve(now) if self._crew.free else ():
            made.append(pair)
            if most is not None and len(made) * STEPS_OF_A_PAIR >= most:
                self._was_cut = True
                return made
        self._restless.clear()
        self._fresh = 0
        return made

    @property
    def is_unfinished(self) -> bool:
        """Whether there is something to look at that the last `pairs` has not."""
        return self._was_cut or bool(self._stirred) or bool(self._unsettled)

    def _serve(self, now: int) -> Iterator[Pair]:
        # Whoever fits one who has just become free stands in the line of a circle of theirs.
        all_are_fresh = not self._crew.free & ~self._fresh
        restless = self._restless
        if all_are_fresh:
            restless = {place for place in restless if place.dedicated is not None}
        for contact in Agenda(
            self._crew, self._circles.lined, fresh=self._fresh, restless=restless
        ):
            place = self._places[contact]
            if place.in_line:
                pair = self._choose(place, now)
                if pair is not None:
                    yield pair

    def _choose(self, place: Place, now: int) -> Pair | None:
        match choose(place, self._crew, now, keeping=self._plan.sticky.milliseconds):
            case Serve(seat, step):
                return self._hold(place, seat, step)
            case Keep(counselor, until):
                self._keep(place, counselor, until)
            case Defer():
                place.step_out()
                self._deferred.add(place)
        return None

    def _recall(self) -> None:
        """Look again at who was deferred: whatever has changed may have brought somebody else."""
        for place in self._deferred:
            place.enter()
        self._restless |= self._deferred
        self._deferred.clear()

    def _hold(self, place: Place, seat: Seat, step: int) -> Pair:
        contact, counselor = place.waiting.contact, seat.counselor
        place.step_out()
        place.held_by = counselor
        self._crew.stand(seat, seat.standing, held_for=contact)
        opened = opened_to_text(place.opened, plan=self._plan, route=place.need.route)
        return Pair(contact, counselor, step + 1, counselor == place.sticky, opened)

    # --- kept for the one who last took the caller

    def _keep(self, place: Place, counselor: CounselorId, until: int) -> None:
        place.step_out()
        place.kept_for, place.kept_until = counselor, until
        self._kept[counselor].add(place)
        if place.due is None or until < place.due:
            place.due = until
            heappush(self._dues, (until, place.waiting.contact))

    def _unkeep(self, place: Place) -> None:
        """Back into line, to be looked at again; nothing happens to one who is not kept."""
        if place.kept_for is not None:
            kept = self._kept[place.kept_for]
            kept.discard(place)
            if not kept:
                del self._kept[place.kept_for]
            place.kept_for = place.kept_until = None
            place.enter()
            self._stir(place)

    def _wake_kept_for(self, counselor: CounselorId) -> None:
        for place in tuple(self._kept.get(counselor, ())):
            self._unkeep(place)

    # --- time and staffing

    def next_opening(self) -> int | None:
        """Return when `pairs` should be asked again though nothing has changed: a step opens, or
        somebody has been kept long enough. To be asked after `pairs`."""
        while self._dues:
            at, contact = self._dues[0]
            place = self._places.get(contact)
            if place is not None and place.due == at:
                return self._time.by_the_clock(at)
            heappop(self._dues)
        return None

    def unstaffed(self, now: int) -> list[ContactId]:  # noqa: ARG002 - a plan may come to have hours
        """Return those who wait, in order, and for whom nobody on duty fits any step."""
        for need in self._unsettled:
            need.settle()
        lonely = (p for p in self._places.values() if not p.need.is_staffed)
        return [place.waiting.contact for place in sorted(lonely, key=lambda place: place.rank)]

    @property
    def waiting(self) -> int:
        """How many wait, those included who are held for a proposal."""
        return len(self._places)

    @property
    def ready(self) -> int:
        """How many counselors are ready, those included who are held for a proposal."""
        return self._crew.ready

    def _weigh(self, now: int) -> None:
        if self._weighed != now // WEIGHED_EVERY:
            self._weighed = now // WEIGHED_EVERY
            self._crew.weigh(now)

    def _pass_time(self, now: int, most: int | None) -> bool:
        """Open the steps that are due; return whether all of them are open."""
        while self._dues and self._dues[0][0] <= now:
            at, contact = heappop(self._dues)
            place = self._places.get(contact)
            if place is not None and place.due == at:
                self._stirred.add(place)
        steps = 0
        while self._unsettled or self._stirred:
            if most is not None and steps >= most:
                return False
            steps += 1
            if self._unsettled:
                need = self._unsettled.pop()
                need.settle()
                self._stirred |= need.places
            else:
                self._widen(self._stirred.pop(), now)
        return True

    def _widen(self, place: Place, now: int) -> None:
        if place.kept_until is not None and place.kept_until <= now:
            self._unkeep(place)
        before = place.due
        openings = place.need.openings
        if place.tried:
            others = self._crew.on_duty & ~self._crew.mask(place.tried)
            place.has_others = place.need.is_staffed_by(others)
            if place.has_others:
                openings = place.need.openings_by(others)
        if place.widen(now, openings) & self._crew.free:
            self._restless.add(place)
        if place.due is not None and place.due != before:
            heappush(self._dues, (place.due, place.waiting.contact))

    def _check(self, circles: set[Circle]) -> None:
        """Some of `circles` may have got, or lost, the only one on duty, or the only one whom a
        contact has not tried."""
        self._stirred |= self._tried
        for circle in self._circles.check(circles):
            for need in circle.needs:
                need.settled = False
                if need.places:
                    self._unsettled.add(need)

    # --- coming and going

    def _attach(self, place: Place) -> None:
        place.need = self._needs.add(place)
        if place.held_by is None:
            place.enter()
        if place.dedicated is not None:
            self._dedicated[place.dedicated].add(place)
        if place.tried:
            self._tried.add(place)
        self._stir(place)

    def _detach(self, place: Place) -> None:
        self._unkeep(place)
        if place.dedicated is not None:
            self._dedicated[place.dedicated].discard(place)
            if not self._dedicated[place.dedicated]:
                del self._dedicated[place.dedicated]
        place.step_out()
        self._needs.remove(place)
        for some in (self._stirred, self._restless, self._tried, self._deferred):
            some.discard(place)

    def _stir(self, place: Place) -> None:
        """To be looked at: it has come into line, or back."""
        self._stirred.add(place)
        self._restless.add(place)

    def _changed(self, seat: Seat) -> None:
        """The counselor may be free now, or fit others than before."""
        if seat.is_free:
            self._fresh |= seat.bit
            for place in self._dedicated.get(seat.counselor, ()):
                self._stir(place)
        self._wake_kept_for(seat.counselor)
