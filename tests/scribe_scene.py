"""A scribe, what it tells and whom it alarms, on a real Redis and a real database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from admin import bootstrap
from hotline.clock import SystemClock
from hotline.database import Base, snapshot
from hotline.events import AlarmKind, Event
from hotline.journal.history import Projection, read
from hotline.journal.scribe import Scribe
from hotline.journal.stream import JOURNAL_STREAM
from hotline.wire import encode
from tests.histories import History


@dataclass
class Told:
    """What `after_commit` was called with, and what to do about it."""

    events: list[Event] = field(default_factory=list)
    fault: Exception | None = None

    def __call__(self, events: Sequence[Event]) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.events.extend(events)


@dataclass
class Bell:
    rung: list[str] = field(default_factory=list)
    standing: set[AlarmKind] = field(default_factory=set)

    def raise_alarm(self, kind: AlarmKind, detail: str) -> None:
        self.rung.append(detail)
        self.standing.add(kind)

    def clear_alarm(self, kind: AlarmKind) -> None:
        self.standing.discard(kind)


def add(stream: redis.Redis, events: Sequence[Event]) -> None:
    with stream.pipeline(transaction=True) as pipeline:
        for event in events:
            pipeline.xadd(JOURNAL_STREAM, dict(encode(event)))  # type: ignore[arg-type]
        pipeline.execute()


def make_scribe(
    stream: redis.Redis,
    engine: Engine,
    *,
    told: Told | None = None,
    projections: list[Projection] | None = None,
    alarms: Bell | None = None,
    retain: timedelta = timedelta(hours=1),
) -> Scribe:
    return Scribe(
        redis=stream,
        engine=engine,
        projections=bootstrap.projections() if projections is None else projections,
        after_commit=told or Told(),
        clock=SystemClock(),
        alarms=alarms,
        retain=retain,
    )


def fold_all(scribe: Scribe, stream: redis.Redis) -> None:
    """Step until everything in the stream is acknowledged."""
    for _ in range(1000):
        scribe.step()
        (group,) = stream.xinfo_groups(JOURNAL_STREAM) or [{"pending": 1, "lag": 1}]
        if group["pending"] == 0 and group["lag"] == 0:
            return
    raise AssertionError("the scribe does not come to the end of the stream")


def journalled(engine: Engine) -> list[Event]:
    with snapshot(engine) as session:
        return list(read(session))


def contents(session: Session) -> dict[str, list[tuple[object, ...]]]:
    """Everything that was folded, by table."""
    session.flush()
    return {
        name: sorted((tuple(row) for row in session.execute(Base.metadata.tables[name].select())),
                     key=repr)
        for name in ("contacts", "contact_states", "counselor_intervals", "offers", "recordings",
                     "messages")
    }  # fmt: skip


def a_visit(contact: str = "c1") -> History:
    tale = History(contact).arrive().greet().queue().offer("1", "1001").miss("1", "1001")
    return (
        tale.offer("2", "1001")
        .answer("2", "1001", 6.0)
        .hold(100)
        .resume(30)
        .complete("1001", 50, wrap_up=45)
    )
