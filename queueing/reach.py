"""Nobody is offered a caller whose phone is dead: who is ready with such a phone is made not ready.

Each gateway on the edge's machine looks every two seconds, for the edge's control socket is local.
Several may look at the same time: saying it twice changes nothing. With several edges, each has
phones that the others do not know: a watcher beside each would write what it knows into Redis
(HASH extension -> last proof, kept at the latest), and one would judge by that. That is not built.

A phone is alive that registered, or answered an OPTIONS, within `patience`, or is connected over
TCP. What is unknown is no death. For `patience` we doubt: after the edge did not answer, for no
phone could prove anything then; after it started, for whose connection broke must come again; and
after a jump of the wall clock, for old proofs prove nothing until new ones have come. When most of
those who are ready seem dead at once we doubt ourselves as well, once, and tell an operator.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from redis.asyncio import Redis

from hotline.clock import Clock
from hotline.edge.control import EdgeRefused, EdgeUnavailable
from hotline.errors import QueueUnavailable, StateRefused, UnknownCounselor
from hotline.events import AlarmKind, CounselorState
from hotline.ids import CounselorId
from hotline.ports import Alarms, Counselors
from queueing import keys
from queueing.cancellation import pause, still_wanted
from queueing.scripts import connect, redis_errors

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two looks."""
MARGIN = timedelta(seconds=2)
"""What the edge's whole seconds and a slow answer may add."""
JUMP = timedelta(seconds=1)
"""By how much the two clocks may differ between two looks before the wall clock has jumped."""
MANY = 3
"""So many dead phones at once, and more than half of all, are more likely a fault of ours."""
AWAY_SECONDS = 30.0
"""An edge that has not answered for so long needs an operator."""
UNREACHABLE = "phone_unreachable"
"""The reason that is noted."""


class Phones(Protocol):
    """Knows when the phones of an extension last proved alive."""

    def last_proofs(self, extensions: Iterable[CounselorId]) -> Mapping[CounselorId, datetime]:
        """Return the last proof of each that has a phone; may block for some milliseconds.

        Raises EdgeUnavailable while that cannot be known.
        """
        ...

    def up_seconds(self) -> float:
        """Return for how long phones could register; raises EdgeUnavailable."""
        ...


def patience_for(ping_seconds: float) -> timedelta:
    """Return how old a proof may be: one OPTIONS may get lost on its way."""
    return 2 * timedelta(seconds=ping_seconds) + MARGIN


