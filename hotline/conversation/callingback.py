"""One attempt to call a caller back: the counselor first, then the caller.

    the counselor's phone rings -> picks up -> the queue's fence -> the caller's phone rings
      -> "this is the call that you asked for; press 1" -> 1 -> a `Conversation` like any other

Whoever answers hears neither who calls nor why. Anything but the key means that the attempt
failed: the counselor is told so in words and is ready again. Without the queue's word nobody is
dialled, and what the queue has allowed once is dialled once: a gateway that dies here leaves an
attempt that counts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial

from hotline import events as e
from hotline.call import DigitPressed, LegAnswered, LegEnded, LegEvent, PlaybackFinished
from hotline.clock import SteadyClock, Timer
from hotline.contact import Contact, ContactState
from hotline.conversation.arrival import Arrival
from hotline.conversation.callbacktools import Tools
from hotline.conversation.charge import Charge
from hotline.conversation.conversation import Conversation
from hotline.conversation.errands import Errands, attempt
from hotline.conversation.guardedtimers import GuardedTimers
from hotline.conversation.ringing import EVENT_OF, WITH_STATUS, Ringing, is_same
from hotline.conversation.waitingroom import MUSIC
from hotline.errors import PromptMissing, QueueUnavailable
from hotline.events import AlarmKind, Reason
from hotline.ids import ContactId, LegId, OfferId, RecordingId
from hotline.number import dialable
from hotline.ports import (
    Callback,
    Carried,
    EscalateContact,
    Offer,
    OfferOutcome,
    Released,
)

log = logging.getLogger(__name__)

S = ContactState

TAKE_KEYS = frozenset({"1", "0"})
"""1 takes the call, and so does the danger key: the counselor is there already."""
FENCE_SECONDS = 1.0
"""For so long a counselor who picked up waits for the queue's word."""
KEY_SECONDS = 6.0
"""After the sentence, for the key."""
MOST_SENTENCES = 2
FAREWELL_SECONDS = 8.0
"""No words to a counselor take longer; less than is left of the offer's lease when they pick up."""


