"""What the journal of the queue must say, whatever happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from hotline import events as e
from hotline.events import CounselorState
from hotline.ids import ContactId
from hotline.wire import decode
from queueing.presence import TRANSITIONS


def check_journal(
    entries: Iterable[Mapping[str, str]], crew: Collection[str], *, misses: int
) -> None:
    """Every counselor's events follow from each other, numbered without a gap, and no event is
    there twice."""
    seqs: dict[str, int] = dict.fromkeys(crew, 0)
    states: dict[str, CounselorState] = dict.fromkeys(crew, CounselorState.OFFLINE)
    reasons: dict[str, str] = {}
    ids: set[str] = set()
    missed = 0
    """How many missed too many offers, of whom a supervisor was not told yet."""
    for entry in entries:
        event = decode(entry)
        assert event.id not in ids or isinstance(event, e.ContactQueued), "is there twice"
        ids.add(event.id)
        is_told = isinstance(event, e.AlarmRaised) and event.kind is e.AlarmKind.OFFERS_MISSED
        assert missed == is_told, "a supervisor is told of each, at once"
        missed = isinstance(event, e.CounselorMissedOffers)
        if event.subject not in seqs:
            continue
        seqs[event.subject] += 1
        assert event.seq == seqs[event.subject]
        state = states[event.subject]
        match event:
            case e.CounselorStateChanged():
                assert event.previous is state
                assert event.state in TRANSITIONS[event.previous].values()
                states[event.subject], reasons[event.subject] = event.state, event.reason
            case e.CounselorMissedOffers():
                assert event.missed >= misses
                assert (state, reasons[event.subject]) == (CounselorState.NOT_READY, "missed")
            case e.WrapUpExtended():
                assert state is CounselorState.WRAP_UP
            case _:
                raise AssertionError(f"{event} is not a counselor's")


def failures(entries: Iterable[Mapping[str, str]]) -> Counter[ContactId]:
    """Return how often the journal says of each contact that it failed."""
    return Counter(
        ContactId(entry["subject"]) for entry in entries if entry["type"] == "ContactFailed"
    )


def check_callbacks(entries: Iterable[Mapping[str, str]], *, most: int) -> None:
    """The attempts of each promise are counted without a gap, each under an offer of its own and
    over before the next; it ended once at most, and nobody was dialled afterwards."""
    open_attempts: dict[str, str] = {}
    attempts: Counter[str] = Counter()
    dialled: set[tuple[str, str]] = set()
    over: set[str] = set()
    given_up = told = alarms = 0
    for entry in entries:
        event = decode(entry)
        match event:
            case e.CallbackPromised():
                over.discard(event.subject)  # undone, the first time: nobody had heard of it
                attempts[event.subject] = 0
            case e.CallbackDialled():
                assert event.subject not in over
                assert event.subject not in open_attempts, "is being called already"
                assert (event.subject, event.offer) not in dialled, "one offer dialled twice"
                attempts[event.subject] += 1
                assert event.attempt == attempts[event.subject] <= most
                dialled.add((event.subject, event.offer))
                open_attempts[event.subject] = event.offer
            case e.CallbackReached():
                if open_attempts.get(event.subject) == event.offer:
                    del open_attempts[event.subject]
            case e.CallbackFailed():
                assert open_attempts.pop(event.subject) == event.offer
            case e.CallbackGivenUp() | e.CallbackWithdrawn():
                assert event.subject not in over
                assert event.subject not in open_attempts
                over.add(event.subject)
                given_up += isinstance(event, e.CallbackGivenUp)
            case e.AlarmRaised(subject="queue"):
                alarms += 1
                assert event.seq == alarms
                told += event.kind is e.AlarmKind.CALLBACK_GIVEN_UP
                assert told == given_up, "a supervisor is told of each, at once"
            case _:
                pass
    assert told == given_up


def check_numbers(entries: Iterable[Mapping[str, str]], *, unheard: Collection[str]) -> None:
    """No number of a contact is given to two events; but for what a gateway said (`unheard`) that
    was silent beyond its lease, of a contact that others had taken for lost meanwhile."""
    given: dict[tuple[str, int], e.Event] = {}
    for entry in entries:
        event = decode(entry)
        if not isinstance(event, e.ContactEvent) or event.id in unheard:
            continue
        first = given.setdefault((event.subject, event.seq), event)
        assert first.id == event.id, f"{event} has the number of {first}"
