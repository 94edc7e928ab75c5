"""Legal histories of contacts and counselors: the events that a day at the hotline would leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hotline import events as e
from hotline.contact import Contact
from hotline.events import CounselorState as C
from hotline.events import Event, Priority, Reason, Result, SealedNumber, Termination
from hotline.ids import (
    ContactId,
    CounselorId,
    GatewayId,
    LegId,
    NodeId,
    OfferId,
    RecordingId,
    new_event_id,
    request_id,
)

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NODES = ("city", "city/east", "city/east/riverside", "city/west")


@dataclass
class Collected:
    """A sink that keeps what it is given."""

    events: list[Event] = field(default_factory=list)

    def append(self, event: Event) -> None:
        self.events.append(event)


class History:
    """Tells one contact's visit, step by step; each step takes the seconds it is given."""

    def __init__(self, contact: str, *, start: datetime = MONDAY, node: str = "city") -> None:
        self._sink = Collected()
        self._contact = Contact(ContactId(contact), journal=self._sink)
        self._message = RecordingId(f"message of {contact}")
        self._counselor_seq: dict[str, int] = {}
        self.at = start
        self.node = NodeId(node)
        self.counselor_events: list[Event] = []

    @property
    def contact_events(self) -> list[Event]:
        return self._sink.events

    @property
    def events(self) -> list[Event]:
        return self.contact_events + self.counselor_events

    def record(self, kind: type[Event], seconds: float = 0.0, /, **facts: Any) -> None:
        self.at += timedelta(seconds=seconds)
        self._contact.record(kind, at=self.at, **facts)

    def arrive(self) -> History:
        self.record(
            e.InviteReceived,
            gateway=GatewayId("gateway-1.00"),
            trunk="city",
            dnis="12356",
            caller=SealedNumber(cipher="c", digest="d"),
            node=self.node,
        )
        return self

    def greet(self, seconds: float = 1.0) -> History:
        self.record(e.CallAnswered, seconds, leg=LegId("caller"))
        self.record(e.ConsentGiven, seconds)
        self.record(e.MenuFinished, seconds, outcome="chosen", topic="family", language="zh")
        return self

    def queue(self, seconds: float = 0.0) -> History:
        self.record(
            e.ContactQueued,
            seconds,
            priority=Priority.NORMAL,
            topic="family",
            language="zh",
            skills=("family",),
            node=self.node,
        )
        return self

    def offer(self, number: str, counselor: str, seconds: float = 1.0) -> History:
        self.record(e.ContactOffered, seconds, **_offer(number, counselor))
        self._become(counselor, C.READY, C.OFFERED)
        return self

    def miss(self, number: str, counselor: str, seconds: float = 20.0) -> History:
        self.record(e.OfferMissed, seconds, **_offer(number, counselor))
        self._become(counselor, C.OFFERED, C.NOT_READY, contact=None)
        self._become(counselor, C.NOT_READY, C.READY, contact=None)
        return self

    def answer(self, number: str, counselor: str, seconds: float = 4.0) -> History:
        self.record(e.ContactAnswered, seconds, leg=LegId("desk"), **_offer(number, counselor))
        self._become(counselor, C.OFFERED, C.TALKING)
        return self

    def hold(self, seconds: float, leg: str = "desk") -> History:
        self.record(e.ContactHeld, seconds, leg=LegId(leg))
        return self

    def resume(self, seconds: float, leg: str = "desk") -> History:
        self.record(e.ContactResumed, seconds, leg=LegId(leg))
        return self

    def escalate(self, counselor: str, seconds: float = 30.0) -> History:
        request = request_id(self._contact.id, 1)
        self.record(
            e.EscalationRequested, seconds,
            request=request, counselor=CounselorId(counselor), by="counselor", reason="",
        )  # fmt: skip
        return self

    def join(self, number: str, counselor: str, seconds: float = 4.0) -> History:
        """The second counselor, at another desk, picks up."""
        self.offer(number, counselor)
        request = request_id(self._contact.id, 1)
        self.record(
            e.CounselorJoined, seconds,
            request=request, leg=LegId("other desk"), **_offer(number, counselor),
        )  # fmt: skip
        self._become(counselor, C.OFFERED, C.TALKING)
        return self

    def part(self, counselor: str, stays: str, leg: str, seconds: float = 60.0) -> History:
        self.record(
            e.CounselorParted, seconds,
            counselor=CounselorId(counselor), stays=CounselorId(stays), leg=LegId(leg),
            reason=Reason.COUNSELOR_HUNG_UP,
        )  # fmt: skip
        self._wrap_up(counselor, 45.0)
        return self

    def lose(self, counselor: str, seconds: float = 30.0) -> History:
        lost = CounselorId(counselor)
        self.record(e.CounselorLost, seconds, counselor=lost, reason=Reason.RTP_SILENCE)
        self._wrap_up(counselor, 10.0)
        return self

    def call_partner(self, name: str = "north", seconds: float = 1.0) -> History:
        self.record(e.PartnerDialled, seconds, partner=name, attempt=1, because="waiting")
        return self

    def partner_fails(self, name: str = "north", seconds: float = 1.0) -> History:
        self.record(e.PartnerFailed, seconds, partner=name, reason=Reason.DECLINED, status=486)
        return self

    def forward(self, name: str = "north", seconds: float = 3.0) -> History:
        self.record(e.ContactForwarded, seconds, partner=name, leg=LegId("theirs"))
        return self

    def lose_partner(self, name: str = "north", seconds: float = 30.0) -> History:
        self.record(e.PartnerLost, seconds, partner=name, reason=Reason.RTP_SILENCE)
        return self

    def partner_leaves(self, name: str = "north", seconds: float = 300.0) -> History:
        ending = Termination(Result.COMPLETED, Reason.PARTNER_HUNG_UP)
        self.record(e.PartnerLeft, seconds, partner=name, termination=ending)
        return self

    def start_message(self, seconds: float = 5.0) -> History:
        self.record(e.MessageStarted, seconds)
        self.record(
            e.RecordingStarted,
            recording=self._message,
            caller_track=f"{self._message}.caller.wav",
            counselor_track="",
        )
        return self

    def leave_message(self, seconds: float = 20.0) -> History:
        self.record(e.RecordingStopped, seconds, recording=self._message)
        self.record(
            e.MessageLeft,
            recording=self._message,
            seconds=seconds,
            termination=Termination(Result.MESSAGE_LEFT, Reason.SERVED),
        )
        return self

    def leave(self, seconds: float, result: Result = Result.ABANDONED) -> History:
        ending = Termination(result, Reason.CALLER_HUNG_UP)
        self.record(e.CallerLeft, seconds, termination=ending)
        return self

    def complete(self, counselor: str, seconds: float, wrap_up: float = 60.0) -> History:
        self.leave(seconds, Result.COMPLETED)
        self._wrap_up(counselor, wrap_up)
        return self

    def refuse(self) -> History:
        self.record(e.ContactRefused, termination=Termination(Result.REFUSED, Reason.BLOCKED))
        return self

    def be_given_up(self, seconds: float = 15.0) -> History:
        """Others journal that the contact failed with its gateway, which has not ended it."""
        self.at += timedelta(seconds=seconds)
        ending = Termination(Result.FAILED, Reason.GATEWAY_LOST)
        self.contact_events.append(
            e.ContactFailed(
                id=new_event_id(), subject=self._contact.id, seq=self._contact.seq + 1,
                at=self.at, termination=ending,
            )
        )  # fmt: skip
        return self

    def be_revived(self, seconds: float = 5.0, counselor: str | None = None) -> History:
        self.at += timedelta(seconds=seconds)
        told = CounselorId(counselor) if counselor else None
        self._contact.revive(
            self._contact.seq + 1, at=self.at, state=self._contact.state, counselor=told
        )
        return self

    def fail(self, seconds: float = 1.0) -> History:
        ending = Termination(Result.FAILED, Reason.FAULT)
        self.record(e.ContactFailed, seconds, termination=ending)
        return self

    def promise(self, seconds: float = 5.0) -> History:
        until = self.at + timedelta(days=1)
        self.record(e.CallbackPromised, seconds, choice="soon", until=until)
        return self

    def call_back(self, number: str, counselor: str, seconds: float = 600.0) -> History:
        """A counselor picks up, and the caller is dialled."""
        self.offer(number, counselor, seconds)
        self.record(e.CallbackDialled, 3.0, **_offer(number, counselor), attempt=1)
        self._become(counselor, C.OFFERED, C.TALKING)
        return self

    def reach(self, number: str, counselor: str, seconds: float = 8.0) -> History:
        self.record(e.CallbackReached, seconds, leg=LegId("home"), **_offer(number, counselor))
        return self

    def not_reach(self, number: str, counselor: str, seconds: float = 30.0) -> History:
        self.record(
            e.CallbackFailed, seconds, **_offer(number, counselor), attempt=1,
            reason=Reason.NO_ANSWER,
        )  # fmt: skip
        self._become(counselor, C.TALKING, C.READY, contact=None)
        return self

    def withdraw(self) -> History:
        ending = Termination(Result.LAPSED, Reason.CALLED_AGAIN)
        self.record(e.CallbackWithdrawn, 60.0, by="caller", termination=ending)
        return self

    def give_up(self) -> History:
        ending = Termination(Result.LAPSED, Reason.NOT_REACHED)
        self.record(e.CallbackGivenUp, attempts=1, termination=ending)
        return self

    def _wrap_up(self, counselor: str, seconds: float) -> None:
        ended = self.at
        self._become(counselor, C.TALKING, C.WRAP_UP)
        self.at = ended + timedelta(seconds=seconds)
        self._become(counselor, C.WRAP_UP, C.READY, contact=None)
        self.at = ended

    def _become(self, counselor: str, previous: C, state: C, contact: str | None = "own") -> None:
        seq = self._counselor_seq[counselor] = self._counselor_seq.get(counselor, 0) + 1
        self.counselor_events.append(
            e.CounselorStateChanged(
                id=new_event_id(),
                subject=counselor,
                seq=seq,
                at=self.at,
                previous=previous,
                state=state,
                reason="",
                by="system",
                contact=self._contact.id if contact else None,
            )
        )


