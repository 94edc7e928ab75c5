"""Makes the conversation of each arrival."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hotline.clock import Clock
from hotline.config import Settings
from hotline.contact import Contact
from hotline.conversation.arrival import Arrival, DialledLine
from hotline.conversation.care import CareLimit
from hotline.conversation.conversation import Conversation
from hotline.conversation.line import Line
from hotline.conversation.screening import Screener
from hotline.conversation.speaker import Speaker
from hotline.conversation.talk import Talk
from hotline.conversation.waitingroom import Rhythm, WaitingRoom
from hotline.ids import new_contact_id
from hotline.journal.relay import Relay
from hotline.menu.reception import Reception
from hotline.sip.endpoint import Endpoint
from queueing.store import QueueStore
from recordings.recorder import Recorder


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

    def converse(self, arrival: Arrival, dialled: DialledLine) -> Conversation:
        contact = Contact(new_contact_id(), journal=self.relay)
        reception = Reception(
            leg=arrival.leg,
            speaker=self.speaker,
            welcome=lambda: self.screener.welcome(arrival, dialled),
            language=self.settings.site.language,
        )
        return Conversation(
            contact=contact,
            arrival=arrival,
            line=Line(
                telephone=self.telephone,
                audio=self.telephone,
                queue=self.store,
                offers=self.store,
                alarms=self.speaker.alarms,
                clock=self.clock,
                timers=self.speaker.timers,
            ),
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
                care=self._care(contact, arrival, reception),
            ),
        )

    def _care(self, contact: Contact, arrival: Arrival, reception: Reception) -> CareLimit:
        return CareLimit(
            contact=contact,
            caller_digest=arrival.caller.digest,
            seconds=lambda: reception.care_seconds,
            speaker=self.speaker,
            screening=self.store,
            clock=self.clock,
            zone=ZoneInfo(self.settings.site.timezone),
        )
