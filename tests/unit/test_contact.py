"""The contact machine: every pair of state and event is legal or raises; nothing is half done."""

from __future__ import annotations

import typing
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline import events as e
from hotline.contact import ENDINGS, TRANSITIONS, Contact, ContactState, after
from hotline.errors import IllegalTransition
from hotline.ids import ContactId, new_event_id
from hotline.wire import EVENT_TYPES, decode, encode
from tests.fakes import EventList

NOW = datetime(2026, 11, 21, tzinfo=UTC)

CONTACT_EVENTS = sorted(
    {kind for row in TRANSITIONS.values() for kind in row}, key=lambda kind: kind.__name__
)
STATES: list[ContactState | None] = [None, *ContactState]


def an_event(kind: type[e.Event]) -> e.Event:
    """An event of `kind` with any facts: the machine looks at the kind alone."""
    event = object.__new__(kind)
    for name, value in {"id": new_event_id(), "subject": "c", "seq": 1, "at": NOW}.items():
        object.__setattr__(event, name, value)
    return event


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", CONTACT_EVENTS)
def test_every_pair_is_in_the_table_or_raises(
    state: ContactState | None, kind: type[e.Event]
) -> None:
    if kind in TRANSITIONS[state]:
        assert after(state, an_event(kind), "c") is TRANSITIONS[state][kind]
    else:
        with pytest.raises(IllegalTransition) as caught:
            after(state, an_event(kind), "c")
        assert caught.value.event == kind.__name__


def test_the_table_is_total_over_states() -> None:
    assert set(TRANSITIONS) == set(STATES)


def test_every_living_state_can_end_and_no_ending_can_go_on() -> None:
    for state in ContactState:
        if state in ENDINGS:
            assert TRANSITIONS[state] == {}
        else:
            assert set(TRANSITIONS[state].values()) & ENDINGS


def test_refused_event_changes_nothing_and_is_not_journalled() -> None:
    journal = EventList()
    contact = Contact(ContactId("c" * 32), journal=journal)
    with pytest.raises(IllegalTransition):
        contact.record(e.ConsentGiven, at=NOW)
    assert contact.state is None
    assert journal.events == []


def test_sequence_numbers_grow_by_one_and_skip_refused_events() -> None:
    journal = EventList()
    contact = Contact(ContactId("c" * 32), journal=journal)
    facts: dict[str, Any] = {
        "gateway": "g",
        "trunk": "t",
        "dnis": "12356",
        "caller": e.SealedNumber("x", "y"),
        "node": "city",
    }
    contact.record(e.InviteReceived, at=NOW, **facts)
    with pytest.raises(IllegalTransition):
        contact.record(e.InviteReceived, at=NOW, **facts)
    contact.record(e.CallAnswered, at=NOW, leg="l")
    assert [event.seq for event in journal.events] == [1, 2]


def test_every_event_that_the_contact_machine_takes_is_on_the_wire() -> None:
    assert [kind.__name__ for kind in CONTACT_EVENTS if kind not in EVENT_TYPES.values()] == []


def test_event_of_before_its_kind_told_what_skills_were_preferred_is_still_read() -> None:
    data = '{"priority":"normal","topic":"x","language":"zh","skills":["a:2"],"node":"city"}'
    old = {"id": "1", "type": "ContactQueued", "subject": "c", "seq": "3", "at": NOW.isoformat()}
    queued = decode({**old, "data": data})
    assert isinstance(queued, e.ContactQueued)
    assert (queued.skills, queued.preferred) == (("a:2",), ())


@pytest.mark.parametrize("kind", list(EVENT_TYPES.values()), ids=list(EVENT_TYPES))
def test_every_event_survives_the_wire(kind: type[e.Event]) -> None:
    hints = typing.get_type_hints(kind)
    samples: dict[Any, Any] = {
        e.SealedNumber: e.SealedNumber("cipher", "digest"),
        e.Termination: e.Termination(e.Result.FAILED, e.Reason.FAULT),
        e.Priority: e.Priority.CRISIS,
        e.Reason: e.Reason.SERVED,
        e.AlarmKind: e.AlarmKind.DISK_FULL,
        e.CounselorState: e.CounselorState.READY,
        tuple[str, ...]: ("one", "two"),
        datetime: NOW,
        int: 7,
        bool: True,
        float: 0.5,
    }
    facts = {name: samples.get(hint, "情绪") for name, hint in hints.items() if name != "ENVELOPE"}
    event = kind(**facts)
    assert decode(encode(event)) == event
