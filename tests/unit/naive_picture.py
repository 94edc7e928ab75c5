"""The picture as it would be written if time cost nothing: sort everybody, check everything.

What `queueing.routing.picture` must agree with, exactly, whatever happened before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hotline.events import CounselorState, Priority
from hotline.ids import ContactId, CounselorId
from hotline.ports import Waiting
from queueing.keys import milliseconds
from queueing.routing.choice import SOON
from queueing.routing.fairness import overburdened
from queueing.routing.opened import opened_from_text, opened_to_text
from queueing.routing.order import score_of
from queueing.routing.picture import Pair, Standing
from queueing.routing.plan import Plan, Step, opens_after, tokens_of

BUSY = {CounselorState.OFFERED, CounselorState.TALKING, CounselorState.WRAP_UP}


@dataclass
class Caller:
    """One who waits, and which steps (from 0) have been open to it."""

    waiting: Waiting
    sticky: CounselorId | None
    tried: tuple[CounselorId, ...] = ()
    opened: set[int] = field(default_factory=set)

    @property
    def arrived(self) -> int:
        return milliseconds(self.waiting.arrived_at)

    @property
    def rank(self) -> tuple[int, str]:
        return (score_of(self.waiting), self.waiting.contact)


class NaivePicture:
    """See `Picture`, whose methods these are."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clock = self.ahead = 0
        self.callers: dict[ContactId, Caller] = {}
        self.clear()

    def clear(self) -> None:
        self.before = self.callers
        self.callers = {}
        self.came: list[Caller] = []
        self.standings: dict[CounselorId, Standing] = {}
        self.contact_held: dict[ContactId, CounselorId] = {}
        self.counselor_held: dict[CounselorId, ContactId] = {}
        self.burdened: set[CounselorId] = set()
        self.weighed = -1

    def use(self, plan: Plan) -> None:
        if plan != self.plan:
            self.plan = plan
            self.before = {}
            for caller in self.callers.values():
                caller.opened = set()

    def contact_waits(
        self,
        waiting: Waiting,
        *,
        sticky: CounselorId | None = None,
        tried: tuple[CounselorId, ...] = (),
        opened: str = "",
    ) -> None:
        known = self.callers.get(waiting.contact)
        before = known or self.before.pop(waiting.contact, None)
        said = (waiting, sticky, tried)
        if known is None or (known.waiting, known.sticky, known.tried) != said:
            caller = self.callers[waiting.contact] = Caller(waiting, sticky, tried)
            route = self.plan.route_of(waiting)
            told = opened_from_text(opened, plan=self.plan, route=route)
            caller.opened = {index for index in range(len(route.steps)) if told >> index & 1}
            if before is not None and self.plan.route_of(before.waiting) == route:
                caller.opened |= before.opened
            self.came.append(self.callers[waiting.contact])

    def contact_left(self, contact: ContactId) -> None:
        self.callers.pop(contact, None)
        self.contact_held.pop(contact, None)

    def counselor_stands(self, standing: Standing) -> None:
        self.standings[standing.profile.id] = standing
        if standing.state is not CounselorState.READY:
            self.counselor_held.pop(standing.profile.id, None)

    def counselor_removed(self, counselor: CounselorId) -> None:
        self.standings.pop(counselor, None)
        self.counselor_held.pop(counselor, None)
        self.burdened.discard(counselor)

    def release(self, pair: Pair) -> None:
        if self.contact_held.get(pair.contact) == pair.counselor:
            del self.contact_held[pair.contact]
        if self.counselor_held.get(pair.counselor) == pair.contact:
            del self.counselor_held[pair.counselor]

    # --- who fits

    def fits(self, standing: Standing, caller: Caller, step: Step) -> bool:
        asked = step.tokens(caller.waiting)
        return asked is not None and asked <= tokens_of(standing.profile, self.plan)

    def steps(self, caller: Caller) -> tuple[Step, ...]:
        return self.plan.route_of(caller.waiting).steps

    def is_on_duty(self, standing: Standing) -> bool:
        return standing.state in BUSY or standing.state is CounselorState.READY

    def is_free(self, standing: Standing) -> bool:
        held = standing.profile.id in self.counselor_held
        return standing.state is CounselorState.READY and not held

    def openings(
        self, caller: Caller, without: tuple[CounselorId, ...] = ()
    ) -> tuple[int | None, ...]:
        def staffed(step: Step) -> bool:
            return any(
                self.is_on_duty(standing) and self.fits(standing, caller, step)
                for standing in self.standings.values()
                if standing.profile.id not in without
            )

        return opens_after(self.plan.route_of(caller.waiting), staffed)

    def openings_by_others(self, caller: Caller) -> tuple[int | None, ...] | None:
        """As though who was tried were not here; None when nobody else is on duty for it."""
        openings = self.openings(caller, caller.tried)
        return None if all(opening is None for opening in openings) else openings

    def may_ask_others_soon(self, caller: Caller, now: int) -> bool:
        return any(
            opening is not None
            and index not in caller.opened
            and caller.arrived + opening <= now + SOON
            for index, opening in enumerate(self.openings_by_others(caller) or ())
        )

    def first_step(self, standing: Standing, caller: Caller) -> int | None:
        """The earliest open step (from 0) that fits."""
        fitting = [
            index
            for index, step in enumerate(self.steps(caller))
            if index in caller.opened and self.fits(standing, caller, step)
        ]
        return min(fitting, default=None)

    def step_of(self, standing: Standing, caller: Caller) -> int | None:
        """Likewise; -1 for one who was agreed on and fits none."""
        step = self.first_step(standing, caller)
        agreed = caller.waiting.asked_for == standing.profile.id == caller.sticky
        if step is None and agreed and caller.waiting.priority is not Priority.CRISIS:
            return -1
        return step

    # --- who gets whom

    def pairs(self, now: int) -> list[Pair]:
        if now < self.clock:
            self.ahead += self.clock - now
        self.clock = now
        latest = max((caller.arrived for caller in self.came), default=0)
        if latest > now + self.ahead + 5_000:
            self.ahead = latest - now
        now += self.ahead
        if now // 60_000 != self.weighed:
            self.weighed = now // 60_000
            self.burdened = overburdened(self.standings.values(), now)
        for caller in self.callers.values():
            openings = self.openings_by_others(caller) or self.openings(caller)
            for index, opening in enumerate(openings):
                if opening is not None and caller.arrived + opening <= now:
                    caller.opened.add(index)
        made = []
        for caller in sorted(self.callers.values(), key=lambda caller: caller.rank):
            if caller.waiting.contact not in self.contact_held:
                pair = self.choose(caller, now)
                if pair is not None:
                    made.append(pair)
                    self.contact_held[pair.contact] = pair.counselor
                    self.counselor_held[pair.counselor] = pair.contact
        return made

    def choose(self, caller: Caller, now: int) -> Pair | None:
        candidates = self.candidates(caller)
        if self.is_kept(caller, now) or not candidates:
            return None
        others = {one: step for one, step in candidates.items() if one not in caller.tried}
        if not others:
            if self.may_ask_others_soon(caller, now):
                return None
            again = min(candidates, key=caller.tried.index)
            contact, step = caller.waiting.contact, candidates[again]
            return Pair(contact, again, step + 1, again == caller.sticky, self.opened(caller))
        crisis = caller.waiting.priority is Priority.CRISIS

        def key(item: tuple[CounselorId, int]) -> tuple[object, ...]:
            counselor, step = item
            standing = self.standings[counselor]
            sticky = counselor == caller.sticky
            return (
                (step, not sticky) if crisis else (not sticky, step),
                counselor in self.burdened,
                -self.preferred_held(standing, caller),
                -self.levels(standing, caller),
                standing.idle_since,
                counselor,
            )

        counselor, step = min(others.items(), key=key)
        sticky = counselor == caller.sticky
        return Pair(caller.waiting.contact, counselor, step + 1, sticky, self.opened(caller))

    def opened(self, caller: Caller) -> str:
        steps = sum(1 << index for index in caller.opened)
        return opened_to_text(steps, plan=self.plan, route=self.plan.route_of(caller.waiting))

    def candidates(self, caller: Caller) -> dict[CounselorId, int]:
        steps = {
            counselor: self.step_of(standing, caller)
            for counselor, standing in self.standings.items()
            if self.is_free(standing)
        }
        return {counselor: step for counselor, step in steps.items() if step is not None}

    def is_kept(self, caller: Caller, now: int) -> bool:
        if caller.sticky is None or caller.waiting.priority is Priority.CRISIS:
            return False
        if caller.sticky in caller.tried:
            return False
        standing = self.standings.get(caller.sticky)
        return (
            standing is not None
            and self.is_on_duty(standing)
            and not self.is_free(standing)
            and self.step_of(standing, caller) is not None
            and now < caller.arrived + self.plan.sticky.milliseconds
        )

    def preferred_held(self, standing: Standing, caller: Caller) -> int:
        skills = standing.profile.skills
        return sum(
            skills.get(name, 0) >= int(level or 1)
            for name, _, level in (p.partition(":") for p in caller.waiting.preferred)
        )

    def levels(self, standing: Standing, caller: Caller) -> int:
        names = {skill.partition(":")[0] for skill in caller.waiting.skills}
        return sum(standing.profile.skills.get(name, 0) for name in names)

    def unstaffed(self) -> list[ContactId]:
        lonely = [
            caller
            for caller in self.callers.values()
            if all(opening is None for opening in self.openings(caller))
        ]
        return [caller.waiting.contact for caller in sorted(lonely, key=lambda c: c.rank)]
