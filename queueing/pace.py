"""How fast the line moves for one caller: the place, and the evidence of the last hour behind it.

An answer of the last hour counts for a caller when the counselor who gave it is on duty now and
fits, by the routing plan, a step of the caller's route that is open by now; and when it went to
nobody of a higher priority, for these go ahead of the caller. So the evidence shrinks at once when
counselors leave, and is never taken from those who cannot serve this caller.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from hotline.clock import Clock
from hotline.events import Priority
from hotline.ids import ContactId, CounselorId, requested_for
from hotline.ports import Place, Waiting
from queueing import keys
from queueing.presence import Presence
from queueing.routing.estimate import HOUR, estimate
from queueing.routing.order import BELOW_CRISIS
from queueing.routing.plan import Plan, opens_after, plan_or_default, tokens_of
from queueing.routing.route import Step
from queueing.routing.skills import CounselorProfile
from queueing.routing.standing import ON_DUTY
from queueing.scripts import redis_errors
from queueing.waiting import waiting_from_json

LOOK_SECONDS = 5.0
"""For so long one look at answers and counselors serves all callers of this process."""
MOST_URGENT_FIRST = tuple(Priority)


@dataclass(frozen=True, slots=True)
class Answer:
    """One contact was answered, at a time in ms."""

    at: int
    counselor: CounselorId
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen at one moment: the last hour's answers, oldest first, and what everybody on
    duty holds under the plan in force."""

    at: float
    answers: tuple[Answer, ...]
    held: dict[CounselorId, frozenset[str]]
    plan: Plan

    def answered(self, waiting: Waiting, now: datetime) -> list[int]:
        """Return when somebody answered who could serve `waiting` now, as this module says."""
        fitting = self._fitting(waiting, now)
        rank = MOST_URGENT_FIRST.index(waiting.priority)
        return [
            answer.at
            for answer in self.answers
            if answer.counselor in fitting and MOST_URGENT_FIRST.index(answer.priority) >= rank
        ]

    def _fitting(self, waiting: Waiting, now: datetime) -> set[CounselorId]:
        waited = keys.milliseconds(now) - keys.milliseconds(waiting.arrived_at)
        route = self.plan.route_of(waiting)
        who = {step: self._who_fits(step, waiting) for step in route.steps}
        opening = opens_after(route, lambda step: bool(who[step]))
        fitting: set[CounselorId] = set()
        for step, opens in zip(route.steps, opening, strict=True):
            if opens is not None and opens <= waited:
                fitting |= who[step]
        return fitting

    def _who_fits(self, step: Step, waiting: Waiting) -> set[CounselorId]:
        wanted = step.tokens(waiting)
        if wanted is None:
            return set()
        return {counselor for counselor, held in self.held.items() if wanted <= held}


class Pace:
    """Implements `place` of `hotline.ports.Queue`. Raises QueueUnavailable."""

    def __init__(
        self,
        redis: Redis,
        *,
        clock: Clock,
        counselors: Callable[[], Awaitable[list[Presence]]],
    ) -> None:
        self._answers_in = redis
        self._time = clock
        self._ask_counselors = counselors
        self._last_look: Look | None = None
        self._plan: tuple[str | None, Plan] | None = None
        """As it stands in Redis, and as it was read."""
        self._tokens: dict[CounselorId, tuple[CounselorProfile, Plan, frozenset[str]]] = {}

    async def place(self, contact: ContactId) -> Place:
        """Return its place among those who wait, with a band where the last hour supports one.

        A crisis is served before all and gets no band. Those whom a phone rings for just now are
        counted as ahead: their answers come first. A request for a second counselor is nobody who
        waits: it takes an answer, and no place. Requests stand among the crises or right behind
        them, so that these few alone are looked at.
        """
        with redis_errors():
            async with self._answers_in.pipeline(transaction=False) as pipe:
                pipe.zrank(keys.WAITING, contact)
                pipe.zcard(keys.RINGING)
                pipe.hget(keys.CONTACTS, contact)
                pipe.zrange(keys.WAITING, "-inf", f"({BELOW_CRISIS}", byscore=True)
                rank, ringing, asks, urgent = await pipe.execute()
        if rank is None:
            return Place(0)
        requests = sum(requested_for(ContactId(one)) is not None for one in urgent[: int(rank)])
        position = int(rank) + 1 - requests
        waiting = _read_waiting(asks)
        if waiting is None or waiting.priority is Priority.CRISIS:
            return Place(position)
        now = self._time.now()
        answered = (await self._look()).answered(waiting, now)
        ahead = int(rank) + 1 + int(ringing)
        return Place(position, estimate(ahead, answered, now=keys.milliseconds(now)))

    async def _look(self) -> Look:
        look, at = self._last_look, self._time.monotonic()
        if look is not None and at - look.at < LOOK_SECONDS:
            return look
        plan, answers = await self._read()
        present = [who for who in await self._ask_counselors() if who.state in ON_DUTY]
        self._tokens = {who.profile.id: self._hold(who.profile, plan) for who in present}
        held = {counselor: tokens for counselor, (_, _, tokens) in self._tokens.items()}
        self._last_look = Look(at=at, answers=answers, held=held, plan=plan)
        return self._last_look

    async def _read(self) -> tuple[Plan, tuple[Answer, ...]]:
        now = keys.milliseconds(self._time.now())
        with redis_errors():
            async with self._answers_in.pipeline(transaction=False) as pipe:
                pipe.hget(keys.PLAN, "text")
                pipe.zrange(keys.ANSWERS, now - HOUR, now, byscore=True, withscores=True)
                text, rows = await pipe.execute()
        if self._plan is None or self._plan[0] != text:
            self._plan = (text, plan_or_default(text))
        return self._plan[1], tuple(_answer(*row) for row in rows)

    def _hold(
        self, profile: CounselorProfile, plan: Plan
    ) -> tuple[CounselorProfile, Plan, frozenset[str]]:
        known = self._tokens.get(profile.id)
        if known is not None and known[0] is profile and known[1] is plan:
            return known
        return (profile, plan, tokens_of(profile, plan))


def _read_waiting(asks: str | None) -> Waiting | None:
    """Return what a contact asks for; None where nobody here can read it."""
    try:
        return waiting_from_json(asks) if asks is not None else None
    except ValueError:
        return None


def _answer(member: Any, at: Any) -> Answer:
    """Read one entry of `keys.ANSWERS`: offer, counselor and priority, by blanks."""
    _, counselor, priority = str(member).split(" ")
    return Answer(int(at), CounselorId(counselor), Priority(priority))
