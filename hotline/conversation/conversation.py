"""One contact's life on this gateway: leg events and offers in, commands and journal events out.

The contact machine says what may happen; this coordinator makes it happen. It owns the caller's
leg from INVITE to the end, and the counselors' legs while there are any:

    Greeting       notice and menu       until the contact is queued
    InLine         what the queue knows  while it waits or is offered
    Account        what is so, if the queue believes otherwise
    WaitingRoom    music and position    likewise
    Seat           offer and counselor   while a phone rings, and while they talk
    Talking        bridge and tracks     while they talk
    Escalation     a second counselor    likewise, when the first asks for one
    Elsewhere      partners, a message   when nobody of ours is there
    Wishes         keys of a caller      while waiting; a callback, say
    Rescue         the way to a human    when our own code fails
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from hotline import events as e
from hotline.call import DigitPressed, LegAnswered, LegEnded, LegEvent
from hotline.contact import Contact, ContactState, E
from hotline.conversation.account import Account
from hotline.conversation.arrival import Arrival
from hotline.conversation.elsewhere import Elsewhere
from hotline.conversation.errands import Errands, attempt
from hotline.conversation.escalation import Escalation
from hotline.conversation.greeting import Greeting
from hotline.conversation.guardedtimers import GuardedTimers
from hotline.conversation.inline import InLine
from hotline.conversation.line import Line
from hotline.conversation.rescue import Rescue
from hotline.conversation.seat import Seat
from hotline.conversation.talk import Talk
from hotline.conversation.talking import Talking
from hotline.conversation.visit import LOST, Visit
from hotline.conversation.waitingroom import WaitingRoom
from hotline.conversation.wishes import Wishes
from hotline.events import Reason, Result, Termination
from hotline.ids import ContactId, LegId, OfferId, RecordingId
from hotline.menu.reception import MenuResult, Reception
from hotline.ports import Carried, EscalateContact, Offer, Promise

log = logging.getLogger(__name__)

S = ContactState


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
        timers = GuardedTimers(line.timers, on_fault=lambda: self._rescue.after_timer())
        self._line = line = replace(line, timers=timers)
        self._reception = reception
        self._waiting_room = waiting_room
        self._talk = talk
        self._errands = Errands(
            timers=timers,
            name=f"contact {contact.id[:8]}",
            on_fault=lambda: self._rescue.after_task(),
        )
        self._in_line = InLine(
            contact=contact,
            arrival=arrival,
            queue=line.queue,
            waiting_room=waiting_room,
            errands=self._errands,
            clock=line.dates or line.clock,
        )
        self._seat = Seat(
            contact,
            line=line,
            errands=self._errands,
            ring_timeout=ring_timeout,
            answered=self._counselor_answered,
        )
        self.escalation = Escalation(
            contact=contact,
            line=line,
            errands=self._errands,
            first=self._seat,
            talk=talk,
            asks=self._in_line.asked,
        )
        self._account = Account(
            contact=contact,
            in_line=self._in_line,
            line=line,
            errands=self._errands,
            seat=self._seat,
        )
        visit = Visit(
            contact=contact,
            arrival=arrival,
            line=line,
            reception=reception,
            in_line=self._in_line,
            waiting_room=waiting_room,
            queue=self.queue,
            wait=self._wait,
            end=self._end,
            stop_ringing=self._seat.give_up,
        )
        self._talking = Talking(visit, talk)
        errands = self._errands
        self._elsewhere = Elsewhere(visit, errands=errands, engaged=lambda: self._wishes.under_way)
        self._wishes: Wishes = Wishes(visit, errands=errands, chosen=self._elsewhere.stand_down)
        self._rescue: Rescue = Rescue(
            visit,
            seat=self._seat,
            escalation=self.escalation,
            elsewhere=self._elsewhere,
            lost=self._counselor_lost,
            fail=self.fail,
        )
        self._greeting = Greeting(
            visit, take_message=self._elsewhere.take_message, rescue=self._rescue.after_task
        )

    # --- what the gateway asks ---------------------------------------------------

    @property
    def lives(self) -> bool:
        """The contact has not ended, nor gone with a promise."""
        return self.contact.lives

    @property
    def over(self) -> bool:
        """It has, and the queue knows."""
        return not self.lives and self._errands.idle

    @property
    def legs(self) -> frozenset[LegId]:
        """The legs that belong to this contact now."""
        legs = (self.arrival.leg, self._seat.leg, self.escalation.leg)
        return frozenset(leg for leg in legs if leg is not None) | self._elsewhere.legs

    @property
    def caller_leg(self) -> LegId | None:
        """See `Charge`: one who hung up is still there while a promise is under way."""
        return None if self._wishes.under_way else self.arrival.leg

    @property
    def has_third(self) -> bool:
        """A second counselor is asked for, or there."""
        return self.escalation.request is not None

    @property
    def waits(self) -> bool:
        """The contact is in line, or a phone rings for it."""
        return self._in_line.waits

    @property
    def carried(self) -> dict[ContactId, Carried]:
        """What the contact does, and its request, if somebody else is asked for."""
        return {self.contact.id: self._account.carried} | self.escalation.carried

    def tell_again(self, which: ContactId) -> None:
        """Of this contact, or its request, the queue believes something else than is so."""
        if which == self.contact.id:
            self._account.tell_again()
        else:
            self.escalation.tell_again()

    def revive(self, seq: int) -> None:
        """Others took us for dead and journalled, with number `seq`, that this contact failed."""
        if self._account.revive(seq):
            self._talking.revived()

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
        if not self.lives:
            self._goodbye_event(event)
        elif event.leg == self.arrival.leg:
            self._caller_event(event)
        elif event.leg == self.escalation.leg:
            if not self._key_pressed(event):
                self.escalation.leg_event(event)
        elif event.leg != self._seat.leg:
            self._elsewhere.partner_event(event)
        elif self._seat.rings:
            if isinstance(event, LegAnswered):
                self._elsewhere.stand_down()
            self._seat.ringing_event(event)
        elif not self._key_pressed(event):
            self._counselor_event(event)

    def offer_made(self, offer: Offer) -> None:
        """A counselor was claimed for this contact, or its request: ring, or give it back."""
        if offer.contact != self.contact.id:
            self.escalation.offer_made(offer)
        elif self.contact.state is S.QUEUED:
            self._seat.ring(offer)
        else:
            self._seat.refuse(offer)

    def offer_withdrawn(self, offer: OfferId) -> None:
        """The queue took the offer back (its lease ran out): the phone stops ringing."""
        self._seat.withdrawn(offer)
        self.escalation.offer_withdrawn(offer)

    def ordered(self, order: EscalateContact) -> None:
        """Somebody asks for a second counselor."""
        self.escalation.ask(by=order.by, reason=order.reason)

    def nobody_staffed(self, nobody: bool) -> None:
        """Told each second: whether nobody on duty may be asked for this contact."""
        self._elsewhere.nobody_staffed(nobody)

    def recording_stopped(self, recording: RecordingId, detail: str) -> None:
        """The recorder gave up (disk short): the conversation goes on unrecorded."""
        self._elsewhere.recording_stopped(recording, detail)
        self._talking.recording_stopped(recording, detail)

    def fail(self, reason: Reason) -> None:
        """End the contact by a fault or order of ours."""
        if self.lives:
            self._end(e.ContactFailed, Termination(Result.FAILED, reason))

    def rescue(self, event: LegEvent | None = None) -> None:
        """Something in our own code went wrong, at `event`: whatever it was, lead the caller to a
        human."""
        self._rescue.after(event)

    def queue(self, menu: MenuResult) -> None:
        """The menu is over: wait for a counselor."""
        self._record(e.MenuFinished, outcome=menu.outcome, topic=menu.topic, language=menu.language)
        self._in_line.ask(menu)
        self._wait("danger_confirmed" if self._in_line.is_crisis else "please_wait")

    async def recall(self, promise: Promise) -> None:
        """The caller was promised a callback, and is being called: remember what they asked for."""
        self._in_line.recall(promise.waiting)
        language = promise.waiting.language
        await self._reception.recall(consent=promise.consent, language=language)

    def take_up(self, offer: Offer, leg: LegId, *, told: Callable[[], Awaitable[object]]) -> None:
        """The caller was called and took the call, and the counselor is on `leg`; `told` lets the
        queue know. Should the two not hear each other (it raises), nothing has happened."""
        self._seat.take(offer, leg)
        try:
            self._talking.begin(e.CallbackReached, offer, leg)
        except Exception:
            self._seat.leave()
            raise
        self._errands.send(told)

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
        if self._wishes.takes(event, again=self._caller_event):
            return
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
            self._errands.send(self._greeting.begin)
        elif self.contact.state is S.GREETED:
            self._reception.leg_event(event)
        elif self.waits:
            self._wishes.waiting_event(event)
        elif self.contact.state is S.TALKING:
            self._talking.leg_event(event)

    def _goodbye_event(self, event: LegEvent) -> None:
        self._wishes.goodbye_event(event)
        if isinstance(event, LegEnded):
            self._elsewhere.close()

    # --- the counselor's leg -----------------------------------------------------

    def _counselor_answered(self) -> None:
        offer, leg = self._seat.offer, self._seat.leg
        if offer is None or leg is None:
            return
        self._elsewhere.counselor_talks()
        self._wishes.close()
        self._waiting_room.leave()
        self._talking.begin(e.ContactAnswered, offer, leg)

    def _key_pressed(self, event: LegEvent) -> bool:
        if isinstance(event, DigitPressed) and self.contact.state is S.TALKING:
            self.escalation.pressed(event.leg, event.digit)
        return isinstance(event, DigitPressed)

    def _counselor_event(self, event: LegEvent) -> None:
        if not isinstance(event, LegEnded):
            self._talking.leg_event(event)
        elif self.escalation.has_joined:
            self.escalation.first_left(event.leg, event.reason)
        elif event.reason in LOST or self.escalation.waits:
            self._counselor_lost(event.reason)
        else:
            termination = Termination(Result.COMPLETED, event.reason)
            self._end(e.CounselorLeft, termination, counselor=self._seat.counselor)

    def _counselor_lost(self, reason: Reason) -> None:
        """The caller goes back to the line; before others, if the counselor had asked for help with
        the caller, which nobody came to give in time."""
        counselor, was_escalated = self._seat.counselor, self.escalation.waits
        self._close_talk(requeue=True)
        self._record(e.CounselorLost, counselor=counselor, reason=reason)
        if was_escalated:
            self._in_line.ask_urgently()
        self._wait("escalation_wait" if was_escalated else "counselor_lost")

    def _close_talk(self, *, requeue: bool) -> None:
        self.escalation.clear(status=486)
        self._talking.end()
        self._seat.finish(requeue=requeue)
        self._errands.send(self._talk.care.report)

    # --- waiting and ending ------------------------------------------------------

    def _wait(self, first: str) -> None:
        self._in_line.wait(first)
        self._elsewhere.waiting()

    def _end(self, kind: type[e.Event], termination: Termination, **facts: object) -> None:
        talked, partners = self._seat.offer is not None, self._elsewhere.legs
        fault = kind is e.ContactFailed or termination.reason in LOST
        status = 503 if kind is e.ContactFailed else 486
        attempt(
            lambda: self._reception.close(),
            self._waiting_room.leave,
            self._elsewhere.close,
            self._wishes.close,
            *(partial(self._line.telephone.end, x, status=status) for x in partners),
            partial(self._line.telephone.end, self.arrival.leg, status=status),
            partial(self.escalation.clear, status=status),
            partial(self._seat.clear, status=status),
        )
        if self.waits or self._in_line.is_elsewhere or (fault and talked):
            self._in_line.leave(fault=fault)
        if talked:
            attempt(partial(self._close_talk, requeue=False))
        self._record(kind, termination=termination, **facts)

    def _record(self, kind: type[E], **facts: object) -> E:
        return self.contact.record(kind, at=self._line.now(), **facts)