class CallingBack:
    """One claimed callback on this gateway. Implements `Charge`.

    `hold` is told whenever legs were added, and of the conversation that takes this one's place.
    """

    waits = False
    """Nobody hears music here."""
    has_third = False
    caller_leg: LegId | None = None
    """None is needed: the attempt begins without the caller, and ends without, by its own time."""

    def __init__(
        self, callback: Callback, *, contact: Contact, tools: Tools, hold: Callable[[Charge], None]
    ) -> None:
        self.contact = contact
        self.lives = True
        self._promise = callback.promise
        self._tools = tools
        self._hold = hold
        self._dates = SteadyClock(tools.line.clock)
        self._timers = GuardedTimers(tools.line.timers, on_fault=self._task_failed)
        self._errands = Errands(
            timers=self._timers, name=f"callback {contact.id[:8]}", on_fault=self._task_failed
        )
        self._offer: Offer | None = None
        self._ringing: Ringing | None = None
        self._counselor: LegId | None = None
        self._caller: LegId | None = None
        self._conversation: Conversation | None = None
        self._timer: Timer | None = None
        self._playlist: int | None = None
        self._sentences = 0
        self._reason: Reason | None = None
        """Why the attempt is over; None while it runs."""
        self._is_void = False
        """The offer was withdrawn while the queue was asked whether the caller may be called."""

    @property
    def over(self) -> bool:
        return not self.lives and self._errands.idle

    @property
    def legs(self) -> frozenset[LegId]:
        ringing = self._ringing.leg if self._ringing is not None else None
        return frozenset(leg for leg in (ringing, self._counselor, self._caller) if leg)

    async def settled(self) -> None:
        await self._errands.settled()

    # --- what the gateway asks -----------------------------------------------------

    def offer_made(self, offer: Offer) -> None:
        """A counselor was claimed: ring the phone."""
        line = self._tools.line
        if is_same(offer, self._offer):
            return
        if self.contact.state is not S.PROMISED or not self.lives:
            self._errands.send(lambda: line.offers.give_back(offer, OfferOutcome.WITHDRAWN))
            return
        self._offer, self._reason, self._is_void = offer, None, False
        self._record(
            e.ContactOffered, offer=offer.id, counselor=offer.counselor,
            plan=offer.plan, step=offer.step, sticky=offer.sticky,
        )  # fmt: skip
        left = (offer.expires_at - line.clock.now()).total_seconds()
        self._ringing = Ringing(
            offer,
            contact=self.contact.id,
            telephone=line.telephone,
            timers=line.timers,
            alarms=line.alarms,
            seconds=min(self._tools.ring_timeout, left),
        )

    def offer_withdrawn(self, offer: OfferId) -> None:
        """The lease ran out, or nobody is to be called any more."""
        if self._offer is None or self._offer.id != offer or not self.lives:
            return
        if self._ringing is not None:
            ringing = self._ringing
            ringing.stop(OfferOutcome.WITHDRAWN)
            self._offer_over(ringing, OfferOutcome.WITHDRAWN, 487, told=True)
        elif self._conversation is not None:
            self._stop(Reason.WITHDRAWN, "callback_void")
        else:
            self._is_void = True  # not stopped at once: what is journalled depends on the answer

    def fail(self, reason: Reason, words: str = "") -> None:
        """End the attempt by a fault or order of ours; the counselor hears `words`."""
        if self._ringing is not None:
            ringing = self._ringing
            ringing.stop(OfferOutcome.WITHDRAWN)
            self._offer_over(ringing, OfferOutcome.WITHDRAWN, 487)
        elif self.lives and self._offer is not None:
            self._stop(reason, words)

    def rescue(self, _event: LegEvent | None = None) -> None:
        """A fault of ours: whoever is called hears no more of it, and is called another time."""
        self.fail(Reason.FAULT, "callback_failed")

    def _task_failed(self) -> None:
        """A task, or a timer, met a fault, and no leg event tells of it."""
        self._tell_fault()
        if self._ringing is None and self.contact.state in (S.RETURNING, S.DIALLED):
            self.rescue()

    def _tell_fault(self) -> None:
        self._tools.line.alarms.raise_alarm(AlarmKind.FAULT, "a callback met a fault, see the log")

    @property
    def carried(self) -> Mapping[ContactId, Carried]:
        """The attempt, under its offer."""
        contact = self.contact
        return {contact.id: Carried(seq=contact.seq, state=contact.state, offer=self._offer)}

    def tell_again(self, which: ContactId) -> None:
        """The queue alone knows where a promise stands."""

    def revive(self, seq: int) -> None:
        """What others took from a gateway that was silent stays taken: the fence tells."""

    def ordered(self, order: EscalateContact) -> None:
        """Nobody talks yet."""

    def nobody_staffed(self, nobody: bool) -> None:
        """A counselor is there."""

    def recording_stopped(self, recording: RecordingId, detail: str) -> None:
        """Nothing is recorded before the caller takes the call."""

    def leg_event(self, event: LegEvent) -> None:
        """React to what happened to one of our legs."""
        if self._ringing is not None and event.leg == self._ringing.leg:
            self._ringing_event(event, self._ringing)
        elif event.leg == self._counselor:
            self._counselor_event(event)
        elif event.leg == self._caller:
            self._caller_event(event)

    # --- the counselor -------------------------------------------------------------

    def _ringing_event(self, event: LegEvent, ringing: Ringing) -> None:
        ringing.leg_event(event)
        if isinstance(event, LegAnswered):
            ringing.close()
            self._ringing, self._counselor = None, ringing.leg
            self._errands.hurry(lambda: self._picked_up(ringing.offer))
        elif isinstance(event, LegEnded):
            self._offer_over(ringing, ringing.outcome(event), event.status)

    def _offer_over(
        self, ringing: Ringing, outcome: OfferOutcome, status: int, *, told: bool = False
    ) -> None:
        """No counselor came; `told`: the queue itself said so."""
        ringing.close()
        self._ringing = None
        offer = ringing.offer
        facts: dict[str, object] = {"offer": offer.id, "counselor": offer.counselor}
        if outcome in WITH_STATUS:
            facts["status"] = status
        self._record(EVENT_OF[outcome], **facts)
        if not told:
            self._errands.send(lambda: self._tools.line.offers.give_back(offer, outcome))
        self._errands.send(lambda: self._release(offer, Reason.WITHDRAWN))

    async def _picked_up(self, offer: Offer) -> None:
        """Dial the caller, if the queue says that it may be."""
        try:
            async with asyncio.timeout(FENCE_SECONDS):
                attempt = await self._tools.callbacks.dial(offer, seq=self.contact.seq)
        except (QueueUnavailable, TimeoutError):
            log.warning("contact %s: not dialled, the queue is away", self.contact.id[:8])
            self._stop(Reason.WITHDRAWN, "callback_void")
            return
        if self._offer is None:  # it was let go meanwhile: the queue has journalled the rest
            return
        if attempt == 0:
            # The two stay claimed until the words are over: else both are offered anew meanwhile.
            self._record(e.OfferWithdrawn, offer=offer.id, counselor=offer.counselor)
            self._stop(Reason.WITHDRAWN, "callback_void")
            return
        facts = {"offer": offer.id, "counselor": offer.counselor, "attempt": attempt}
        self.contact.was_told(e.CallbackDialled, at=self._dates.now(), **facts)
        if self._is_void:
            self._stop(Reason.WITHDRAWN, "callback_void")
        elif self._counselor is None:
            self._stop(Reason.COUNSELOR_HUNG_UP, "")
        elif self._reason is None:
            self._try_to_dial()

    def _try_to_dial(self) -> None:
        try:
            self._dial()
        except Exception as error:  # not with its text, which may show the number
            log.error("contact %s: not dialled: %s", self.contact.id[:8], type(error).__name__)
            self._tell_fault()
            self._stop(Reason.FAULT, "callback_failed")

    def _dial(self) -> None:
        tools, waiting = self._tools, self._promise.waiting
        number = dialable(tools.number_of(self._promise.caller))
        if not number:
            self._stop(Reason.MALFORMED, "callback_failed")
            return
        self._caller = tools.line.telephone.dial_caller(number, shown=tools.shown or waiting.dnis)
        arrival = Arrival(
            gateway=tools.gateway,
            leg=self._caller,
            trunk=self._promise.trunk,
            dnis=waiting.dnis,
            node=waiting.node,
            caller=self._promise.caller,
            dialable=True,
        )
        conversation = self._conversation = tools.converse(arrival, self.contact)
        self._errands.send(lambda: conversation.recall(self._promise))
        self._hold(self)
        self._wait(tools.ring_seconds, lambda: self._stop(Reason.NO_ANSWER, "callback_failed"))
        if self._counselor is not None:
            self._playlist = self._play(self._counselor, "callback_counselor", "")
            if self._playlist is None:
                self._play(self._counselor, MUSIC, "", loop=True)

    def _counselor_event(self, event: LegEvent) -> None:
        if isinstance(event, LegEnded):
            self._counselor = None
            if self._reason is None:
                # Before the fence has answered: whoever asked sees that nobody is there.
                if self.contact.state is S.DIALLED:
                    self._stop(Reason.COUNSELOR_HUNG_UP, "")
            else:
                self._let_go()
        elif isinstance(event, PlaybackFinished) and event.playlist == self._playlist:
            if self._reason is not None:
                self._let_go()
            elif self._counselor is not None:
                self._play(self._counselor, MUSIC, "", loop=True)

    # --- the caller ----------------------------------------------------------------

    def _caller_event(self, event: LegEvent) -> None:
        if self._reason is not None:
            return
        if isinstance(event, LegAnswered):
            self._announce()
        elif isinstance(event, DigitPressed):
            self._reached() if event.digit in TAKE_KEYS else self._announce()
        elif isinstance(event, PlaybackFinished):
            self._wait(KEY_SECONDS, self._announce)
        elif isinstance(event, LegEnded):
            self._stop(event.reason, "callback_failed")

    def _announce(self) -> None:
        """Say who is meant, and no more; not for ever. Where that cannot be said, the two talk."""
        self._sentences += 1
        language = self._promise.waiting.language
        if self._sentences > MOST_SENTENCES or self._caller is None:
            self._stop(Reason.NOT_CONFIRMED, "callback_failed")
            return
        self._wait(FAREWELL_SECONDS + KEY_SECONDS, self._announce)
        if self._play(self._caller, "callback_announce", language) is None:
            self._reached()

    def _reached(self) -> None:
        conversation, offer, counselor = self._conversation, self._offer, self._counselor
        if conversation is None or offer is None or counselor is None or self._caller is None:
            return
        self._forget_timer()
        for leg in (self._caller, counselor):
            self._tools.line.audio.stop_playing(leg)
        conversation.take_up(offer, counselor, told=lambda: self._tools.callbacks.reached(offer))
        self.lives = False  # not before the two talk: until then a fault is this attempt's
        self._hold(conversation)

    # --- the end of the attempt ----------------------------------------------------

    def _stop(self, reason: Reason, words: str) -> None:
        """The attempt is over for `reason`; tell the counselor, if any, then let go."""
        if self._reason is not None or not self.lives:
            return
        self._reason = reason
        self._forget_timer()
        self._playlist = None
        if self._caller is not None:
            attempt(partial(self._tools.line.telephone.end, self._caller))
        if self._counselor is not None and words:
            self._playlist = self._play(self._counselor, words, "")
        if self._playlist is None:
            self._let_go()
        else:
            self._wait(FAREWELL_SECONDS, self._let_go)

    def _let_go(self) -> None:
        """Hang up, and let the queue have the callback and the counselor again; once."""
        self._forget_timer()
        offer, self._offer = self._offer, None
        if offer is None:
            return
        if self._counselor is not None:
            attempt(partial(self._tools.line.telephone.end, self._counselor))
        reason = self._reason or Reason.FAULT
        known = self.contact.state is not S.RETURNING  # else only the queue knows if it was dialled
        self._errands.send(lambda: self._release(offer, reason, journalled=known))

    async def _release(self, offer: Offer, reason: Reason, *, journalled: bool = True) -> None:
        gateway, seq = self._tools.gateway, self.contact.seq
        try:
            released = await self._tools.callbacks.release(
                offer, gateway=gateway, seq=seq, reason=reason, journalled=journalled
            )
        except QueueUnavailable:
            raise
        except Exception:
            self.lives = False  # the queue takes back what no gateway says that it carries
            raise
        self.lives = released is Released.OFFERED  # then it goes on with that offer

    # --- means ---------------------------------------------------------------------

    def _record(self, kind: type[e.Event], **facts: object) -> None:
        self.contact.record(kind, at=self._dates.now(), **facts)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._forget_timer()
        self._timer = self._timers.after(seconds, then)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _play(self, leg: LegId, name: str, language: str, *, loop: bool = False) -> int | None:
        try:
            path = self._tools.prompts.find(name, language)
            return self._tools.line.audio.play(leg, [path], loop=loop)
        except PromptMissing as error:
            self._tools.line.alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))
        except Exception as error:  # whatever it is: words that cannot be said cost nobody the call
            log.error("contact %s: no words: %s", self.contact.id[:8], type(error).__name__)
            self._tell_fault()
        return None
