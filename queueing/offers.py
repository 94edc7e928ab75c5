"""Offers: one contact to one counselor, claimed together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hotline.clock import Clock
from hotline.ids import OfferId
from hotline.ports import Offer, OfferOutcome, Restated, Waiting
from queueing import keys
from queueing.limits import Limits
from queueing.routing.order import score_of
from queueing.routing.pair import Pair
from queueing.scripts import Scripts
from queueing.waiting import instant_to_json, waiting_to_json

MILLISECOND = timedelta(milliseconds=1)


class Offers:
    """Implements `hotline.ports.Offers`. Every method may raise QueueUnavailable."""

    def __init__(self, *, scripts: Scripts, clock: Clock, limits: Limits) -> None:
        self._scripts = scripts
        self._clock = clock
        self._limits = limits

    async def offer(
        self,
        pairs: Sequence[Pair],
        *,
        plan: str = "",
        remember: timedelta = timedelta(),
        gateway: str = "",
    ) -> list[Offer | None]:
        """Claim each pair, or none of its two when one is not free any more (None).

        An offer that is made stands in the inbox of the gateway that owns the contact, until
        `expires_at`. `plan`: the version by which the pairs were chosen; `remember`: for how
        long the counselor who accepts is known as the one who last took the caller. `gateway`: who
        claims, and owns a callback from then on; without one no callback is claimed. Runs in one
        step: keep it to some dozens of pairs.
        """
        expires_at = self._expiry()
        flat = [
            part
            for pair in pairs
            for part in (pair.contact, pair.counselor, pair.step, int(pair.sticky), pair.opened)
        ]
        numbers = await self._scripts.run(
            "offer", keys.milliseconds(expires_at), plan, remember // MILLISECOND, gateway, *flat
        )
        return [
            Offer(
                id=OfferId(number),
                contact=pair.contact,
                counselor=pair.counselor,
                expires_at=expires_at,
                plan=plan,
                step=pair.step,
                sticky=pair.sticky,
            )
            if number
            else None
            for pair, number in zip(pairs, numbers, strict=True)
        ]

    async def accept(self, offer: Offer) -> bool:
        """The counselor answered. False: the offer is no longer valid, hang up that leg."""
        return bool(await self._scripts.run("accept", *_named(offer)))

    async def give_back(self, offer: Offer, outcome: OfferOutcome) -> bool:
        """The offer came to nothing (see `hotline.ports.Offers`)."""
        return bool(
            await self._scripts.run(
                "give_back", *_named(offer), outcome, self._limits.misses_in_a_row
            )
        )

    async def hand_over(self, leaving: Offer, staying: Offer) -> None:
        """One of two counselors is out of the conversation (see `hotline.ports.Offers`)."""
        await self._scripts.run(
            "hand_over",
            *_named(leaving),
            *_named(staying),
            self._limits.wrap_up_ms,
            self._limits.after_wrap_up,
        )

    async def finish(self, offer: Offer, *, requeue: bool) -> None:
        """The conversation is over; with `requeue` the contact gets its original place back."""
        await self._scripts.run(
            "finish",
            *_named(offer),
            int(requeue),
            self._limits.wrap_up_ms,
            self._limits.after_wrap_up,
        )

    async def restate(self, waiting: Waiting, offer: Offer, *, talking: bool) -> Restated:
        """The two talk, or the phone rings (see `hotline.ports.Offers`)."""
        arrived = keys.milliseconds(waiting.arrived_at)
        lease = keys.milliseconds(self._clock.now()) + round(self._limits.gateway_lease * 1000)
        answer = await self._scripts.run(
            "restate",
            *_named(offer),
            "talking" if talking else "offered",
            waiting.gateway,
            score_of(waiting),
            waiting_to_json(waiting),
            waiting.caller_digest,
            arrived,
            instant_to_json(waiting.arrived_at),
            lease,
            keys.milliseconds(offer.expires_at),
            self._limits.wrap_up_ms,
            self._limits.after_wrap_up,
        )
        return Restated(answer)

    def _expiry(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self._limits.offer_lease)


def _named(offer: Offer) -> tuple[str, str, str]:
    return (offer.contact, offer.counselor, offer.id)
