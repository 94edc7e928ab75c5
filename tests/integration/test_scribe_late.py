"""The scribe, when events come late: from a dead gateway's disk, after the burial by others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, select
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from admin import bootstrap
from hotline import events as e
from hotline.database import Base, open_engine, snapshot, unit_of_work
from hotline.events import Event
from hotline.ids import ContactId, new_event_id
from hotline.journal import tables
from hotline.journal.history import rebuild
from hotline.journal.stream import connect
from queueing.tables import OfferRow
from recordings.tables import MessageRow, RecordingRow, RecordingState
from tests.buried import HEARD, LEASE_S, a_call, a_recorded_call, burial, spooled
from tests.histories import History
from tests.scribe_scene import (
    Told,
    add,
    contents,
    fold_all,
    journalled,
    make_scribe,
)


def fold(stream: redis.Redis, engine: Engine, *batches: list[Event]) -> list[Event]:
    """Deliver one batch after the other; return what was told after the commits."""
    told = Told()
    scribe = make_scribe(stream, engine, told=told)
    for batch in batches:
        add(stream, batch)
        fold_all(scribe, stream)
    assert scribe.rejected == 0
    return told.events


def state_of(engine: Engine, contact: str = "c1") -> tuple[str | None, str | None, float]:
    with snapshot(engine) as session:
        row = session.get_one(tables.ContactRow, contact)
        return row.state, row.reason, row.talk_seconds


def agrees_with_a_rebuild(engine: Engine) -> bool:
    with Session(engine) as session, session.begin():
        before = contents(session)
        rebuild(session, bootstrap.projections())
        return contents(session) == before


@pytest.mark.parametrize("number", [HEARD + 1, HEARD + 2, HEARD + 3])
@pytest.mark.parametrize("one_by_one", [True, False])
def test_an_ending_that_comes_after_the_burial_is_the_ending(
    stream: redis.Redis, engine: Engine, number: int, one_by_one: bool
) -> None:
    events = spooled(a_call(seconds=300.0), number=number)
    batches = [[event] for event in events] if one_by_one else [events]
    assert fold(stream, engine, *batches) == events == journalled(engine)
    assert state_of(engine) == ("completed", "caller_hung_up", 300.0)
    with snapshot(engine) as session:
        rows = session.scalars(select(tables.ContactStateRow).order_by(tables.ContactStateRow.seq))
        assert [row.state for row in rows] == [
            "ringing", "greeted", "queued", "offered", "talking", "completed",
        ]  # fmt: skip
        [offer] = session.scalars(select(OfferRow))
        assert offer.outcome == "answered"
    assert agrees_with_a_rebuild(engine)


def test_a_spool_that_comes_again_is_folded_once(stream: redis.Redis, engine: Engine) -> None:
    events = spooled(a_call(), number=HEARD + 1)
    fold(stream, engine, events, events[HEARD:], events[HEARD + 1 :] + events[:3])
    assert journalled(engine) == events
    assert state_of(engine) == ("completed", "caller_hung_up", 300.0)


def test_every_order_of_what_comes_late_gives_the_same_tables(
    redis_url: str, tmp_path: Path
) -> None:
    tale = a_call()
    punctual = tale.contact_events[: HEARD - 1]
    late = [*tale.contact_events[HEARD - 1 :], burial(tale, heard=HEARD - 1, number=HEARD)]
    seen = []
    for turn, order in enumerate(permutations(late)):
        engine = open_engine(f"sqlite:///{tmp_path / str(turn)}")
        Base.metadata.create_all(engine)
        with connect(redis_url) as stream:
            stream.flushall()
            fold(stream, engine, punctual, *([event] for event in order))
        with Session(engine) as session:
            seen.append(contents(session))
        engine.dispose()
    assert len(seen) == 24
    assert all(one == seen[0] for one in seen)


@pytest.mark.parametrize("number", [HEARD + 1, HEARD + 2])
def test_without_an_ending_of_its_own_it_failed_after_all_that_it_said(
    stream: redis.Redis, engine: Engine, number: int
) -> None:
    *events, _left = spooled(a_call(), number=number)
    fold(stream, engine, *([event] for event in events))
    # Answered four seconds after the offer; the gateway was given up a lease after the offer.
    assert state_of(engine) == ("failed", "gateway_lost", LEASE_S - 4.0)
    assert agrees_with_a_rebuild(engine)


def test_burial_older_than_what_the_gateway_said_later_ends_no_talk_before_it_began(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = History("c1").arrive().greet().queue().offer("1", "1001")
    buried = burial(tale, heard=HEARD, number=HEARD + 1)
    tale.answer("1", "1001", 60.0).hold(30.0)  # cut off from redis only, and then killed
    fold(stream, engine, [*tale.contact_events[:HEARD], buried], tale.contact_events[HEARD:])
    assert state_of(engine) == ("failed", "gateway_lost", 30.0)
    assert agrees_with_a_rebuild(engine)


@pytest.mark.parametrize("late", [True, False])
def test_a_revived_contact_goes_on_whenever_its_burial_comes(
    stream: redis.Redis, engine: Engine, late: bool
) -> None:
    tale = History("c1").arrive().greet().queue().offer("1", "1001").answer("1", "1001")
    tale.be_given_up(15.0).be_revived(5.0, "1001").complete("1001", 100.0)
    events = list(tale.contact_events)
    if late:
        events.append(events.pop(7))
    fold(stream, engine, *([event] for event in events))
    assert state_of(engine) == ("completed", "caller_hung_up", 115.0)
    assert agrees_with_a_rebuild(engine)


def test_who_was_answered_between_the_burial_and_the_revival_was_answered_then(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = History("c1").arrive().greet().queue().offer("1", "1001")
    buried = burial(tale, heard=HEARD, number=HEARD + 1)
    tale.answer("1", "1001", 20.0)  # has the number of the burial, and the revival the next
    answered = tale.at
    tale.be_revived(10.0, "1001").complete("1001", 90.0)
    own = tale.contact_events
    fold(stream, engine, [*own[:HEARD], buried], own[HEARD:])
    assert state_of(engine) == ("completed", "caller_hung_up", 100.0)
    with snapshot(engine) as session:
        assert session.get_one(tables.ContactRow, "c1").talk_first_at == answered
    assert agrees_with_a_rebuild(engine)


def test_offers_and_recordings_are_as_the_gateway_said_and_a_sealed_one_stays_sealed(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = a_recorded_call()
    heard = HEARD + 2  # the recording goes on
    events = spooled(tale, heard=heard, number=heard + 1)
    fold(stream, engine, events[: heard + 1])
    with unit_of_work(engine) as session:  # as the worker does when it was told of the burial
        row = session.scalars(select(RecordingRow)).one()
        assert row.stopped_at == events[heard].at
        row.state, row.checksum = RecordingState.SEALED, "ab" * 32
    fold(stream, engine, events[heard + 1 :])
    stopped = next(event for event in events if isinstance(event, e.RecordingStopped))
    with snapshot(engine) as session:
        row = session.scalars(select(RecordingRow)).one()
        assert (row.state, row.checksum) == (RecordingState.SEALED, "ab" * 32)
        assert (row.stopped_at, row.fault) == (stopped.at, None)
        contact = session.get_one(tables.ContactRow, "c1")
        assert (contact.talk_seconds, contact.hold_seconds) == (255.0, 50.0)
        assert session.scalars(select(OfferRow)).one().outcome == "answered"
    assert agrees_with_a_rebuild(engine)


def test_an_offer_that_the_burial_ended_was_ended_when_the_caller_left(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = History("c1").arrive().greet().queue().offer("1", "1001").leave(3.0)
    fold(stream, engine, *([event] for event in spooled(tale, number=HEARD + 1)))
    with snapshot(engine) as session:
        offer = session.scalars(select(OfferRow)).one()
        assert (offer.outcome, offer.ended_at) == ("contact_ended", tale.contact_events[-1].at)


def test_a_message_keeps_who_dealt_with_it_when_its_contact_is_folded_again(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = History("c1").arrive().greet().start_message().leave_message()
    left = tale.contact_events[-1]
    handled = e.MessageHandled(
        id=new_event_id(), subject="message:c1", seq=1, at=left.at + timedelta(hours=1),
        contact=ContactId("c1"), by="operator:first",
    )  # fmt: skip
    events = spooled(tale, heard=HEARD, number=HEARD + 1)
    fold(stream, engine, [*events[: HEARD + 1], handled], events[HEARD + 1 :])
    with snapshot(engine) as session:
        row = session.get_one(MessageRow, "c1")
        assert (row.left_at, row.done_by) == (left.at, "operator:first")
    assert agrees_with_a_rebuild(engine)


def test_a_late_event_is_folded_where_it_belongs(stream: redis.Redis, engine: Engine) -> None:
    tale = History("c1").arrive().greet().queue().offer("1", "1001").answer("1", "1001")
    tale.hold(100.0).resume(30.0).complete("1001", 50.0)
    own = tale.contact_events
    held = next(event for event in own if isinstance(event, e.ContactHeld))
    fold(stream, engine, [event for event in own if event is not held], [held])
    with snapshot(engine) as session:
        contact = session.get_one(tables.ContactRow, "c1")
        assert (contact.talk_seconds, contact.hold_seconds) == (150.0, 30.0)
        assert session.get_one(tables.SubjectRow, "c1").missing == 0
    assert agrees_with_a_rebuild(engine)


def test_two_events_of_one_number_leave_one_state_and_no_reject(
    stream: redis.Redis, engine: Engine
) -> None:
    """A script tells how a dead gateway's attempt ended; that it was talking is on the disk."""
    tale = History("c1").arrive().greet().queue().promise()
    tale.call_back("1", "1001").not_reach("1", "1001", 30.0)
    failed = tale.contact_events.pop()
    reached = e.CallbackReached(
        id=new_event_id(), subject="c1", seq=failed.seq, at=failed.at - timedelta(seconds=20),
        offer=failed.offer, counselor=failed.counselor, leg="home",
    )  # type: ignore[attr-defined,arg-type]  # fmt: skip
    fold(stream, engine, [*tale.contact_events, failed], [reached])
    assert state_of(engine) == ("promised", None, 20.0)
    with snapshot(engine) as session:
        same = session.scalars(select(tables.ContactStateRow).filter_by(seq=failed.seq))
        assert [(row.state, row.at) for row in same] == [("promised", failed.at)]
    assert agrees_with_a_rebuild(engine)


