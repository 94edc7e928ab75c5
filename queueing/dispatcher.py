"""Brings those who wait and those who are ready together. Any gateway may run one.

There is no leader: each looks at the queue, proposes pairs (`ranking`, pure) and tries to claim
them (`offer.lua`). Of two that propose the same, one is told that it came too late.
"""

from __future__ import annotations

import logging

from hotline.errors import QueueUnavailable
from hotline.ports import Offer
from queueing.cancellation import still_wanted
from queueing.ranking import Pair, Ranking
from queueing.store import QueueStore
from queueing.wakeup import WakeUp

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds after which the queue is looked at without having been woken."""
PAGE = 200
"""How many of the line are looked at in one go."""
BATCH = 32
"""How many pairs one script claims: Redis does nothing else meanwhile."""


class Dispatcher:
    """Offers contacts to counselors until cancelled."""

    def __init__(self, *, store: QueueStore, wakeup: WakeUp, tick: float = TICK) -> None:
        self._store = store
        self._wakeup = wakeup
        self._tick = tick
        self._away = False

    async def run(self) -> None:
        """Dispatch at every wake-up and every tick; goes on when Redis was away."""
        async with self._wakeup:
            while still_wanted():
                try:
                    while await self.dispatch():
                        pass
                    self._note(away=False)
                except QueueUnavailable:
                    self._note(away=True)
                if still_wanted():
                    await self._wakeup.wait(self._tick)

    async def dispatch(self) -> list[Offer]:
        """Look once at the whole line and return the offers made.

        Raises QueueUnavailable; offers made before that stand.
        """
        made: list[Offer] = []
        line = await self._store.waiting(0, PAGE)
        if not line:  # nobody waits, which is most of the time: who is ready costs more to ask
            return made
        ranking = Ranking(await self._store.ready())
        start = 0
        while line and not ranking.is_exhausted:
            offers = await self._claim(list(ranking.pairs(line)))
            made += offers
            start += PAGE - len(offers)  # those who were offered stand in the line no more
            line = await self._store.waiting(start, PAGE) if len(line) == PAGE else []
        return made

    async def _claim(self, pairs: list[Pair]) -> list[Offer]:
        offers: list[Offer] = []
        for first in range(0, len(pairs), BATCH):
            claimed = await self._store.offer(pairs[first : first + BATCH])
            offers += [offer for offer in claimed if offer is not None]
        for offer in offers:
            log.info(
                "contact %s: offer %s to counselor %s", offer.contact[:8], offer.id, offer.counselor
            )
        return offers

    def _note(self, *, away: bool) -> None:
        if away != self._away:
            log.warning("the queue is %s", "unavailable" if away else "available again")
        self._away = away