def _offer(number: str, counselor: str) -> dict[str, Any]:
    return {"offer": OfferId(number), "counselor": CounselorId(counselor)}


def random_history(contact: str, random: Random) -> History:
    """Return some legal history; its counselors serve nobody else, so that any two may mix."""
    start = MONDAY + timedelta(seconds=random.uniform(0, 2 * 86400))
    tale = History(contact, start=start, node=random.choice(NODES)).arrive()
    endings: list[Callable[[], History]] = [
        lambda: tale.refuse(),
        lambda: tale.leave(3.0),
        lambda: tale.greet().leave(2.5),
        lambda: tale.greet().fail(),
        lambda: tale.greet().queue().leave(random.choice([1.0, 4.999, 5.0, 70.25])),
        lambda: tale.greet().queue().fail(),
        lambda: _served(tale.greet().queue(random.uniform(0, 9)), random),
        lambda: _served(tale.greet().queue(random.uniform(0, 9)), random),
        lambda: tale.greet().be_given_up().be_revived().queue().leave(9.0),
        lambda: tale.greet().queue().be_given_up().be_revived().leave(30.0),
        lambda: tale.greet().queue(),
        lambda: tale.greet().queue().promise(),
        lambda: tale.greet().queue().promise().withdraw(),
        lambda: _called_back(tale.greet().queue().promise(random.uniform(1, 90)), random),
        lambda: tale.greet().start_message().leave_message(),
        lambda: tale.greet().queue(1.0).start_message().leave_message(),
        lambda: tale.greet().queue(1.0).start_message().leave(0.5),
        lambda: tale.greet().queue(1.0).start_message().fail(),
        lambda: tale.greet().queue().call_partner().partner_fails().leave(9.0),
        lambda: tale.greet().queue().call_partner().forward().partner_leaves(),
        lambda: tale.greet().queue().call_partner().forward().leave(60.0, Result.COMPLETED),
        lambda: _served(tale.greet().queue().call_partner().forward().lose_partner(), random),
    ]
    return random.choice(endings)()


