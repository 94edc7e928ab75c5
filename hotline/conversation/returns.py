"""Offers that no conversation here can take: they go back where they came from, at once.

Else their lease would run out, and counselor after counselor would be made not ready for a fault of
ours. A callback that cannot be read is in line again at once, for whoever claims it: this gateway
claims none for a while, lest it goes round in circles; another, of a newer version perhaps, may.
"""

from __future__ import annotations

import logging

from hotline.clock import Timer, Timers
from hotline.conversation.errands import Errands
from hotline.events import AlarmKind, Reason
from hotline.ids import GatewayId
from hotline.ports import Alarms, Callbacks, Offer, OfferOutcome, Offers

log = logging.getLogger(__name__)

REST_SECONDS = 60.0
"""For so long no callback is claimed after one that could not be read."""


class StillHere(Exception):
    """Somebody is to be called back who is on our line: a promise that came too early."""


class Returns:
    """Those of one gateway."""

    def __init__(
        self,
        *,
        gateway: GatewayId,
        offers: Offers,
        callbacks: Callbacks,
        timers: Timers,
        alarms: Alarms,
    ) -> None:
        self._gateway = gateway
        self._offers = offers
        self._callbacks = callbacks
        self._timers = timers
        self._alarms = alarms
        self._errands = Errands(timers=timers, name=f"gateway {gateway}", on_fault=self._fault)
        self._rest: Timer | None = None

    @property
    def rests(self) -> bool:
        """No callback should be claimed now."""
        return self._rest is not None

    def give_back(self, offer: Offer) -> None:
        """The offer is of no use here; said of one that is over it does no harm."""
        self._errands.send(lambda: self._offers.give_back(offer, OfferOutcome.WITHDRAWN))

    def unreadable(self, offer: Offer) -> None:
        """Only the offer's id, contact and counselor can be relied on."""
        detail = f"offer {offer.id} cannot be read by this version, or met a fault: given back"
        self._alarms.raise_alarm(AlarmKind.FAULT, detail)
        if self._rest is not None:
            self._rest.cancel()
        self._rest = self._timers.after(REST_SECONDS, self._rested)
        self._errands.send(lambda: self._release(offer))
        self.give_back(offer)  # what is no callback is not released

    async def settled(self) -> None:
        """Return when the queue knows."""
        await self._errands.settled()

    async def _release(self, offer: Offer) -> None:
        # 0: of its events the queue knows more than we do.
        await self._callbacks.release(offer, gateway=self._gateway, seq=0, reason=Reason.FAULT)

    def _rested(self) -> None:
        self._rest = None

    def _fault(self) -> None:
        self._alarms.raise_alarm(AlarmKind.FAULT, "an offer cannot be given back, see the log")
