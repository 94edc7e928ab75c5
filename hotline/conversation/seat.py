"""A seat: one counselor's part in a conversation, from the offer until they are out of it.

    empty --ring--> rings --picked up, the offer holds--> taken --finish--> empty
      ^               |
      '--in vain------'

The same for the first counselor, who is offered the contact, and for a second one, who is offered
a request for company in the conversation of the first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from hotline import events as e
from hotline.call import LegAnswered, LegEnded, LegEvent
from hotline.contact import Contact
from hotline.conversation.errands import Errands, attempt
from hotline.conversation.line import Line
from hotline.conversation.ringing import EVENT_OF, WITH_STATUS, Ringing, is_same
from hotline.events import AlarmKind
from hotline.ids import CounselorId, LegId, OfferId
from hotline.ports import Offer, OfferOutcome

log = logging.getLogger(__name__)

AGAIN_SECONDS = 2.0
"""After an offer that failed by a fault of ours: at once, it would fail again."""


class Seat:
    """Journals what becomes of its offers, and tells the queue; a phone rings `ring_timeout` s.

    `answered` is called when somebody has taken the seat; `in_vain` when an offer came to nothing.
    """

    def __init__(
        self,
        contact: Contact,
        *,
        line: Line,
        errands: Errands,
        ring_timeout: float,
        answered: Callable[[], None],
        in_vain: Callable[[OfferOutcome], None] = lambda _outcome: None,
    ) -> None:
        self._contact = contact
        self._line = line
        self._errands = errands
        self._ring_timeout = ring_timeout
        self._answered = answered
        self._in_vain = in_vain
        self._ringing: Ringing | None = None
        self._taken: tuple[Offer, LegId] | None = None

    def another(
        self, *, answered: Callable[[], None], in_vain: Callable[[OfferOutcome], None]
    ) -> Seat:
        """Return a second seat in the same conversation."""
        return Seat(
            self._contact,
            line=self._line,
            errands=self._errands,
            ring_timeout=self._ring_timeout,
            answered=answered,
            in_vain=in_vain,
        )

    @property
    def rings(self) -> bool:
        return self._ringing is not None

    @property
    def offer(self) -> Offer | None:
        """By which the seat is taken; None while it is empty or only rings."""
        return self._taken[0] if self._taken else None

    @property
    def serving(self) -> Offer | None:
        """By which a phone rings, or the seat is taken."""
        return self._ringing.offer if self._ringing is not None else self.offer

    @property
    def leg(self) -> LegId | None:
        """The phone that rings, or that of the counselor who has the seat."""
        if self._ringing is not None:
            return self._ringing.leg
        return self._taken[1] if self._taken else None

    @property
    def counselor(self) -> CounselorId | None:
        """Who has the seat."""
        return self._taken[0].counselor if self._taken else None

    # --- the offer -----------------------------------------------------------------

    def ring(self, offer: Offer) -> None:
        """A counselor was claimed for this seat, which is empty: ring the phone."""
        self._record(
            e.ContactOffered,
            offer=offer.id,
            counselor=offer.counselor,
            plan=offer.plan,
            step=offer.step,
            sticky=offer.sticky,
        )
        try:
            self._ringing = self._rung(offer)
        except Exception:
            log.exception("contact %s: a phone cannot be rung", self._contact.id[:8])
            self._line.alarms.raise_alarm(AlarmKind.FAULT, "a phone cannot be rung, see the log")
            self._record(e.OfferWithdrawn, offer=offer.id, counselor=offer.counselor)
            self._errands.send(lambda: self._line.timers.pause(AGAIN_SECONDS))
            self.refuse(offer)

    def _rung(self, offer: Offer) -> Ringing:
        left = (offer.expires_at - self._line.clock.now()).total_seconds()
        return Ringing(
            offer,
            contact=self._contact.id,
            telephone=self._line.telephone,
            timers=self._line.timers,
            alarms=self._line.alarms,
            seconds=min(self._ring_timeout, left),
        )

    def refuse(self, offer: Offer) -> None:
        """This offer is of no use (any more): the counselor is free again. Unless it is the one
        that stands: Redis has come back without what it had heard of it."""
        if not is_same(offer, self.serving):
            self._errands.send(lambda: self._line.offers.give_back(offer, OfferOutcome.WITHDRAWN))

    def ringing_event(self, event: LegEvent) -> None:
        """React to what happened to the phone that rings."""
        ringing = self._ringing
        if ringing is None:
            return
        ringing.leg_event(event)
        if isinstance(event, LegAnswered):
            ringing.close()
            self._errands.hurry(lambda: self._picked_up(ringing))
        elif isinstance(event, LegEnded):
            self._over(ringing, ringing.outcome(event), event.status)

    def withdrawn(self, offer: OfferId) -> None:
        """The queue took the offer back (its lease ran out): the phone stops ringing."""
        if self._ringing is not None and self._ringing.offer.id == offer:
            ringing = self._ringing
            attempt(partial(ringing.stop, OfferOutcome.WITHDRAWN))
            self._over(ringing, OfferOutcome.WITHDRAWN, 487)  # the next may be on its heels

    def give_up(self) -> None:
        """The caller is with somebody else: a phone that rings stops, its counselor is free."""
        if self._ringing is not None:
            self.withdrawn(self._ringing.offer.id)

    def _over(self, ringing: Ringing, outcome: OfferOutcome, status: int) -> None:
        self._stop_ringing(ringing, outcome, status)
        if ringing.failed_at_once:
            self._errands.send(lambda: self._line.timers.pause(AGAIN_SECONDS))
        self._errands.send(lambda: self._line.offers.give_back(ringing.offer, outcome))
        self._in_vain(outcome)

    def _stop_ringing(self, ringing: Ringing, outcome: OfferOutcome, status: int) -> None:
        ringing.close()
        self._ringing = None
        facts: dict[str, object] = {"offer": ringing.offer.id, "counselor": ringing.offer.counselor}
        if outcome in WITH_STATUS:
            facts["status"] = status
        self._record(EVENT_OF[outcome], **facts)

    async def _picked_up(self, ringing: Ringing) -> None:
        valid = await self._holds(ringing.offer)
        if self._ringing is not ringing:  # the caller hung up, or the counselor did, meanwhile
            if not self._contact.ended:  # and the queue believes that they talk
                self._errands.send(lambda: self._line.offers.finish(ringing.offer, requeue=True))
            return
        if not valid:
            self.withdrawn(ringing.offer.id)
            return
        self._ringing = None
        self._taken = ringing.offer, ringing.leg
        self._answered()

    async def _holds(self, offer: Offer) -> bool:
        """Whether the two may talk. Without the queue's word, be it away or be it that our own code
        cannot ask, they may: both are on the line."""
        try:
            return await self._errands.promptly(
                lambda: self._line.offers.accept(offer), otherwise=True
            )
        except Exception:
            log.exception("contact %s: the queue cannot be asked", self._contact.id[:8])
            self._line.alarms.raise_alarm(
                AlarmKind.FAULT, "an offer cannot be accepted, see the log"
            )
            return True

    # --- the conversation ------------------------------------------------------------

    def take(self, offer: Offer, leg: LegId) -> None:
        """Somebody has the seat by `offer` whose phone was rung elsewhere."""
        self._taken = offer, leg

    def leave(self) -> None:
        """Whoever took the seat has not begun to talk; the queue hears of it otherwise."""
        self._taken = None

    def undo(self) -> None:
        """A fault of ours kept whoever has picked up from talking: hang up; the counselor is free,
        and what was offered is in line again."""
        if self._taken is None:
            return
        offer, leg = self._taken
        attempt(partial(self._line.telephone.end, leg))
        self._record(e.OfferWithdrawn, offer=offer.id, counselor=offer.counselor)
        self.finish(requeue=True)

    def finish(self, *, requeue: bool) -> None:
        """The counselor is out of the conversation; with `requeue` what was offered is in line
        again."""
        offer, self._taken = self.offer, None
        if offer is not None:
            self._errands.send(lambda: self._line.offers.finish(offer, requeue=requeue))

    def hand_over(self, second: Seat) -> None:
        """This counselor is out of the conversation, and who has the `second` seat has this one."""
        leaving, staying = self._taken, second._taken
        if leaving is None or staying is None:
            return
        self._taken = replace(staying[0], contact=self._contact.id), staying[1]
        second._taken = None
        self._errands.send(lambda: self._line.offers.hand_over(leaving[0], staying[0]))

    def clear(self, *, status: int) -> None:
        """Nobody is wanted any more: hang up, whether it rings or not; the queue hears of it
        otherwise."""
        if self.leg is not None:
            self._line.telephone.end(self.leg, status=status)
        if self._ringing is not None:
            self._ringing.close()
            self._ringing = None

    def stop(self) -> None:
        """Nobody is wanted any more, though the conversation goes on: a phone that rings stops."""
        if self._ringing is not None:
            ringing = self._ringing
            ringing.stop(OfferOutcome.WITHDRAWN)
            self._stop_ringing(ringing, OfferOutcome.WITHDRAWN, 487)

    def _record(self, kind: type[e.Event], **facts: object) -> None:
        self._contact.record(kind, at=self._line.now(), **facts)
