"""A counselor's phone that rings for one offer, until it is answered or comes to nothing."""

from __future__ import annotations

from collections.abc import Mapping

from hotline import events as e
from hotline.call import LegEnded
from hotline.clock import Timers
from hotline.events import Reason
from hotline.ids import ContactId
from hotline.ports import Offer, OfferOutcome, Telephone

EVENT_OF: Mapping[OfferOutcome, type[e.Event]] = {
    OfferOutcome.MISSED: e.OfferMissed,
    OfferOutcome.WITHDRAWN: e.OfferWithdrawn,
    OfferOutcome.DECLINED: e.OfferDeclined,
    OfferOutcome.UNREACHABLE: e.OfferFailed,
}
"""What the journal says of each outcome."""

WITH_STATUS = frozenset({OfferOutcome.DECLINED, OfferOutcome.UNREACHABLE})
"""Outcomes whose event carries the SIP status."""


class Ringing:
    """Dials at once; stops by itself after `seconds` (missed), or when told to."""

    def __init__(
        self,
        offer: Offer,
        *,
        contact: ContactId,
        telephone: Telephone,
        timers: Timers,
        seconds: float,
    ) -> None:
        self.offer = offer
        self._telephone = telephone
        self._gone: OfferOutcome | None = None
        self.leg = telephone.dial(
            offer.counselor,
            headers={"X-Hotline-Offer": offer.id, "X-Hotline-Contact": contact},
        )
        self._timer = timers.after(max(0.1, seconds), lambda: self.stop(OfferOutcome.MISSED))

    def stop(self, why: OfferOutcome) -> None:
        """Hang up; the leg's ending will count as `why`."""
        self._gone = self._gone or why
        self.close()
        self._telephone.end(self.leg)

    def close(self) -> None:
        """It rings no more: answered, ended, or the caller has gone."""
        self._timer.cancel()

    def outcome(self, ended: LegEnded) -> OfferOutcome:
        """Return what the ending of the leg means for the offer."""
        if self._gone is not None:
            return self._gone
        if ended.reason in (Reason.DECLINED, Reason.COUNSELOR_HUNG_UP):  # or picked up, to hang up
            return OfferOutcome.DECLINED
        if ended.reason in (Reason.NO_ANSWER, Reason.WITHDRAWN):
            return OfferOutcome.MISSED
        return OfferOutcome.UNREACHABLE
