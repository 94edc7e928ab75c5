"""The gateway: every leg event finds its conversation; nothing that fails reaches another call.

A call comes in one of three ways: to a feature code (a counselor's phone), to a line of ours (a
caller), or while we are full: then the edge tries the next gateway, and the last one, which the
edge marks with ``X-Hotline-Last: yes``, apologises in words. A fault inside one conversation is
logged with the contact's id and turned into the way to a human (`Conversation.rescue`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from hotline.call import LegEnded, LegEvent, LegFaulted, LegInvited
from hotline.clock import Timers
from hotline.conversation import feature
from hotline.conversation.announcement import Announcement
from hotline.conversation.arrival import Arrival, DialledLine
from hotline.conversation.callingback import CallingBack
from hotline.conversation.charge import Charge
from hotline.conversation.conversation import Conversation
from hotline.conversation.errands import attempt
from hotline.conversation.notice import Notice
from hotline.conversation.returns import Returns, StillHere
from hotline.events import AlarmKind, Reason, SealedNumber
from hotline.ids import (
    ContactId,
    CounselorId,
    GatewayId,
    LegId,
    NodeId,
    OfferId,
    RecordingId,
    requested_for,
)
from hotline.number import dialable
from hotline.ports import (
    RETRY_AFTER,
    Alarms,
    Audio,
    Carried,
    Counselors,
    EscalateContact,
    NoticeOutcome,
    Offer,
    Prompts,
    Telephone,
)

log = logging.getLogger(__name__)

LEGS_KEPT_FREE = 2
"""Legs that apologies may use when the conversations are full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switchboard:
    """What the gateway needs of the telephone."""

    telephone: Telephone
    audio: Audio
    prompts: Prompts
    timers: Timers
    alarms: Alarms


