"""One contact's life on this gateway: leg events and offers in, commands and journal events out.

The contact machine says what may happen; this coordinator makes it happen. It owns the caller's
leg from INVITE to the end, and the counselor's leg while there is one:

    Reception      notice and menu       until the contact is queued
    InLine         what the queue knows  while it waits or is offered
    Account        what is so, if the queue believes otherwise
    WaitingRoom    music and position    likewise
    Ringing        the offer's leg       while a counselor's phone rings
    Talk           bridge and tracks     while they talk
    Elsewhere      partners, a message   when nobody of ours is there
"""

from __future__ import annotations

import logging

from hotline import events as e
from hotline.call import (
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegHeld,
    LegResumed,
    PlaybackFinished,
)
from hotline.contact import Contact, ContactState, E
from hotline.conversation.account import Account
from hotline.conversation.arrival import Arrival
from hotline.conversation.elsewhere import Elsewhere
from hotline.conversation.errands import Errands
from hotline.conversation.inline import InLine
from hotline.conversation.line import Line as Line
from hotline.conversation.ringing import EVENT_OF, WITH_STATUS, Ringing, is_same
from hotline.conversation.talk import Talk
from hotline.conversation.visit import LOST, Visit
from hotline.conversation.waitingroom import WaitingRoom
from hotline.events import Reason, Result, Termination
from hotline.ids import LegId, OfferId, RecordingId
from hotline.menu.ivr import Outcome
from hotline.menu.reception import MenuResult, Reception
from hotline.ports import Offer, OfferOutcome

log = logging.getLogger(__name__)

S = ContactState

AGAIN_SECONDS = 2.0
"""After an offer that failed by a fault of ours: at once, it would fail again."""