class Reach:
    """Looks until cancelled."""

    def __init__(
        self,
        url: str,
        *,
        counselors: Counselors,
        phones: Phones,
        clock: Clock,
        patience: timedelta,
        alarms: Alarms,
    ) -> None:
        self._redis: Redis = connect(url)
        self._counselors = counselors
        self._phones = phones
        self._clock = clock
        self._patience = patience
        self._alarms = alarms
        self._looked_at = (clock.now(), clock.monotonic())
        self._doubt_until = 0.0
        self._seen: dict[CounselorId, tuple[datetime, float]] = {}
        """The last proof of each who is ready, and the monotonic time at which it was new."""
        self._away_since: float | None = None
        """When the edge did not answer first, since it answered last."""
        self._away_told = False
        self._many_until: float | None = None
        """Until when most seem dead because we err; past, they are, until most are alive."""

    async def run(self) -> None:
        """Look every two seconds; goes on by itself when Redis or the edge was away."""
        while still_wanted():
            try:
                await self.look()
            except (QueueUnavailable, EdgeUnavailable, EdgeRefused) as error:
                log.debug("reach: %s", error)
            await pause(EVERY)

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.aclose()

    async def reachable(self, counselors: list[CounselorId]) -> set[CounselorId]:
        """Return those of them who have a live phone; all, where that cannot be known."""
        try:
            proofs = await asyncio.to_thread(self._phones.last_proofs, counselors)
        except (EdgeUnavailable, EdgeRefused):
            return set(counselors)
        now = self._clock.now()
        return {one for one, proof in proofs.items() if now - proof <= self._patience}

    async def look(self) -> list[CounselorId]:
        """Make those not ready who are ready and cannot be reached; return them.

        Raises QueueUnavailable, or EdgeUnavailable when the edge does not say.
        """
        with redis_errors():
            names = await self._redis.zrange(keys.READY, 0, -1)
        ready = {CounselorId(str(name)): None for name in names}
        self._mind_the_clock()
        self._seen = {one: seen for one, seen in self._seen.items() if one in ready}
        proofs = await self._proofs(ready)
        gone = [one for one in ready if self._is_gone(one, proofs)]
        if self._seem_too_many(len(gone), len(ready)):
            return []
        return [one for one in gone if await self._take_out(one)]

    async def _proofs(self, ready: Iterable[CounselorId]) -> Mapping[CounselorId, datetime]:
        """Ask the edge, also when nobody is ready: so we know whether it answers."""
        try:
            proofs = await asyncio.to_thread(self._phones.last_proofs, ready)
            up = await asyncio.to_thread(self._phones.up_seconds)
        except (EdgeUnavailable, EdgeRefused) as error:
            self._edge_is_away(error)
            raise
        self._edge_answers()
        still = self._patience.total_seconds() - up
        if still > 0:
            self._doubt_all(still)
        return proofs

    def _edge_is_away(self, error: EdgeUnavailable | EdgeRefused) -> None:
        self._doubt_all(self._patience.total_seconds())
        monotonic = self._clock.monotonic()
        if self._away_since is None:
            self._away_since = monotonic
            log.warning("no phone can be judged dead or alive now: %s", error)
        if not self._away_told and monotonic - self._away_since >= AWAY_SECONDS:
            self._away_told = True
            self._alarms.raise_alarm(
                AlarmKind.EDGE_CONTROL_AWAY, f"phones cannot be judged: {error}"
            )

    def _edge_answers(self) -> None:
        self._away_since = None
        if self._away_told:
            self._away_told = False
            self._alarms.clear_alarm(AlarmKind.EDGE_CONTROL_AWAY)

    def _doubt_all(self, seconds: float) -> None:
        """Nothing counts that was seen until now."""
        self._doubt_until = max(self._doubt_until, self._clock.monotonic() + seconds)
        self._seen.clear()

    def _mind_the_clock(self) -> None:
        now, monotonic = self._clock.now(), self._clock.monotonic()
        passed = timedelta(seconds=monotonic - self._looked_at[1])
        jump = now - self._looked_at[0] - passed
        if abs(jump) > JUMP:
            log.warning("the clock has jumped: no phone counts as dead for a while")
            by = f"by {abs(jump).total_seconds():.0f} s"
            way = "back" if jump < timedelta() else "forward"
            self._alarms.raise_alarm(AlarmKind.CLOCK_SET, f"the clock was set {way} {by}")
            self._doubt_until = monotonic + self._patience.total_seconds()
        self._looked_at = (now, monotonic)

    def _is_gone(self, counselor: CounselorId, proofs: Mapping[CounselorId, datetime]) -> bool:
        monotonic = self._clock.monotonic()
        certain = monotonic >= self._doubt_until
        proof = proofs.get(counselor)
        if proof is None:
            return certain
        newest, since = self._seen.setdefault(counselor, (proof, monotonic))
        if newest != proof:
            self._seen[counselor] = (proof, monotonic)
        elif monotonic - since > self._patience.total_seconds():
            return True  # whatever the wall clock says
        return certain and self._clock.now() - proof > self._patience

    def _seem_too_many(self, gone: int, ready: int) -> bool:
        """Return whether to take out nobody yet; tells an operator when it begins and ends."""
        monotonic = self._clock.monotonic()
        many = gone >= MANY and 2 * gone > ready
        if many and self._many_until is None:
            self._many_until = monotonic + self._patience.total_seconds()
            detail = f"{gone} of {ready} who are ready have no phone that answers"
            self._alarms.raise_alarm(AlarmKind.PHONES_UNREACHABLE, detail)
        if self._many_until is None:
            return False
        if monotonic < self._many_until:
            return True
        if not many and gone < ready and monotonic >= self._doubt_until:
            self._many_until = None
            self._alarms.clear_alarm(AlarmKind.PHONES_UNREACHABLE)
        return False

    async def _take_out(self, counselor: CounselorId) -> bool:
        try:
            await self._counselors.change_state(
                counselor, CounselorState.NOT_READY, reason=UNREACHABLE, by="system"
            )
        except (StateRefused, UnknownCounselor):  # removed just now
            return False
        log.warning("counselor %s: no phone answers, not ready", counselor)
        return True