def _served(tale: History, random: Random) -> History:
    counselor = f"{tale.contact_events[0].subject}-1"
    offers = 0
    for _ in range(random.randrange(3)):
        offers += 1
        tale.offer(str(offers), counselor, random.uniform(0, 30)).miss(str(offers), counselor)
    for _ in range(random.randrange(2)):
        offers += 1
        tale.offer(str(offers), counselor).answer(str(offers), counselor).lose(counselor)
        if random.random() < 0.3:
            return tale.leave(random.uniform(0, 20))
        counselor = f"{tale.contact_events[0].subject}-2"  # the first one is in wrap-up
    offers += 1
    tale.offer(str(offers), counselor).answer(str(offers), counselor, random.uniform(0, 30))
    for _ in range(random.randrange(3)):
        tale.hold(random.uniform(1, 60)).hold(2.0, "caller")
        if random.random() < 0.7:
            tale.resume(random.uniform(1, 9)).resume(1.0, "caller")
    if random.random() < 0.4:
        counselor = _escalated(tale, counselor, str(offers + 1), random)
    return random.choice(
        [
            lambda: tale.complete(counselor, random.uniform(1, 900), random.uniform(0, 120)),
            lambda: tale.fail(5.0),
            lambda: tale.be_given_up(),
            lambda: tale.be_given_up().be_revived(9.0, counselor),
            lambda: tale.be_given_up().be_revived(9.0, counselor).complete(counselor, 70.0),
            lambda: tale,
        ]
    )()


def _called_back(tale: History, random: Random) -> History:
    counselor = f"{tale.contact_events[0].subject}-1"
    tale.call_back("1", counselor)
    if random.random() < 0.5:
        return tale.not_reach("1", counselor).give_up()
    return tale.reach("1", counselor).complete(counselor, random.uniform(1, 900))


def _escalated(tale: History, counselor: str, number: str, random: Random) -> str:
    """Let somebody join, and either leave or not; return who ends the contact."""
    other = f"{counselor}-other"
    tale.escalate(counselor, random.uniform(0, 60)).join(number, other)
    if random.random() < 0.3:
        tale.hold(3.0, "other desk")
    match random.randrange(3):
        case 0:
            tale.part(counselor, other, "desk", random.uniform(1, 90))
            return other
        case 1:
            tale.part(other, counselor, "other desk", random.uniform(1, 90))
        case _:
            tale._wrap_up(other, 5.0)
    return counselor


def interleave(tales: list[History], random: Random) -> list[Event]:
    """Return all events of `tales`, subjects mixed, each subject's own in order."""
    queues = [list(part) for tale in tales for part in (tale.contact_events, tale.counselor_events)]
    queues = [queue for queue in queues if queue]
    mixed: list[Event] = []
    while queues:
        queue = random.choice(queues)
        mixed.append(queue.pop(0))
        if not queue:
            queues.remove(queue)
    return mixed
