"""A counselor who cannot help alone: another joins the conversation, then the first may leave.

    nobody asked --ask--> asked <--in vain-- rings --picks up--> briefed --> joined
         ^                  |                  |                   |           |
         '------withdraw----'------------------'     either counselor leaves, the other stays

The caller notices nothing of it until a second voice is there: the two talk on while a phone
rings, the second counselor hears a short word alone before all three hear each other, and whoever
of the two counselors leaves, the caller is with the other in the same instant.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from hotline import events as e
from hotline.call import LegEnded, LegEvent, LegHeld, LegResumed, PlaybackFinished
from hotline.clock import Timer
from hotline.contact import Contact, ContactState
from hotline.conversation.chord import Chord, ChordReader
from hotline.conversation.errands import Errands, attempt
from hotline.conversation.line import Line
from hotline.conversation.seat import Seat
from hotline.conversation.talk import Talk
from hotline.events import AlarmKind, Reason
from hotline.ids import ContactId, LegId, OfferId, request_id
from hotline.ports import Carried, Offer, OfferOutcome, Restated, Waiting

log = logging.getLogger(__name__)

NEWS_SECONDS = 10.0
"""A counselor who asked and has heard nothing for so long is told that nobody has answered yet."""
BRIEFING_SECONDS = 8.0
"""The second counselor is brought in after so long, whatever became of the word to them."""
SYSTEM = "system"


class Escalation:
    """The second seat of one contact's conversation, beside the `first`.

    `asks` returns what the contact asked the queue for, None before it did.
    """

    def __init__(
        self,
        *,
        contact: Contact,
        line: Line,
        errands: Errands,
        first: Seat,
        talk: Talk,
        asks: Callable[[], Waiting | None],
    ) -> None:
        self._contact = contact
        self._line = line
        self._errands = errands
        self._first = first
        self._talk = talk
        self._asks = asks
        self._second = first.another(answered=self._picked_up, in_vain=self._in_vain)
        self._chords: dict[LegId, ChordReader] = {}
        self._number = 0
        self._since: datetime | None = None
        self.request: ContactId | None = None
        """What stands in line, or is served; None while nobody is asked for."""
        self._timer: Timer | None = None
        self._briefing: int | None = None

    @property
    def leg(self) -> LegId | None:
        """The second counselor's phone, from the first ringing on."""
        return self._second.leg

    @property
    def has_joined(self) -> bool:
        """There are two counselors: either may leave."""
        return self._second.offer is not None

    @property
    def waits(self) -> bool:
        """The request is in line, or a phone rings for it."""
        return self.request is not None and not self.has_joined

    # --- asking ------------------------------------------------------------------------

    def ask(self, *, by: str, reason: str = "") -> None:
        """Ask for a second counselor, unless somebody is asked or there, or nobody talks."""
        counselor = self._first.counselor
        if self.request is not None or counselor is None:
            log.info("contact %s: no (further) escalation now", self._contact.id[:8])
            return
        self._number += 1
        self.request = request_id(self._contact.id, self._number)
        event = self._record(
            e.EscalationRequested,
            request=self.request, counselor=counselor, by=by, reason=reason,
        )  # fmt: skip
        self._since = event.at
        self._errands.send(self._enqueue)
        self._tell("escalation_requested")
        self._timer = self._line.timers.after(NEWS_SECONDS, self._no_news)

    def withdraw(self, *, by: str, reason: str = "") -> None:
        """Ask nobody any more, if nobody has joined yet."""
        request = self.request
        if request is None or self.has_joined:
            return
        self._second.stop()
        self._record(e.EscalationWithdrawn, request=request, by=by, reason=reason)
        self._over()
        self._errands.send(lambda: self._line.queue.leave(request))

    @property
    def carried(self) -> dict[ContactId, Carried]:
        """The request and what it does, while there is one: what the heartbeat says."""
        if self.request is None:
            return {}
        does = ContactState.TALKING if self.has_joined else ContactState.QUEUED
        if self._second.rings:
            does = ContactState.OFFERED
        return {self.request: Carried(seq=0, state=does, offer=self._second.serving)}

    def tell_again(self) -> None:
        """The queue believes otherwise of the request: tell it, unless that is under way."""
        if self._errands.idle:
            self._errands.send(self._enqueue if self._second.leg is None else self._restate)

    def _asked(self) -> Waiting | None:
        """What the queue is asked for by the request."""
        asks = self._asks()
        if asks is None or self.request is None or self._since is None:
            return None
        dedicated = None if asks.asked_for == self._first.counselor else asks.asked_for
        return replace(asks, contact=self.request, arrived_at=self._since, asked_for=dedicated)

    async def _enqueue(self) -> None:
        asked = self._asked()
        if asked is not None and self.waits:
            await self._line.queue.enqueue(asked, rings=self._second.rings)

    async def _restate(self) -> None:
        asked, offer = self._asked(), self._second.serving
        if asked is None or offer is None:  # it is over meanwhile
            return
        said = await self._line.offers.restate(asked, offer, talking=self.has_joined)
        if said is Restated.REFUSED and self._second.rings:
            self._second.withdrawn(offer.id)

    def _no_news(self) -> None:
        if not self._second.rings:
            self._tell("escalation_unanswered")

    def _in_vain(self, outcome: OfferOutcome) -> None:
        if outcome is not OfferOutcome.WITHDRAWN:
            self._tell("escalation_unanswered")

    # --- the second counselor ----------------------------------------------------------

    def offer_made(self, offer: Offer) -> None:
        """A counselor was claimed for the request: ring, or give the offer back."""
        if offer.contact == self.request and self._second.leg is None:
            self._second.ring(offer)
        else:
            self._second.refuse(offer)

    def offer_withdrawn(self, offer: OfferId) -> None:
        """See `Seat.withdrawn`."""
        self._second.withdrawn(offer)

    def leg_event(self, event: LegEvent) -> None:
        """React to what happened to the second counselor's leg."""
        if self._second.rings:
            self._second.ringing_event(event)
        elif isinstance(event, LegEnded):
            self._second_left(event.leg, event.reason)
        elif isinstance(event, PlaybackFinished) and event.playlist == self._briefing:
            self._join()
        elif isinstance(event, LegHeld):
            self._talk.hold(event.leg)
        elif isinstance(event, LegResumed):
            self._talk.resume(event.leg)

    def _picked_up(self) -> None:
        offer, leg, asks = self._second.offer, self._second.leg, self._asks()
        if offer is None or leg is None or self.request is None:
            return
        self._record(
            e.CounselorJoined,
            request=self.request, offer=offer.id, counselor=offer.counselor, leg=leg,
        )  # fmt: skip
        self._talk.admit(leg)
        about = [f"about_{asks.topic}"] if asks is not None and asks.topic else []
        self._briefing = self._talk.whisper(leg, ["escalation_briefing", *about])
        if self._briefing is None:
            self._join()
        else:
            self._wait_no_more()
            self._timer = self._line.timers.after(BRIEFING_SECONDS, self._join)

    def _join(self) -> None:
        self._wait_no_more()
        self._briefing = None
        if self._second.leg is not None:
            self._talk.join(self._second.leg)
            self._tell("escalation_joined")

    # --- somebody leaves ---------------------------------------------------------------

    def _second_left(self, leg: LegId, reason: Reason) -> None:
        self._parted(self._second, leg, reason, stays=self._first)
        self._talk.part(leg)
        self._second.finish(requeue=False)
        self._over()
        self._tell("escalation_parted")

    def rescue(self, ended: LegId | None) -> None:
        """A fault of ours, at the end of the leg `ended` or anywhere: a second counselor who has
        gone, or has picked up and is heard by nobody, is out of it. The others talk on."""
        leg = self._second.leg
        if leg is None or not self.has_joined:
            return
        is_stuck = self._briefing is None and not self._talk.has(leg)
        if leg == ended or is_stuck:
            attempt(partial(self._line.telephone.end, leg))
            self._second_left(leg, Reason.FAULT)

    def first_left(self, leg: LegId, reason: Reason) -> None:
        """The first counselor's leg is over: the second, who has joined, has the first seat now."""
        self._parted(self._first, leg, reason, stays=self._second)
        self._first.hand_over(self._second)
        if self._first.leg is not None and self._first.counselor is not None:
            if self._briefing is not None:
                self._talk.hush(self._first.leg)
            self._talk.succeed(self._first.leg, self._first.counselor)
        self._over()

    def clear(self, *, status: int) -> None:
        """The contact is over, or the caller in line again: nobody is wanted in the second seat."""
        self.withdraw(by=SYSTEM)
        self._second.clear(status=status)
        self._second.finish(requeue=False)
        self._over()

    def _over(self) -> None:
        self._wait_no_more()
        self.request = self._since = self._briefing = None

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- the keys of the counselors ------------------------------------------------------

    def pressed(self, leg: LegId, key: str) -> None:
        """A counselor pressed a key; the caller's never come here."""
        reader = self._chords.setdefault(leg, ChordReader())
        chord = reader.pressed(key, at=self._line.clock.monotonic())
        if chord is Chord.HELP:
            self._help(leg)
        elif chord is Chord.ESCALATE and leg == self._first.leg:
            self._first_wishes(leg)

    def _first_wishes(self, leg: LegId) -> None:
        """To ask for somebody; or, after that, nobody; or, with somebody there, to leave."""
        if self.request is None:
            self.ask(by="counselor")
        elif self.has_joined:
            self._line.telephone.end(leg)
        else:
            self.withdraw(by="counselor")
            self._tell("escalation_withdrawn")

    def _help(self, leg: LegId) -> None:
        seat = self._first if leg == self._first.leg else self._second
        if seat.counselor is None:
            return
        self._record(e.HelpRequested, counselor=seat.counselor, by="counselor")
        self._line.alarms.raise_alarm(
            AlarmKind.HELP_REQUESTED,
            f"counselor {seat.counselor} asks for help, contact {self._contact.id}",
        )
        self._talk.whisper(leg, ["help_requested"])

    # --- inside ------------------------------------------------------------------------

    def _tell(self, prompt: str) -> None:
        """Say it to the first counselor alone, while they talk."""
        if self._first.offer is not None and self._first.leg is not None:
            self._talk.whisper(self._first.leg, [prompt])

    def _parted(self, seat: Seat, leg: LegId, reason: Reason, *, stays: Seat) -> None:
        if self._contact.state is ContactState.TALKING:
            self._record(
                e.CounselorParted,
                counselor=seat.counselor, leg=leg, stays=stays.counselor, reason=reason,
            )  # fmt: skip

    def _record(self, kind: type[e.Event], **facts: object) -> e.Event:
        return self._contact.record(kind, at=self._line.now(), **facts)
