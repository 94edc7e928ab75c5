"""Brings those who wait and those who are ready together. Every gateway runs one.

There is no leader: each keeps a picture of the queue (`feed`), lets it propose pairs and claims
them (`offer.lua`). All pictures propose much the same, so a gateway claims at once only the pairs
of its own contacts; those of others only when they still stand after a moment, since their gateway
may be slow or dead. A claim that comes too late is refused and does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from hotline.clock import Clock
from hotline.errors import QueueUnavailable
from hotline.events import AlarmKind
from hotline.ids import ContactId, GatewayId
from hotline.ports import Alarms, Offer, Staffing
from queueing.cancellation import still_wanted
from queueing.claims import Claims, Vouching
from queueing.feed import Feed
from queueing.keys import milliseconds
from queueing.offers import Offers
from queueing.routing.pair import Pair

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds after which the picture is looked at although nothing changed."""
PATIENCE = 0.3
"""Seconds for which a pair is left to the gateway that owns the contact."""
SLICE = 300
"""How many small steps of the picture are made in one go: calls wait meanwhile."""
SHORTEST_NAP = 0.005
NOBODY = GatewayId("")
"""Owns the callbacks that wait: who claims one first has it."""


class Dispatcher:
    """Offers contacts to counselors until cancelled; `gateway` is the one it works for, `staffing`
    hears for which of its contacts nobody is there, `calls_back` says whether it may be given a
    callback now, and `phones` whose phone is dead."""

    def __init__(
        self,
        *,
        offers: Offers,
        feed: Feed,
        gateway: GatewayId,
        clock: Clock,
        alarms: Alarms,
        staffing: Staffing | None = None,
        tick: float = TICK,
        calls_back: Callable[[], bool] = lambda: True,
        phones: Vouching | None = None,
    ) -> None:
        self._claims = Claims(offers=offers, feed=feed, gateway=gateway, phones=phones)
        self._feed = feed
        self._gateway = gateway
        self._clock = clock
        self._alarms = alarms
        self._staffing = staffing
        self._tick = tick
        self._calls_back = calls_back
        self._epoch = 0
        self._not_now: list[Pair] = []
        self._left_to_others: dict[ContactId, tuple[Pair, float]] = {}
        self._checked_at: float | None = None
        self._away = False

    async def run(self) -> None:
        """Dispatch at every change and every tick; goes on when Redis was away."""
        async with self._feed:
            try:
                while still_wanted():
                    try:
                        if self._feed.in_step:
                            await self._advance()
                            self._note(away=False)
                    except QueueUnavailable:
                        self._note(away=True)
                    if still_wanted():
                        await self._feed.wait(self._nap())
            finally:
                await self._claims.close()

    async def dispatch(self) -> list[Offer]:
        """Claim what the picture proposes now, and return the offers made; none while a Redis that
        has just started may take somebody for free who talks.

        Raises QueueUnavailable; offers made before that stand.
        """
        await self._advance()
        return await self._claims.settle()

    async def _advance(self) -> None:
        """Let the picture propose, and claim it while it proposes more."""
        if not self._feed.is_heard:
            return
        self._let_go()
        picture, epoch = self._feed.picture, self._feed.epoch
        ours: list[Pair] = []
        postponed = -1
        while postponed < len(self._not_now):  # the counselors of those are free for others
            postponed = len(self._not_now)
            ours += self._ours(picture.pairs(milliseconds(self._clock.now()), most=SLICE))
        await self._claims.begin(ours)
        is_whole = self._feed.in_step and self._feed.epoch == epoch  # not being filled meanwhile
        if is_whole and not picture.is_unfinished:
            self._look_for_unstaffed()

    # --- whose turn it is ----------------------------------------------------------

    def _let_go(self) -> None:
        """Propose anew what was refused, and what others claimed otherwise."""
        refused, self._not_now = self._claims.take_refused() + self._not_now, []
        if self._epoch != self._feed.epoch:  # the picture is another: nothing is held in it
            self._epoch = self._feed.epoch
            refused.clear()
            self._left_to_others.clear()
        gone = [c for c in self._left_to_others if self._feed.owner_of(c) is None]
        for pair in refused + [self._left_to_others.pop(contact)[0] for contact in gone]:
            self._feed.picture.release(pair)

    def _ours(self, proposed: list[Pair]) -> list[Pair]:
        """Return what is to be claimed now: our own contacts', and what others left undone."""
        now = self._clock.monotonic()
        overdue = [c for c, (_, due) in self._left_to_others.items() if due <= now]
        ours = [self._left_to_others.pop(contact)[0] for contact in overdue]
        for pair in proposed:
            owner = self._feed.owner_of(pair.contact)
            if owner == self._gateway or (owner == NOBODY and self._calls_back()):
                ours.append(pair)
            elif owner == NOBODY:
                self._not_now.append(pair)
                self._feed.picture.free_counselor(pair)  # who calls nobody back serves the others
            else:
                left, _ = self._left_to_others.get(pair.contact, (pair, now))
                if left.counselor != pair.counselor:  # offered and given back meanwhile
                    self._feed.picture.release(left)
                self._left_to_others[pair.contact] = (pair, now + PATIENCE)
        return ours

    # --- waiting and telling -------------------------------------------------------

    def _nap(self) -> float:
        """Return for how many seconds nothing can happen but a change."""
        if self._feed.picture.is_unfinished and self._feed.in_step and self._feed.is_heard:
            return 0
        naps = [self._tick]
        if self._left_to_others:
            due = min(due for _, due in self._left_to_others.values())
            naps.append(due - self._clock.monotonic())
        opening = self._feed.picture.next_opening() if self._feed.in_step else None
        if opening is not None:
            naps.append((opening - milliseconds(self._clock.now())) / 1000)
        return max(SHORTEST_NAP, min(naps))

    def _look_for_unstaffed(self) -> None:
        """Tell the owner of our contacts, once a tick, which of them wait for nobody at all; and an
        operator, when there are any, or callbacks among those who belong to nobody."""
        now = self._clock.monotonic()
        if self._checked_at is not None and now - self._checked_at < self._tick:
            return
        self._checked_at = now
        unstaffed = self._feed.picture.unstaffed(milliseconds(self._clock.now()))
        owners = {contact: self._feed.owner_of(contact) for contact in unstaffed}
        ours = {contact for contact, owner in owners.items() if owner == self._gateway}
        count = len(ours) + sum(owner == NOBODY for owner in owners.values())
        if self._staffing is not None:
            self._staffing.nobody_staffed(ours)
        if count:
            self._alarms.raise_alarm(
                AlarmKind.NOBODY_STAFFED,
                f"{count} contacts wait and nobody on duty may be asked for them",
            )
        else:
            self._alarms.clear_alarm(AlarmKind.NOBODY_STAFFED)

    def _note(self, *, away: bool) -> None:
        if away != self._away:
            log.warning("the queue is %s", "unavailable" if away else "available again")
        self._away = away
