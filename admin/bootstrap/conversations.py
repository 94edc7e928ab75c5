"""Makes the conversation of each arrival."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from hotline.clock import Clock, SteadyClock
from hotline.config import Settings
from hotline.contact import Contact
from hotline.conversation.arrival import Arrival, DialledLine
from hotline.conversation.care import CareLimit
from hotline.conversation.context import asserted_identity
from hotline.conversation.conversation import Conversation
from hotline.conversation.line import CallbackTerms, Line
from hotline.conversation.screening import Screener
from hotline.conversation.speaker import Speaker
from hotline.conversation.talk import Talk
from hotline.conversation.waitingroom import Rhythm, WaitingRoom
from hotline.conversation.ways import Ways
from hotline.ids import new_contact_id
from hotline.journal.relay import Relay
from hotline.menu.hours import read_hours
from hotline.menu.reception import Reception
from hotline.number import NumberSealer
from hotline.sip.endpoint import Endpoint
from queueing.store import QueueStore
from recordings.recorder import Recorder

PARTNERS_SHARE = 0.75
"""Beyond this share of its legs in use, a gateway rings no partner: the rest is for our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    """Makes the conversation of each arrival."""

    settings: Settings
    clock: Clock
    store: QueueStore
    relay: Relay
    telephone: Endpoint
    speaker: Speaker
    recorder: Recorder | None
    screener: Screener
    sealer: NumberSealer

    def converse(
        self, arrival: Arrival, dialled: DialledLine, contact: Contact | None = None
    ) -> Conversation:
        """Return the conversation of a new contact, or of one that was called back."""
        contact = contact or Contact(new_contact_id(), journal=self.relay)
        dates = SteadyClock(self.clock)
        reception = Reception(
            leg=arrival.leg,
            speaker=self.speaker,
            welcome=lambda: self.screener.welcome(arrival, dialled),
            language=self.settings.site.language,
        )
        return Conversation(
            contact=contact,
            arrival=arrival,
            line=replace(self.line, dates=dates),
            ring_timeout=self.settings.gateway.ring_timeout,
            reception=reception,
            waiting_room=WaitingRoom(
                leg=arrival.leg,
                speaker=self.speaker,
                rhythm=Rhythm(
                    first=self.settings.queueing.first_position,
                    every=self.settings.queueing.position_every,
                ),
            ),
            talk=Talk(
                contact=contact.id,
                caller=arrival.leg,
                audio=self.telephone,
                prompts=self.speaker.prompts,
                recorder=self.recorder,
                alarms=self.speaker.alarms,
                care=self._care(contact, arrival, reception, dates),
            ),
        )

    @property
    def line(self) -> Line:
        """What a conversation talks to."""
        terms = self.settings.callback
        return Line(
            telephone=self.telephone,
            audio=self.telephone,
            queue=self.store,
            offers=self.store,
            alarms=self.speaker.alarms,
            clock=self.clock,
            timers=self.speaker.timers,
            ways=self._ways(),
            terms=CallbackTerms(
                callbacks=self.store,
                hours=read_hours(terms.windows),
                zone=ZoneInfo(self.settings.site.timezone),
                soon_hours=terms.soon_hours,
                days=terms.days,
            )
            if terms.enabled
            else None,
        )

    def _ways(self) -> Ways:
        sealed, realm = self.sealer, self.settings.edge.realm
        telephone = self.telephone
        return Ways(
            overflow=self.settings.overflow,
            voicemail=self.settings.voicemail,
            recorder=self.recorder,
            identity_of=lambda number: asserted_identity(sealed.open(number), realm=realm),
            seats=self.store,
            room=lambda: telephone.legs < telephone.capacity * PARTNERS_SHARE,
        )

    def _care(
        self, contact: Contact, arrival: Arrival, reception: Reception, dates: Clock
    ) -> CareLimit:
        return CareLimit(
            contact=contact,
            caller_digest=arrival.caller.digest,
            seconds=lambda: reception.care_seconds,
            speaker=self.speaker,
            screening=self.store,
            clock=dates,
            zone=ZoneInfo(self.settings.site.timezone),
        )
