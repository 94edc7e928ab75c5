"""Makes what carries each callback that a gateway claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from admin.bootstrap.conversations import Conversations
from hotline.contact import Contact, ContactState
from hotline.conversation.arrival import Arrival, DialledLine
from hotline.conversation.callbacktools import Tools
from hotline.conversation.callingback import CallingBack
from hotline.conversation.charge import Charge
from hotline.conversation.conversation import Conversation
from hotline.events import SealedNumber
from hotline.ids import GatewayId
from hotline.ports import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingBacks:
    """Makes what carries each callback; also where no more are promised, for those that were."""

    gateway: GatewayId
    lines: Mapping[str, DialledLine]
    conversations: Conversations
    number_of: Callable[[SealedNumber], str]

    def call_back(self, offer: Offer, hold: Callable[[Charge], None]) -> CallingBack:
        """Return what carries the callback of `offer`."""
        if offer.callback is None:
            raise ValueError("the offer is of no callback")
        settings, seq = self.conversations.settings, offer.callback.seq
        contact = Contact(
            offer.contact, journal=self.conversations.relay, state=ContactState.PROMISED, seq=seq
        )
        tools = Tools(
            gateway=self.gateway,
            line=self.conversations.line,
            callbacks=self.conversations.store,
            prompts=self.conversations.speaker.prompts,
            converse=self._converse,
            number_of=self.number_of,
            shown=settings.callback.shown or "",
            ring_timeout=settings.gateway.ring_timeout,
            ring_seconds=settings.callback.ring_seconds,
        )
        return CallingBack(offer.callback, contact=contact, tools=tools, hold=hold)

    def _converse(self, arrival: Arrival, contact: Contact) -> Conversation:
        first = next(iter(self.lines.values()))  # the number may be ours no more
        line = self.lines.get(arrival.dnis, first)
        return self.conversations.converse(arrival, line, contact)
