"""The scribe on a real Redis and a real SQLite: exactly once, in order, and never stuck."""

from __future__ import annotations

import json
from collections.abc import Collection
from itertools import count
from random import Random

import pytest
import redis
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from admin import bootstrap
from hotline.clock import SystemClock
from hotline.database import snapshot
from hotline.events import AlarmKind, Event
from hotline.journal import tables
from hotline.journal.history import rebuild
from hotline.journal.ledger import FenceLost, Ledger
from hotline.journal.projection import ContactProjection
from hotline.journal.stream import (
    GROUP,
    JOURNAL_STREAM,
    SCRIBE_LEASE,
    JournalStream,
    LeaseLost,
)
from hotline.wire import encode
from queueing.tables import OfferRow
from tests.histories import History, interleave, random_history
from tests.scribe_scene import (
    Bell,
    Told,
    a_visit,
    add,
    contents,
    fold_all,
    journalled,
    make_scribe,
)


def test_a_contact_that_was_escalated_belongs_to_who_ended_it_and_both_offers_were_answered(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = History("c1").arrive().greet().queue().offer("1", "1001").answer("1", "1001")
    tale.escalate("1001", 60.0).join("2", "2001", 9.0).part("1001", "2001", "desk", 30.0)
    add(stream, tale.complete("2001", 100.0).events)
    fold_all(make_scribe(stream, engine), stream)
    with snapshot(engine) as session:
        contact = session.get_one(tables.ContactRow, "c1")
        assert (contact.counselor, contact.talk_seconds) == ("2001", 200.0)
        offers = session.scalars(select(OfferRow).order_by(OfferRow.offer))
        assert [row.outcome for row in offers] == ["answered", "answered"]


def test_a_visit_is_folded_into_contact_states_offers_and_intervals(
    stream: redis.Redis, engine: Engine
) -> None:
    told = Told()
    tale = a_visit()
    add(stream, tale.events)
    fold_all(make_scribe(stream, engine, told=told), stream)
    assert journalled(engine) == tale.events
    assert told.events == tale.events
    with snapshot(engine) as session:
        contact = session.get_one(tables.ContactRow, "c1")
        assert (contact.talk_seconds, contact.hold_seconds) == (150.0, 30.0)
        assert (contact.state, contact.result, contact.offers) == ("completed", "completed", 2)
        states = session.scalars(
            select(tables.ContactStateRow.state).order_by(tables.ContactStateRow.seq)
        )
        assert list(states) == [
            "ringing", "greeted", "queued", "offered", "queued", "offered", "talking", "completed",
        ]  # fmt: skip
        offers = session.scalars(select(OfferRow).order_by(OfferRow.offer))
        assert [(row.offer, row.outcome) for row in offers] == [("1", "missed"), ("2", "answered")]
        wrap_up = session.scalars(
            select(tables.CounselorIntervalRow).filter_by(state="wrap_up")
        ).one()
        assert wrap_up.ended_at is not None
        assert (wrap_up.ended_at - wrap_up.started_at).total_seconds() == 45


def test_an_event_delivered_twice_is_folded_once(stream: redis.Redis, engine: Engine) -> None:
    tale = a_visit()
    add(stream, tale.events)
    add(stream, tale.events)
    scribe = make_scribe(stream, engine)
    fold_all(scribe, stream)
    add(stream, tale.events)
    fold_all(scribe, stream)
    assert journalled(engine) == tale.events
    assert (scribe.folded, scribe.rejected) == (len(tale.events), 0)
    with snapshot(engine) as session:
        assert session.get_one(tables.ContactRow, "c1").offers == 2


def test_entries_read_before_a_crash_are_told_again_after_it(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = a_visit()
    add(stream, tale.events)
    crashed = make_scribe(stream, engine, told=Told(fault=redis.ConnectionError("away")))
    with pytest.raises(redis.ConnectionError):
        fold_all(crashed, stream)  # committed, but neither told nor acknowledged
    assert journalled(engine) == tale.events
    stream.delete(SCRIBE_LEASE)
    told = Told()
    fold_all(make_scribe(stream, engine, told=told), stream)
    assert told.events == tale.events
    assert journalled(engine) == tale.events


def test_a_fault_after_the_commit_does_not_stop_the_journal(
    stream: redis.Redis, engine: Engine
) -> None:
    bell = Bell()
    add(stream, a_visit().events)
    scribe = make_scribe(stream, engine, told=Told(fault=ValueError("a bug")), alarms=bell)
    fold_all(scribe, stream)
    assert len(bell.rung) == 1


def test_a_database_that_takes_nothing_is_alarmed_until_it_does(
    stream: redis.Redis, engine: Engine
) -> None:
    bell, events = Bell(), a_visit().events
    add(stream, events)
    scribe = make_scribe(stream, engine, alarms=bell)
    with engine.connect() as connection:  # as small as it is: the disk is full
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    limit = f"PRAGMA max_page_count = {pages}"

    def fill(_connection: Connection) -> None:
        _connection.exec_driver_sql(limit)

    listen(engine, "begin", fill)
    some = interleave([random_history(f"more-{n}", Random(n)) for n in range(60)], Random(1))
    add(stream, some)
    turns = count()
    scribe.run(alive=lambda: scribe.stop() if next(turns) == 2 else None)
    assert bell.standing == {AlarmKind.DATABASE_AWAY}
    assert bell.rung[0].startswith("the database takes nothing")
    limit = "PRAGMA max_page_count = 1000000"
    again = make_scribe(stream, engine, alarms=bell)
    fold_all(again, stream)
    assert bell.standing == set()
    assert len(journalled(engine)) == len(events) + len(some)


GARBAGE: list[dict[str, str | bytes]] = [
    {"nothing": "known"},
    {**encode(a_visit().events[0]), "type": "NoSuchEvent"},
    {**encode(a_visit().events[0]), "data": "{"},
    {**encode(a_visit().events[0]), "data": "[]"},
    {**encode(a_visit().events[0]), "data": "{}"},
    {**encode(a_visit().events[0]), "at": "2026-03-02T08:00:00"},
    {**encode(a_visit().events[0]), "seq": "9" * 30},
    {**encode(a_visit().events[0]), "data": b"\xff\xfe"},
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_an_unreadable_entry_becomes_a_reject_and_the_rest_goes_on(
    stream: redis.Redis, engine: Engine, garbage: dict[str, str | bytes]
) -> None:
    bell = Bell()
    tale = a_visit()
    add(stream, tale.events[:3])
    stream.xadd(JOURNAL_STREAM, garbage)  # type: ignore[arg-type]
    add(stream, tale.events[3:])
    scribe = make_scribe(stream, engine, alarms=bell)
    fold_all(scribe, stream)
    assert journalled(engine) == tale.events
    assert scribe.rejected == 1
    assert bell.rung
    with snapshot(engine) as session:
        reject = session.scalars(select(tables.RejectRow)).one()
        assert reject.reason
        assert set(json.loads(reject.wire)) == set(garbage)


class BrokenProjection:
    """Has a bug that one event in the middle brings out."""

    name = "broken"

    def fold(self, session: Session, event: Event) -> None:
        if event.seq == 4:
            session.add(tables.ContactRow(id="left behind by a broken fold"))
            session.flush()
            raise KeyError("a bug")

    def forget(self, session: Session, contacts: Collection[str]) -> None: ...

    def clear(self, session: Session) -> None: ...


def test_a_projection_with_a_bug_loses_neither_the_journal_nor_the_others(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = a_visit()
    add(stream, tale.contact_events)
    scribe = make_scribe(stream, engine, projections=[BrokenProjection(), ContactProjection()])
    fold_all(scribe, stream)
    assert journalled(engine) == tale.contact_events
    with snapshot(engine) as session:
        assert session.scalars(select(tables.ContactRow.id)).all() == ["c1"]
        assert session.get_one(tables.ContactRow, "c1").state == "completed"
        reject = session.scalars(select(tables.RejectRow)).one()
        assert (reject.stage, "KeyError" in reject.reason) == ("broken", True)


def test_a_hole_in_the_numbers_is_counted_and_closed_by_the_late_event(
    stream: redis.Redis, engine: Engine
) -> None:
    bell = Bell()
    tale = a_visit()
    late = tale.contact_events[2]
    add(stream, [event for event in tale.contact_events if event is not late])
    scribe = make_scribe(stream, engine, alarms=bell)
    fold_all(scribe, stream)
    assert (scribe.gaps, len(bell.rung)) == (1, 1)
    add(stream, [late])
    fold_all(scribe, stream)
    assert scribe.gaps == 0
    with snapshot(engine) as session:
        assert session.get_one(tables.SubjectRow, "c1").missing == 0
        assert session.get_one(tables.ContactRow, "c1").state == "completed"


def test_a_standby_takes_over_when_the_active_one_stops(
    stream: redis.Redis, engine: Engine
) -> None:
    first, second = make_scribe(stream, engine), make_scribe(stream, engine)
    first.step()
    second.step()
    assert (first.is_active, second.is_active) == (True, False)
    first.stop()
    first.run()
    second.step()
    assert second.is_active


def test_a_scribe_that_lost_its_lease_writes_nothing_and_hides_nothing(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = a_visit()
    add(stream, tale.events)
    stale = JournalStream(stream, holder="stale", lease_ms=60_000)
    ledger = Ledger(engine, bootstrap.projections(), SystemClock())
    assert stale.acquire()
    ledger.take_over()
    taken = stale.read(count=5, pending=False)  # read, and then stopped for long
    stream.delete(SCRIBE_LEASE)  # what time does to a lease
    fresh = make_scribe(stream, engine)
    fold_all(fresh, stream)
    with pytest.raises(LeaseLost):
        stale.read(count=5, pending=False)
    with pytest.raises(FenceLost):
        ledger.write(taken)
    stale.release()  # does not end the other's lease
    fold_all(fresh, stream)
    assert fresh.is_active
    assert journalled(engine) == tale.events


def test_the_stream_is_trimmed_only_behind_what_is_acknowledged(
    stream: redis.Redis, engine: Engine
) -> None:
    random = Random(1)
    events = interleave([random_history(f"c{n}", random) for n in range(150)], random)
    add(stream, events)
    reader = JournalStream(stream, holder="reader", lease_ms=60_000)
    assert reader.acquire()
    pending = reader.read(count=300, pending=False)
    reader.trim(before_ms=2**50)
    assert stream.xlen(JOURNAL_STREAM) == len(events)
    reader.acknowledge(pending)
    reader.trim(before_ms=2**50)
    left = [entry for entry, _ in stream.xrange(JOURNAL_STREAM)]
    assert pending[0].id.encode() not in left
    assert len(left) >= len(events) - 300


def test_a_redis_that_lost_everything_gets_a_new_group_and_goes_on(
    stream: redis.Redis, engine: Engine
) -> None:
    tale = a_visit()
    scribe = make_scribe(stream, engine)
    add(stream, tale.events[:5])
    fold_all(scribe, stream)
    stream.flushall()
    add(stream, tale.events[4:])
    for _ in range(2):  # the first attempt finds neither lease nor group
        scribe.step()
    fold_all(scribe, stream)
    assert journalled(engine) == tale.events
    assert stream.xpending(JOURNAL_STREAM, GROUP)["pending"] == 0


def test_rebuilding_gives_the_same_tables(stream: redis.Redis, engine: Engine) -> None:
    random = Random(7)
    add(stream, interleave([random_history(f"c{n}", random) for n in range(40)], random))
    fold_all(make_scribe(stream, engine), stream)
    with Session(engine) as session, session.begin():
        before = contents(session)
        rebuild(session, bootstrap.projections())
        assert contents(session) == before
        assert session.scalar(select(func.count()).select_from(tables.ContactRow)) == 40