class StumblesOverAnswers:
    """Has a bug that one event brings out."""

    name = "stumbles"

    def fold(self, session: Session, event: Event) -> None:
        if isinstance(event, e.ContactAnswered):
            session.add(tables.ContactRow(id="left behind by a broken fold"))
            session.flush()
            raise KeyError("a bug")

    def forget(self, session: Session, contacts: Collection[str]) -> None: ...

    def clear(self, session: Session) -> None: ...


def test_a_projection_with_a_bug_does_not_keep_the_others_from_folding_again(
    stream: redis.Redis, engine: Engine
) -> None:
    events = spooled(a_call(), number=HEARD + 1)
    scribe = make_scribe(
        stream, engine, projections=[StumblesOverAnswers(), *bootstrap.projections()]
    )
    for event in events:
        add(stream, [event])
        fold_all(scribe, stream)
    assert journalled(engine) == events
    assert state_of(engine) == ("completed", "caller_hung_up", 300.0)
    with snapshot(engine) as session:
        assert session.scalars(select(tables.ContactRow.id)).all() == ["c1"]
        assert set(session.scalars(select(tables.RejectRow.stage))) == {"stumbles"}


def test_events_in_order_are_never_read_back_and_a_batch_of_many_asks_once(
    stream: redis.Redis, engine: Engine
) -> None:
    asked: list[str] = []
    listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    tales = [a_call(f"c{n}") for n in range(30)]
    fold(stream, engine, [event for tale in tales for event in tale.contact_events])
    assert [sql for sql in asked if "journal.data" in sql and sql.startswith("SELECT")] == []
    assert [sql for sql in asked if sql.startswith("DELETE")] == []
    assert len([sql for sql in asked if "contacts.id IN" in sql]) == 1
