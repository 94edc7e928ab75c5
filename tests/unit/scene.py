"""One conversation with fakes all around it, driven by leg events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hotline.call import (
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegInvited,
    LegTried,
    PlaybackFinished,
)
from hotline.clock import ManualClock, ManualTimers, SteadyClock
from hotline.contact import Contact, ContactState
from hotline.conversation.arrival import Arrival, DialledLine
from hotline.conversation.care import CareLimit
from hotline.conversation.conversation import Conversation
from hotline.conversation.line import CallbackTerms, Line
from hotline.conversation.speaker import Speaker
from hotline.conversation.talk import Talk
from hotline.conversation.waitingroom import Rhythm, WaitingRoom
from hotline.conversation.ways import Ways
from hotline.events import CounselorState, Event, Reason, SealedNumber, Termination
from hotline.ids import ContactId, GatewayId, LegId, NodeId
from hotline.menu.flow import Flows
from hotline.menu.hours import read_hours
from hotline.menu.reception import Reception
from hotline.menu.welcome import Welcome
from hotline.overflow import Overflow
from hotline.ports import Offer
from hotline.voicemail import Voicemail
from queueing.limits import Limits
from tests.fakecallbacks import FakeCallbacks
from tests.fakepartners import FakePartners
from tests.fakes import (
    EventList,
    FakeAlarms,
    FakeAudio,
    FakePrompts,
    FakeQueue,
    FakeRecorder,
    FakeTelephone,
    an_offer,
)

CALLER = LegId("caller-leg")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Scene:
    """A caller, a counselor's phone, and what the platform makes of them."""

    def __init__(
        self,
        *,
        flow: str = "main",
        queue: FakeQueue | None = None,
        overflow: Sequence[Overflow] = (),
        voicemail: bool = False,
        windows: Sequence[str] | None = None,
    ) -> None:
        self.journal = EventList()
        self.telephone = FakeTelephone()
        self.audio = FakeAudio()
        self.prompts = FakePrompts()
        self.recorder = FakeRecorder()
        self.alarms = FakeAlarms()
        self.clock = ManualClock(NOON)
        self.queue = queue or FakeQueue(clock=self.clock)
        self.timers = ManualTimers()
        self.partners = FakePartners()
        self.ways = Ways(
            overflow=tuple(overflow),
            voicemail=Voicemail(enabled=voicemail),
            recorder=self.recorder,
            identity_of=lambda _sealed: "<sip:13800138000@here>",
            seats=self.partners,
        )
        self.callbacks = FakeCallbacks(
            self.queue, clock=self.clock, limits=Limits(callback_attempts=1)
        )
        self.terms: CallbackTerms | None = None
        if windows is not None:  # callers may ask to be called, in these too
            self.terms = CallbackTerms(
                callbacks=self.callbacks, hours=read_hours(windows), zone=UTC, soon_hours=3, days=3
            )
        self.welcome = Welcome(flow=Flows(Path("/nowhere")).find(flow))
        self.conversation = self.converse(
            Arrival(
                gateway=GatewayId("gateway-1.test"),
                leg=CALLER,
                trunk="carrier",
                dnis="12356",
                node=NodeId("city"),
                caller=SealedNumber("sealed", "digest"),
                dialable=True,
            ),
            DialledLine(flow="main", node=NodeId("city")),
        )

    def converse(
        self, arrival: Arrival, _line: DialledLine, contact: Contact | None = None
    ) -> Conversation:
        """Make a conversation of fakes; what Gateway is given as its factory."""
        contact = contact or Contact(ContactId(f"contact-of-{arrival.leg}"), journal=self.journal)
        speaker = Speaker(
            audio=self.audio, prompts=self.prompts, timers=self.timers, alarms=self.alarms
        )
        reception = Reception(
            leg=arrival.leg, speaker=speaker, welcome=self._find_welcome, language="zh"
        )
        return Conversation(
            contact=contact,
            arrival=arrival,
            line=replace(self.line, dates=SteadyClock(self.clock)),
            ring_timeout=20,
            reception=reception,
            waiting_room=WaitingRoom(
                leg=arrival.leg, speaker=speaker, rhythm=Rhythm(first=10, every=45)
            ),
            talk=Talk(
                contact=contact.id,
                caller=arrival.leg,
                audio=self.audio,
                prompts=self.prompts,
                recorder=self.recorder,
                alarms=self.alarms,
                care=CareLimit(
                    contact=contact,
                    caller_digest=arrival.caller.digest,
                    seconds=lambda: reception.care_seconds,
                    speaker=speaker,
                    screening=self.queue,
                    clock=self.clock,
                    zone=UTC,
                ),
            ),
        )

    @property
    def line(self) -> Line:
        return Line(
            telephone=self.telephone,
            audio=self.audio,
            queue=self.queue,
            offers=self.queue,
            alarms=self.alarms,
            clock=self.clock,
            timers=self.timers,
            ways=self.ways,
            terms=self.terms,
        )

    async def _find_welcome(self) -> Welcome:
        return self.welcome

    @property
    def state(self) -> ContactState | None:
        return self.conversation.contact.state

    def last(self, kind: type[Event]) -> Event:
        return next(e for e in reversed(self.journal.events) if isinstance(e, kind))

    @property
    def termination(self) -> Termination:
        """The one ending."""
        endings = [e.termination for e in self.journal.events if hasattr(e, "termination")]
        assert len(endings) == 1, endings
        return endings[0]

    async def hear(self, event: LegEvent) -> None:
        self.conversation.leg_event(event)
        await self.settle()

    async def settle(self) -> None:
        if not self.queue.away:
            await self.conversation.settled()

    async def turn(self) -> None:
        """Let the loop go round once: tasks that can go on, do."""
        turned = asyncio.Event()
        asyncio.get_running_loop().call_soon(turned.set)
        await turned.wait()

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.timers.advance(seconds)
        await self.settle()

    async def ring_in(self) -> None:
        """The INVITE, up to the notice."""
        self.conversation.begin()
        await self.hear(LegAnswered(leg=CALLER))

    async def press(self, digits: str) -> None:
        for digit in digits:
            await self.hear(DigitPressed(leg=CALLER, digit=digit))

    async def hear_out(self) -> None:
        """What is being said to the caller is heard to its end."""
        await self.hear(PlaybackFinished(leg=CALLER, playlist=self.audio.playlists))

    async def wait_in_line(self) -> None:
        """Through notice and menu by keys: any key, Mandarin, topic 1."""
        await self.ring_in()
        await self.press("#11")

    async def be_offered(self, number: int = 1, *, edge: bool = True) -> Offer:
        """An offer is made and dialled; `edge`: it is there, and says 100 at once."""
        offer = an_offer(
            self.conversation.contact.id,
            expires_at=self.clock.now().replace(hour=13),
            number=number,
        )
        self.queue.states[offer.counselor] = CounselorState.READY
        self.queue.claim(offer)  # in vain when the contact has left meanwhile
        self.conversation.offer_made(offer)
        if edge and self.state is ContactState.OFFERED:
            self.conversation.leg_event(LegTried(leg=self.counselor_leg))
        await self.settle()
        return offer

    @property
    def counselor_leg(self) -> LegId:
        """That of the last counselor who was rung."""
        return self._leg_of(partner=False)

    @property
    def partner_leg(self) -> LegId:
        return self._leg_of(partner=True)

    def _leg_of(self, *, partner: bool) -> LegId:
        dialled = reversed(self.telephone.dialled)
        return next(leg for whom, _, leg in dialled if whom.startswith("partner.") is partner)

    async def wait_for(self, seconds: int, *, unstaffed: bool = False) -> None:
        """Time passes, second by second, as the dispatcher tells who is staffed."""
        for _ in range(seconds):
            self.conversation.nobody_staffed(unstaffed)
            await self.advance(1)

    async def talk(self) -> Offer:
        """All the way to a bridged conversation."""
        await self.wait_in_line()
        offer = await self.be_offered()
        await self.hear(LegAnswered(leg=self.counselor_leg))
        return offer

    async def caller_hangs_up(self, reason: Reason = Reason.CALLER_HUNG_UP) -> None:
        await self.hear(LegEnded(leg=CALLER, reason=reason, status=200))

    async def counselor_ends(self, reason: Reason, status: int = 200) -> None:
        await self.hear(LegEnded(leg=self.counselor_leg, reason=reason, status=status))


def invited(
    leg: LegId, *, dialled: str = "12356", source: str = "trunk:carrier", last: bool = True
) -> LegInvited:
    """An INVITE as the edge passes it on; `last`: there is no other gateway to try."""
    headers = {"from": source, **({"last": "yes"} if last else {})}
    return LegInvited(leg=leg, caller="13800138000", dialled=dialled, headers=headers)
