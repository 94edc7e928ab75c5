"""A counselor's phone that rings for one offer, until it is answered or comes to nothing.

A counselor is blamed (missed, unreachable) only for what the edge says of the phone. When the edge
itself is silent, or our own endpoint could not call, the offer is withdrawn: else each waiting
caller would take one counselor after the other off ready for a fault of ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from hotline import events as e
from hotline.call import LegAnswered, LegEnded, LegEvent, LegRang, LegTried
from hotline.clock import Timers
from hotline.events import AlarmKind, Reason
from hotline.ids import ContactId
from hotline.ports import Alarms, Offer, OfferOutcome, Telephone

EVENT_OF: Mapping[OfferOutcome, type[e.Event]] = {
    OfferOutcome.MISSED: e.OfferMissed,
    OfferOutcome.WITHDRAWN: e.OfferWithdrawn,
    OfferOutcome.DECLINED: e.OfferDeclined,
    OfferOutcome.UNREACHABLE: e.OfferFailed,
}
"""What the journal says of each outcome."""

WITH_STATUS = frozenset({OfferOutcome.DECLINED, OfferOutcome.UNREACHABLE})
"""Outcomes whose event carries the SIP status."""

SILENCE_SECONDS = 5.0
"""An edge that says nothing at all to an INVITE for so long is away."""

_OURS = frozenset({Reason.OVER_CAPACITY, Reason.FAULT, Reason.SHUTDOWN})
"""Endings that are our own endpoint's doing."""
_UNHEARD = frozenset({408, 503})
"""With these our engine ends what could not be sent, or was never answered. The edge says 408 as
well, of a phone, but 100 before."""

_TIMED_OUT = 408
"""Of a phone that rings: the edge gave up before us, for its time ran away (its machine's clock was
set forward). Nobody missed anything."""


def is_same(offer: Offer, other: Offer | None) -> bool:
    """Whether both are one offer; a number may be given again when Redis has lost data."""
    return other is not None and (offer.id, offer.counselor) == (other.id, other.counselor)


class Ringing:
    """Dials at once; stops by itself after `seconds` (missed, or withdrawn when the edge has said
    nothing at all), or when told to."""

    def __init__(
        self,
        offer: Offer,
        *,
        contact: ContactId,
        telephone: Telephone,
        timers: Timers,
        alarms: Alarms,
        seconds: float,
    ) -> None:
        self.offer = offer
        self.failed_at_once = False
        """It ended by a fault of ours before any phone could ring."""
        self._telephone = telephone
        self._alarms = alarms
        self._seconds = seconds
        self._heard = False
        self._rang = False
        self._gone: OfferOutcome | None = None
        self.leg = telephone.dial(
            offer.counselor,
            headers={"X-Hotline-Offer": offer.id, "X-Hotline-Contact": contact},
        )
        self._timer = timers.after(max(0.1, seconds), self._in_vain)

    def leg_event(self, event: LegEvent) -> None:
        """Note whether the edge is there."""
        if isinstance(event, LegTried | LegRang | LegAnswered):
            self._heard = True
            self._rang = self._rang or isinstance(event, LegRang)
            self._alarms.clear_alarm(AlarmKind.EDGE_AWAY)

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
        if self._rang and ended.status == _TIMED_OUT:
            return OfferOutcome.WITHDRAWN
        unheard = ended.status in _UNHEARD and not self._heard
        if ended.reason in _OURS or unheard:
            self.failed_at_once = True
            if ended.reason not in _OURS:
                self._edge_away()
            return OfferOutcome.WITHDRAWN
        return OfferOutcome.UNREACHABLE

    def _in_vain(self) -> None:
        if self._heard:
            self.stop(OfferOutcome.MISSED)
            return
        if self._seconds >= SILENCE_SECONDS:
            self._edge_away()
        self.stop(OfferOutcome.WITHDRAWN)

    def _edge_away(self) -> None:
        self._alarms.raise_alarm(AlarmKind.EDGE_AWAY, "the edge does not answer our INVITE at all")
