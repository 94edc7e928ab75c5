"""Pairs on their way to Redis: claimed while the picture proposes the next ones.

A claim is refused when one of the two is not free any more. What was refused, or could not be asked
for, the picture must let go of: `take_refused`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Protocol

from hotline.errors import QueueUnavailable
from hotline.ids import CounselorId, GatewayId
from hotline.ports import Offer
from queueing.feed import Feed
from queueing.offers import Offers
from queueing.routing.pair import Pair

log = logging.getLogger(__name__)

BATCH = 16
"""How many pairs one script claims: Redis does nothing else meanwhile."""
FLIGHT = 4
"""How many such scripts are sent before an answer is awaited."""


class Vouching(Protocol):
    """Knows whose phone proved alive."""

    async def unreachable(self, counselors: Collection[CounselorId]) -> Collection[CounselorId]:
        """Return those who must not be offered anybody. Raises QueueUnavailable."""
        ...


class Claims:
    """One dispatcher's; `gateway` is the one it works for. With `phones`, nothing is claimed for a
    counselor whose phone is dead."""

    def __init__(
        self, *, offers: Offers, feed: Feed, gateway: GatewayId, phones: Vouching | None = None
    ) -> None:
        self._phones = phones
        self._offers = offers
        self._feed = feed
        self._gateway = gateway
        self._under_way: asyncio.Task[list[Offer]] | None = None
        self._epoch = -1
        """Of the picture by which those under way were proposed."""
        self._refused: list[Pair] = []

    async def begin(self, pairs: Sequence[Pair]) -> None:
        """Claim `pairs`, once those before are answered for; not when their picture is gone by
        then. Raises QueueUnavailable when Redis was away for those before."""
        epoch = self._feed.epoch
        try:
            await self.settle()
        except QueueUnavailable:
            if self._epoch == epoch:  # else it is back since, and the picture another
                self._refused += pairs
                raise
        if pairs and self._feed.epoch == epoch:
            self._epoch = epoch
            self._under_way = asyncio.create_task(self._claim(pairs))

    async def settle(self) -> list[Offer]:
        """Return the offers that were made, when those under way are answered for. Raises
        QueueUnavailable; offers made before that stand."""
        under_way, self._under_way = self._under_way, None
        return [] if under_way is None else await under_way

    def take_refused(self) -> list[Pair]:
        """Return, and forget, what was refused."""
        refused, self._refused = self._refused, []
        return refused

    async def close(self) -> None:
        """Wait for nobody any more."""
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)
            self._under_way = None

    async def _claim(self, pairs: Sequence[Pair]) -> list[Offer]:
        made: list[Offer] = []
        epoch, seen = self._feed.epoch, self._feed.seen
        try:
            pairs = await self._vouched(pairs)
            for first in range(0, len(pairs), BATCH * FLIGHT):
                if self._feed.epoch != epoch:  # proposed from a picture that is gone
                    break
                behind = first + BATCH * FLIGHT
                made += await self._fly(pairs[first:behind], left=pairs[behind:])
        finally:
            if self._feed.epoch != epoch:
                self._refused.clear()
            elif self._refused and self._feed.seen > seen:
                self._feed.nudge()  # why it was refused may be known already; else it is on its way
        for offer in made:
            log.info(
                "contact %s: offer %s to counselor %s, step %d%s", offer.contact[:8], offer.id,
                offer.counselor, offer.step, ", sticky" if offer.sticky else "",
            )  # fmt: skip
        return made

    async def _vouched(self, pairs: Sequence[Pair]) -> Sequence[Pair]:
        """Return the pairs that may be claimed; the others are refused."""
        if self._phones is None:
            return pairs
        try:
            dead = await self._phones.unreachable({pair.counselor for pair in pairs})
        except QueueUnavailable:
            self._refused += pairs
            raise
        self._refused += [pair for pair in pairs if pair.counselor in dead]
        return [pair for pair in pairs if pair.counselor not in dead]

    async def _fly(self, pairs: Sequence[Pair], *, left: Sequence[Pair]) -> list[Offer]:
        plan = self._feed.plan
        batches = [pairs[n : n + BATCH] for n in range(0, len(pairs), BATCH)]
        answers = await asyncio.gather(
            *(
                self._offers.offer(
                    batch,
                    plan=plan.version,
                    remember=timedelta(days=plan.sticky.days),
                    gateway=self._gateway,
                )
                for batch in batches
            ),
            return_exceptions=True,
        )
        made: list[Offer] = []
        faults = [answer for answer in answers if isinstance(answer, BaseException)]
        for batch, answer in zip(batches, answers, strict=True):
            claimed = [None] * len(batch) if isinstance(answer, BaseException) else answer
            made += [offer for offer in claimed if offer is not None]
            self._refused += [pair for pair, got in zip(batch, claimed, strict=True) if got is None]
        if faults:
            self._refused += left
            raise faults[0]
        return made
