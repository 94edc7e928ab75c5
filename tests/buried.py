"""Contacts whose gateway was given up while the last that it had to say waited on its disk."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hotline import events as e
from hotline.events import Event, Reason, Result, Termination
from hotline.ids import LegId, RecordingId, new_event_id
from hotline.journal.burial import Ending, is_burial
from tests.histories import History

HEARD = 6
"""Of `a_call`, up to the offer: what the journal had when the gateway was given up."""
LEASE_S = 15.0


def a_call(contact: str = "c1", seconds: float = 300.0) -> History:
    """Answered, talked for so long, hung up: eight events, of which the eighth ends it."""
    tale = History(contact).arrive().greet().queue().offer("1", "1001").answer("1", "1001")
    return tale.complete("1001", seconds)


def a_recorded_call(contact: str = "c1") -> History:
    """As `a_call`, with a recording that stops before the caller leaves: ten events."""
    recording = RecordingId(f"recording of {contact}")
    tale = History(contact).arrive().greet().queue().offer("1", "1001").answer("1", "1001")
    tale.record(
        e.RecordingStarted,
        recording=recording,
        caller_track=f"{recording}.caller.wav",
        counselor_track=f"{recording}.counselor.wav",
    )
    tale.record(e.ContactHeld, 100.0, leg=LegId("desk"))
    tale.record(e.ContactResumed, 50.0, leg=LegId("desk"))
    tale.record(e.RecordingStopped, 150.0, recording=recording)
    return tale.complete("1001", 5.0)


def burial(tale: History, *, heard: int, number: int) -> Event:
    """What others journal of `tale`, of which they know the first `heard` events."""
    return e.ContactFailed(
        id=new_event_id(),
        subject=tale.contact_events[0].subject,
        seq=number,
        at=tale.contact_events[heard - 1].at + timedelta(seconds=LEASE_S),
        termination=Termination(Result.FAILED, Reason.GATEWAY_LOST),
    )


def spooled(tale: History, *, heard: int = HEARD, number: int) -> list[Event]:
    """Return the events of `tale` as they are delivered: its spool after its burial."""
    own = tale.contact_events
    return [*own[:heard], burial(tale, heard=heard, number=number), *own[heard:]]


def perhaps_spooled(tale: History, random: Random) -> list[Event]:
    """The same of any tale, with any number; unchanged if it has no ending of its own."""
    own = tale.contact_events
    if random.random() < 0.4 or not isinstance(own[-1], Ending) or any(map(is_burial, own)):
        return own
    heard = random.randrange(1, len(own))
    return spooled(tale, heard=heard, number=random.randrange(heard + 1, len(own) + 2))


def delivered(tales: list[History], random: Random) -> list[Event]:
    """Return all events of `tales`, subjects mixed, some burials among them, and the spools late:
    each contact's last events come after all others, out of order. What Redis itself journals, the
    counselors' states, comes in order."""
    punctual: list[Event] = []
    late: list[Event] = []
    for tale in tales:
        events = perhaps_spooled(tale, random)
        heard = random.randrange(1, len(events) + 1)
        punctual += events[:heard] + tale.counselor_events
        late += events[heard:]
    random.shuffle(late)
    if random.random() < 0.5:
        random.shuffle(punctual)
    return _counselors_in_order(punctual, tales) + late


def _counselors_in_order(events: list[Event], tales: list[History]) -> list[Event]:
    """Return `events` with each counselor's where some of that counselor's are, in their order."""
    told: dict[str, list[Event]] = {}
    for tale in tales:
        for event in tale.counselor_events:
            told.setdefault(event.subject, []).append(event)
    return [told[e.subject].pop(0) if told.get(e.subject) else e for e in events]