class Gateway:
    """All conversations of one process.

    `converse` makes the conversation for an arrival, `call_back` what carries a callback (it is
    given what to tell of its legs); `seal` seals a caller's number, `area_of` tells the tier node
    of its area, if it has one.
    Implements ports.LegListener, ports.OfferTaker, ports.OrderTaker, ports.Staffing,
    ports.Notifier and queueing.heart.Carrier.
    """

    def __init__(
        self,
        *,
        gateway: GatewayId,
        lines: Mapping[str, DialledLine],
        switchboard: Switchboard,
        counselors: Counselors,
        returns: Returns,
        converse: Callable[[Arrival, DialledLine], Conversation],
        seal: Callable[[str], SealedNumber],
        max_contacts: int,
        call_back: Callable[[Offer, Callable[[Charge], None]], CallingBack],
        area_of: Callable[[str], NodeId | None] = lambda _number: None,
    ) -> None:
        self.id = gateway
        self._lines = lines
        self._switchboard = switchboard
        self._counselors = counselors
        self._returns = returns
        self._converse = converse
        self._seal = seal
        self._max_contacts = max_contacts
        self._call_back = call_back
        self._area_of = area_of
        self._charges: dict[ContactId, Charge] = {}
        self._by_leg: dict[LegId, Charge] = {}
        self._announcements: dict[LegId, Announcement] = {}
        self._notices: dict[LegId, Notice] = {}
        self._draining = False
        self._leaving = False

    @property
    def contacts(self) -> int:
        """How many contacts are alive here."""
        return sum(1 for c in self._charges.values() if c.lives)

    @property
    def carried(self) -> dict[ContactId, Carried]:
        """Every living contact, and every request, with what it does: what the heartbeat says."""
        carried: dict[ContactId, Carried] = {}
        for charge in self._charges.values():
            if charge.lives:
                carried |= charge.carried
        return carried

    def conversation_of(self, leg: LegId) -> Charge | None:
        """Return the conversation that `leg` belongs to, if it is still alive."""
        return self._by_leg.get(leg)

    # --- legs --------------------------------------------------------------------

    def leg_event(self, event: LegEvent) -> None:
        """Take one leg event to where it belongs; never raises."""
        try:
            if isinstance(event, LegFaulted):
                self._faulted(event)
            elif isinstance(event, LegInvited):
                self._invited(event)
            elif event.leg in self._announcements:
                self._announcement_event(event)
            elif event.leg in self._notices:
                self._notices[event.leg].leg_event(event)
            else:
                self._conversation_event(event)
        except Exception:
            log.exception("leg %s: unhandled fault", event.leg[:8])
            self._switchboard.alarms.raise_alarm(AlarmKind.FAULT, "unhandled fault, see the log")
            self._switchboard.telephone.end(event.leg, status=500)

    def _invited(self, event: LegInvited) -> None:
        kind, _, name = event.headers.get("from", "").partition(":")
        if kind == "phone" and event.dialled.startswith("*"):
            self._feature_call(event, CounselorId(name))
            return
        line = self._lines.get(event.dialled)
        if line is None:
            self._switchboard.telephone.end(event.leg, status=404)
            return
        arrival = Arrival(
            gateway=self.id,
            leg=event.leg,
            trunk=name if kind == "trunk" else f"phone-{name}",
            dnis=event.dialled,
            node=self._area_of(event.caller) or line.node,
            caller=self._sealed(event.caller),
            dialable=bool(dialable(event.caller)),
        )
        full = self.contacts >= self._max_contacts
        if (full or self._draining) and event.headers.get("last") != "yes":
            self._hand_over(event.leg)  # the edge has another gateway: not a contact of ours
            return
        conversation = self._converse(arrival, line)
        if self._draining:
            conversation.turn_away(Reason.SHUTDOWN)
            self._hand_over(event.leg)
            return
        if full:
            self._refuse_full(conversation)
            return
        self._charges[conversation.contact.id] = conversation
        self._by_leg[event.leg] = conversation
        conversation.begin()

    def _sealed(self, caller: str) -> SealedNumber:
        """Seal a number; one that cannot be sealed counts as withheld and costs nobody the call."""
        try:
            return self._seal(caller)
        except Exception as error:  # not with its text, which may show the number
            log.error("a caller's number could not be sealed: %s", type(error).__name__)
            detail = "a caller's number could not be sealed and counts as withheld"
            self._switchboard.alarms.raise_alarm(AlarmKind.FAULT, detail)
            return SealedNumber(cipher="", digest="")

    def _feature_call(self, event: LegInvited, counselor: CounselorId) -> None:
        code = event.dialled
        self._announce(event.leg).begin(lambda: feature.dial(code, counselor, self._counselors))

    def _refuse_full(self, conversation: Conversation) -> None:
        """Journal the caller we cannot serve; apologise in words while a leg is free for it."""
        self._switchboard.alarms.raise_alarm(
            AlarmKind.OVER_CAPACITY, f"more than {self._max_contacts} contacts on one gateway"
        )
        leg = conversation.arrival.leg
        conversation.turn_away(Reason.OVER_CAPACITY)
        if self._legs_used + LEGS_KEPT_FREE > self._switchboard.telephone.capacity:
            self._hand_over(leg)
            return

        async def apology() -> str:
            return "over_capacity"

        self._announce(leg).begin(apology)

    @property
    def _legs_used(self) -> int:
        third = sum(c.has_third for c in self._charges.values())
        return 2 * self.contacts + third + len(self._announcements) + len(self._notices)

    def _hand_over(self, leg: LegId) -> None:
        self._switchboard.telephone.end(leg, status=503, retry_after=RETRY_AFTER)

    def _announce(self, leg: LegId) -> Announcement:
        board = self._switchboard
        announcement = Announcement(
            leg=leg,
            telephone=board.telephone,
            audio=board.audio,
            prompts=board.prompts,
            timers=board.timers,
            alarms=board.alarms,
        )
        self._announcements[leg] = announcement
        return announcement

    def _announcement_event(self, event: LegEvent) -> None:
        announcement = self._announcements[event.leg]
        if isinstance(event, LegEnded):
            announcement.close()
            del self._announcements[event.leg]
        else:
            announcement.leg_event(event)

    def _conversation_event(self, event: LegEvent) -> None:
        charge = self._by_leg.get(event.leg) or self._owner_of(event.leg)
        if charge is None:
            return
        if isinstance(event, LegEnded):
            self._by_leg.pop(event.leg, None)
        try:
            charge.leg_event(event)
        except Exception:
            log.exception("contact %s: fault, leading to a human", charge.contact.id[:8])
            self._switchboard.alarms.raise_alarm(AlarmKind.FAULT, "a conversation met a fault")
            self._rescue(charge, event)

    def _faulted(self, event: LegFaulted) -> None:
        """What the engine told of this leg may be lost; announcements end by themselves."""
        detail = "a fault as the engine told of a call, see the log"
        self._switchboard.alarms.raise_alarm(AlarmKind.FAULT, detail)
        if charge := self._by_leg.get(event.leg) or self._owner_of(event.leg):
            self._rescue(charge, event)

    def _rescue(self, charge: Charge, event: LegEvent | None) -> None:
        try:
            charge.rescue(event)
        except Exception:
            log.exception("contact %s: cannot be led to a human", charge.contact.id[:8])
            if not charge.waits:  # who waits still does, and is offered to somebody
                charge.fail(Reason.FAULT)

    def _owner_of(self, leg: LegId) -> Charge | None:
        """Return the conversation that dialled `leg` by itself: a partner's."""
        for charge in self._charges.values():
            if leg in charge.legs:
                self._by_leg[leg] = charge
                return charge
        return None

    # --- offers ------------------------------------------------------------------

    def offer_made(self, offer: Offer) -> None:
        """An offer for a contact of ours: to its conversation, or back where it came from."""
        try:
            charge = self._concerned(offer.contact)
            if offer.callback is not None and (charge is None or not charge.lives):
                if charge is not None and charge.caller_leg in self._by_leg:
                    raise StillHere  # and may press the danger key yet
                charge = self._call_back(offer, self._hold)
        except Exception as error:  # not with its text, which may show what was promised
            log.error("contact %s: cannot be carried: %s", offer.contact[:8], type(error).__name__)
            self._returns.unreadable(offer)
            return
        if charge is None:  # the caller has gone meanwhile
            self._returns.give_back(offer)
            return
        try:
            charge.offer_made(offer)
        except Exception:
            log.exception("contact %s: fault at an offer", charge.contact.id[:8])
            self._switchboard.alarms.raise_alarm(AlarmKind.FAULT, "an offer met a fault")
            self._rescue(charge, None)
            self._returns.give_back(offer)
        self._hold(charge)
        if self._leaving:
            charge.fail(Reason.SHUTDOWN)

    @property
    def calls_back(self) -> bool:
        """Whether a callback may be claimed for this gateway now."""
        rests = self._draining or self._returns.rests
        return not rests and self.contacts < self._max_contacts

    def _hold(self, charge: Charge) -> None:
        """Let events of its legs reach `charge`, which is what its contact is now."""
        self._charges[charge.contact.id] = charge
        for leg in charge.legs:
            self._by_leg[leg] = charge

    def offer_withdrawn(self, offer: OfferId) -> None:
        """The queue took an offer back."""
        attempt(*(partial(c.offer_withdrawn, offer) for c in self._charges.values()))

    def ordered(self, order: EscalateContact) -> None:
        """Somebody gives an order about a contact of ours."""
        if charge := self._concerned(order.contact):
            charge.ordered(order)

    def _concerned(self, contact: ContactId) -> Charge | None:
        """Return the conversation of a contact, or of a request."""
        return self._charges.get(requested_for(contact) or contact)

    # --- notices -----------------------------------------------------------------

    async def notify(self, counselor: CounselorId, reason: str) -> NoticeOutcome:
        """Tell a counselor of a change that others made, by a short call."""
        board = self._switchboard
        if self._leaving or self._legs_used + LEGS_KEPT_FREE > board.telephone.capacity:
            return NoticeOutcome.AWAY
        notice = Notice(
            counselor,
            reason,
            telephone=board.telephone,
            audio=board.audio,
            prompts=board.prompts,
            timers=board.timers,
            alarms=board.alarms,
        )
        self._notices[notice.leg] = notice
        try:
            return await notice.outcome()
        finally:
            del self._notices[notice.leg]

    # --- housekeeping ------------------------------------------------------------

    def tell_again(self, contacts: Collection[ContactId]) -> None:
        """Of these contacts and requests the queue believes something else than is so."""
        concerned = [(self._concerned(contact), contact) for contact in contacts]
        attempt(*(partial(c.tell_again, contact) for c, contact in concerned if c is not None))

    def revive(self, failed: Mapping[ContactId, int]) -> None:
        """We had been given up: the journal says of these contacts, with that number, that they
        failed."""
        here = [(self._charges.get(contact), seq) for contact, seq in failed.items()]
        attempt(*(partial(charge.revive, seq) for charge, seq in here if charge is not None))

    def nobody_staffed(self, contacts: Collection[ContactId]) -> None:
        """See `ports.Staffing`."""
        told = self._charges.items()
        attempt(*(partial(charge.nobody_staffed, one in contacts) for one, charge in told))

    def recording_stopped(self, recording: RecordingId, detail: str) -> None:
        """The recorder gave this recording up."""
        charges = self._charges.values()
        attempt(*(partial(charge.recording_stopped, recording, detail) for charge in charges))

    def sweep(self) -> None:
        """Forget the contacts that are over, and end those whose caller has gone without that
        anybody heard of it (a fault in between); called each second."""
        for charge in self._charges.values():
            needed = charge.caller_leg
            if charge.lives and needed is not None and needed not in self._by_leg:
                log.error("contact %s: its caller has gone: mended", charge.contact.id[:8])
                attempt(partial(charge.fail, Reason.FAULT))
        for contact in [c for c, charge in self._charges.items() if charge.over]:
            del self._charges[contact]
        if self.contacts < self._max_contacts:
            self._switchboard.alarms.clear_alarm(AlarmKind.OVER_CAPACITY)

    def drain(self) -> None:
        """Take no more calls; those that are here go on."""
        self._draining = True

    async def leave(self) -> None:
        """Take no more calls; end those that are here with a journalled reason."""
        self._draining = self._leaving = True
        charges = list(self._charges.values())
        attempt(*(partial(charge.fail, Reason.SHUTDOWN) for charge in charges))
        for charge in charges:
            await charge.settled()
        await self._returns.settled()