class Conversation:
    """One contact; a phone rings `ring_timeout` seconds. Public methods are harmless when late."""

    def __init__(
        self,
        *,
        contact: Contact,
        arrival: Arrival,
        line: Line,
        ring_timeout: float,
        reception: Reception,
        waiting_room: WaitingRoom,
        talk: Talk,
    ) -> None:
        self.contact = contact
        self.arrival = arrival
        self._line = line
        self._ring_timeout = ring_timeout
        self._reception = reception
        self._waiting_room = waiting_room
        self._talk = talk
        self._ringing: Ringing | None = None
        self._errands = Errands(timers=line.timers, name=f"contact {contact.id[:8]}")
        self._in_line = InLine(
            contact=contact,
            arrival=arrival,
            queue=line.queue,
            waiting_room=waiting_room,
            errands=self._errands,
            clock=line.clock,
        )
        self.account = Account(
            contact=contact,
            in_line=self._in_line,
            line=line,
            errands=self._errands,
            serving=self._serving,
            void=self.offer_withdrawn,
        )
        self._elsewhere = Elsewhere(
            Visit(
                contact=contact,
                arrival=arrival,
                line=line,
                reception=reception,
                in_line=self._in_line,
                waiting_room=waiting_room,
                queue=self.queue,
                wait=self._wait,
                end=self._end,
                stop_ringing=self._stop_ringing,
            )
        )

    # --- what the gateway asks ---------------------------------------------------

    @property
    def over(self) -> bool:
        """The contact has ended and the queue knows."""
        return self.contact.ended and self._errands.idle

    @property
    def legs(self) -> frozenset[LegId]:
        """The legs that belong to this contact now."""
        counselor = self._ringing.leg if self._ringing else self._talk.counselor
        ours = {self.arrival.leg, counselor} if counselor else {self.arrival.leg}
        return frozenset(ours) | self._elsewhere.legs

    @property
    def waits(self) -> bool:
        """The contact is in line, or a phone rings for it."""
        return self._in_line.waits

    def revive(self, seq: int) -> None:
        """Others took us for dead and journalled, with number `seq`, that this contact failed."""
        if self.account.revive(seq) and self._talk.recording is not None:
            # Its tracks are taken for complete by now: new ones for what is said from here on.
            self._record(e.RecordingStopped, recording=self._talk.stop_recording())
            self._record_talk()

    def begin(self) -> None:
        """The INVITE is here: journal it, ring, answer."""
        self._arrive()
        self._line.telephone.ring(self.arrival.leg)
        self._line.telephone.answer(self.arrival.leg)

    def turn_away(self, reason: Reason) -> None:
        """The INVITE is here, but will not be served: journal both; the leg is not touched."""
        self._arrive()
        self._record(e.ContactRefused, termination=Termination(Result.REFUSED, reason))

    def leg_event(self, event: LegEvent) -> None:
        """React to what happened to one of our legs."""
        if self.contact.ended:
            return
        if event.leg == self.arrival.leg:
            self._caller_event(event)
        elif self._ringing is not None and event.leg == self._ringing.leg:
            self._ringing_event(event, self._ringing)
        elif event.leg == self._talk.counselor:
            self._counselor_event(event)
        else:
            self._elsewhere.partner_event(event)

    def offer_made(self, offer: Offer) -> None:
        """A counselor was claimed for this contact: ring the phone, or give the offer back."""
        if is_same(offer, self._serving()):  # Redis came back without what it had heard of it
            return
        if self.contact.state is not S.QUEUED:
            self._errands.send(lambda: self._line.offers.give_back(offer, OfferOutcome.WITHDRAWN))
            return
        self._record(
            e.ContactOffered,
            offer=offer.id,
            counselor=offer.counselor,
            plan=offer.plan,
            step=offer.step,
            sticky=offer.sticky,
        )
        left = (offer.expires_at - self._line.clock.now()).total_seconds()
        self._ringing = Ringing(
            offer,
            contact=self.contact.id,
            telephone=self._line.telephone,
            timers=self._line.timers,
            alarms=self._line.alarms,
            seconds=min(self._ring_timeout, left),
        )

    def offer_withdrawn(self, offer: OfferId) -> None:
        """The queue took the offer back (its lease ran out): the phone stops ringing."""
        if self._ringing is not None and self._ringing.offer.id == offer:
            ringing = self._ringing
            ringing.stop(OfferOutcome.WITHDRAWN)
            self._offer_over(ringing, OfferOutcome.WITHDRAWN, 487)  # the next may be on its heels

    def nobody_staffed(self, nobody: bool) -> None:
        """Told each second: whether nobody on duty may be asked for this contact."""
        self._elsewhere.nobody_staffed(nobody)

    def recording_stopped(self, recording: RecordingId, detail: str) -> None:
        """The recorder gave up (disk short): the conversation goes on unrecorded."""
        self._elsewhere.recording_stopped(recording, detail)
        if self._talk.recording == recording and self.contact.state is S.TALKING:
            self._talk.recording_lost()
            self._record(e.RecordingFailed, recording=recording, detail=detail)

    def fail(self, reason: Reason) -> None:
        """End the contact by a fault or order of ours."""
        if not self.contact.ended:
            self._end(e.ContactFailed, Termination(Result.FAILED, reason))

    def rescue(self) -> None:
        """Something in our own code went wrong: whatever it was, lead the caller to a human."""
        if self.contact.state is S.GREETED:
            self._reception.close()
            self.queue(self._reception.fault())
        elif self.contact.state is S.RINGING:
            self.fail(Reason.FAULT)

    def queue(self, menu: MenuResult) -> None:
        """The menu is over: wait for a counselor."""
        self._record(e.MenuFinished, outcome=menu.outcome, topic=menu.topic, language=menu.language)
        self._in_line.ask(menu)
        self._wait("danger_confirmed" if self._in_line.is_crisis else "please_wait")

    async def settled(self) -> None:
        """Return when the queue knows everything we had to say."""
        await self._errands.settled()

    def cancel(self) -> None:
        """Forget what the queue does not know yet: the process ends."""
        self._errands.cancel()

    def _arrive(self) -> None:
        arrival = self.arrival
        self._in_line.since = self._record(
            e.InviteReceived,
            gateway=arrival.gateway,
            trunk=arrival.trunk,
            dnis=arrival.dnis,
            caller=arrival.caller,
            node=arrival.node,
        ).at

    # --- the caller's leg --------------------------------------------------------

    def _caller_event(self, event: LegEvent) -> None:
        if self._elsewhere.caller_event(event):
            return
        if isinstance(event, LegEnded):
            talked = self.contact.state in (S.TALKING, S.FORWARDED)
            result = Result.COMPLETED if talked else Result.ABANDONED
            if event.reason is Reason.NO_CODEC:
                self._end(e.ContactRefused, Termination(Result.REFUSED, event.reason))
            else:
                self._end(e.CallerLeft, Termination(result, event.reason))
        elif isinstance(event, LegAnswered):
            self._record(e.CallAnswered, leg=event.leg)
            self._errands.send(self._receive)
        elif self.contact.state is S.GREETED:
            self._reception.leg_event(event)
        elif self.waits:
            self._waiting_event(event)
        elif self.contact.state is S.TALKING:
            self._hold_event(event)

    async def _receive(self) -> None:
        if self.contact.state is not S.GREETED:
            return
        try:
            await self._reception.open(
                finished=self._menu_finished, consented=self._consented, failed=self.rescue
            )
        except Exception:
            log.exception("contact %s: the menu broke, leading to a human", self.contact.id[:8])
            self.rescue()

    def _consented(self, agreed: bool) -> None:
        self._record(e.ConsentGiven if agreed else e.ConsentRefused)

    def _menu_finished(self, menu: MenuResult) -> None:
        if menu.outcome == Outcome.ENDED:
            self._end(e.ContactRefused, Termination(Result.REFUSED, menu.refusal))
        elif menu.outcome != Outcome.MESSAGE or not self._elsewhere.take_message(menu):
            self.queue(menu)

    def _waiting_event(self, event: LegEvent) -> None:
        if isinstance(event, PlaybackFinished):
            self._waiting_room.playback_finished(event.playlist)
        elif isinstance(event, DigitPressed):
            menu = self._reception.danger(event.digit)
            if menu is None:
                return
            if not self._in_line.is_crisis:
                self._in_line.ask(menu)
            self._waiting_room.confirm_danger()

    def _hold_event(self, event: LegEvent) -> None:
        if isinstance(event, LegHeld):
            self._record(e.ContactHeld, leg=event.leg)
            if event.leg == self._talk.counselor:
                self._talk.hold()
        elif isinstance(event, LegResumed):
            self._record(e.ContactResumed, leg=event.leg)
            if event.leg == self._talk.counselor:
                self._talk.resume()

    # --- the offer's leg ---------------------------------------------------------

    def _ringing_event(self, event: LegEvent, ringing: Ringing) -> None:
        ringing.leg_event(event)
        if isinstance(event, LegAnswered):
            ringing.close()
            self._elsewhere.counselor_answered()
            self._errands.hurry(lambda: self._counselor_answered(ringing))
        elif isinstance(event, LegEnded):
            self._offer_over(ringing, ringing.outcome(event), event.status)

    def _offer_over(self, ringing: Ringing, outcome: OfferOutcome, status: int) -> None:
        ringing.close()
        self._ringing = None
        facts: dict[str, object] = {"offer": ringing.offer.id, "counselor": ringing.offer.counselor}
        if outcome in WITH_STATUS:
            facts["status"] = status
        self._record(EVENT_OF[outcome], **facts)
        if ringing.failed_at_once:
            self._errands.send(lambda: self._line.timers.pause(AGAIN_SECONDS))
        self._errands.send(lambda: self._line.offers.give_back(ringing.offer, outcome))

    def _stop_ringing(self) -> None:
        if self._ringing is not None:
            self.offer_withdrawn(self._ringing.offer.id)

    async def _counselor_answered(self, ringing: Ringing) -> None:
        valid = await self._errands.promptly(
            lambda: self._line.offers.accept(ringing.offer), otherwise=True
        )
        if self._ringing is not ringing:  # the caller hung up, or the counselor did, meanwhile
            if not self.contact.ended:  # and the queue believes that the two talk
                self._errands.send(lambda: self._line.offers.finish(ringing.offer, requeue=True))
            return
        if not valid or self.contact.state is not S.OFFERED:
            ringing.stop(OfferOutcome.WITHDRAWN)
            return
        self._ringing = None
        self._elsewhere.counselor_talks()
        self._waiting_room.leave()
        self._talk.begin(ringing.offer, ringing.leg)
        self._record(
            e.ContactAnswered,
            offer=ringing.offer.id,
            counselor=ringing.offer.counselor,
            leg=ringing.leg,
        )
        self._record_talk()

    def _record_talk(self) -> None:
        for kind, facts in self._talk.record(consent=self._reception.consent):
            self._record(kind, **facts)

    # --- the conversation --------------------------------------------------------

    def _counselor_event(self, event: LegEvent) -> None:
        offer = self._talk.offer
        if not isinstance(event, LegEnded) or offer is None:
            self._hold_event(event)
        elif event.reason in LOST:
            self._close_talk(offer, requeue=True)
            self._record(e.CounselorLost, counselor=offer.counselor, reason=event.reason)
            self._wait("counselor_lost")
        else:
            termination = Termination(Result.COMPLETED, event.reason)
            self._end(e.CounselorLeft, termination, counselor=offer.counselor)

    def _close_talk(self, offer: Offer, *, requeue: bool) -> None:
        stopped = self._talk.end()
        if stopped is not None:
            self._record(e.RecordingStopped, recording=stopped)
        self._errands.send(lambda: self._line.offers.finish(offer, requeue=requeue))
        self._errands.send(self._talk.care.report)

    # --- waiting and ending ------------------------------------------------------

    def _serving(self) -> Offer | None:
        return self._ringing.offer if self._ringing is not None else self._talk.offer

    def _wait(self, first: str) -> None:
        self._in_line.wait(first, language=self._reception.language)
        self._elsewhere.waiting()

    def _end(self, kind: type[e.Event], termination: Termination, **facts: object) -> None:
        self._reception.close()
        self._waiting_room.leave()
        offer, legs = self._talk.offer, self.legs
        self._elsewhere.close()
        for leg in legs:
            self._line.telephone.end(leg, status=503 if kind is e.ContactFailed else 486)
        if self._ringing is not None:
            self._ringing.close()
            self._ringing = None
        fault = kind is e.ContactFailed or termination.reason in LOST
        if self.waits or (fault and offer is not None):
            self._in_line.leave(fault=fault)
        if offer is not None:
            self._close_talk(offer, requeue=False)
        self._record(kind, termination=termination, **facts)

    def _record(self, kind: type[E], **facts: object) -> E:
        return self.contact.record(kind, at=self._line.clock.now(), **facts)
