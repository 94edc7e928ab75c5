"""The scribe is killed anywhere: nothing is lost, nothing is doubled."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from sqlalchemy import func, select

from admin import schema
from admin.statistics.figures import Interval, Measures, fold
from admin.statistics.sources import from_tables
from hotline.database import open_engine, snapshot
from hotline.events import Event
from hotline.journal.history import read
from hotline.journal.stream import JOURNAL_STREAM, SCRIBE_LEASE, connect
from hotline.journal.tables import JournalRow, SubjectRow
from hotline.wire import encode
from tests.histories import interleave, random_history
from tests.servers import RedisServer, select_pause, wait_until

MEASURES = Measures(zone=ZoneInfo("Asia/Shanghai"), interval=Interval.HOUR)
KILLS = 8


@contextmanager
def scribe_process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "tests.faults.scribe_process", *arguments])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(180)
def test_a_scribe_killed_anywhere_loses_nothing_and_doubles_nothing(
    redis_url: str, tmp_path: Path
) -> None:
    random = Random(20261121)
    events = interleave([random_history(f"c{n}", random) for n in range(450)], random)
    database = f"sqlite:///{tmp_path / 'hotline.sqlite'}"
    engine = open_engine(database)
    schema.upgrade(engine)
    arguments = (redis_url, database, str(tmp_path / "told"))

    def journalled() -> int:
        with snapshot(engine) as session:
            return session.scalar(select(func.count()).select_from(JournalRow)) or 0

    caught_in_hand = 0
    for kill in range(KILLS):
        feed(redis_url, events[kill * len(events) // KILLS : (kill + 1) * len(events) // KILLS])
        with scribe_process(*arguments):
            # It has read a batch: from now on anything may be cut off, the transaction above all.
            # One that is fast and was not looked at has acknowledged them all by now.
            wait_until(
                lambda: in_hand(redis_url) or acknowledged(redis_url), seconds=30, what="a batch"
            )
            select_pause(random.uniform(0, 0.4))
        caught_in_hand += in_hand(redis_url) > 0
        end_lease(redis_url)
    assert caught_in_hand, "no kill came between reading and acknowledging: it proved nothing"
    with scribe_process(*arguments):
        wait_until(lambda: journalled() >= len(events), seconds=30, what="the whole journal")
        wait_until(lambda: acknowledged(redis_url), seconds=30, what="the last acknowledgement")
    assert_exactly_once(events, engine_url=database)
    told = Counter((tmp_path / "told").read_text().split())
    assert set(told) == {event.id for event in events}
    engine.dispose()


def feed(redis_url: str, events: list[Event]) -> None:
    with connect(redis_url) as stream, stream.pipeline() as pipeline:
        for event in events:
            pipeline.xadd(JOURNAL_STREAM, dict(encode(event)))  # type: ignore[arg-type]
        pipeline.execute()


def end_lease(redis_url: str) -> None:
    """Do at once what time does to a dead scribe's lease."""
    with connect(redis_url) as stream:
        stream.delete(SCRIBE_LEASE)


def in_hand(redis_url: str) -> int:
    """How many entries were read and not acknowledged."""
    with connect(redis_url) as stream:
        return sum(int(group["pending"]) for group in groups(stream))


def acknowledged(redis_url: str) -> bool:
    """Whether a scribe has been there, and has acknowledged every entry."""
    with connect(redis_url) as stream:
        found = groups(stream)
    return bool(found) and all(one["pending"] == 0 and one["lag"] == 0 for one in found)


def groups(stream: redis.Redis) -> list[dict[str, Any]]:
    """The consumer groups of the journal stream."""
    found: list[dict[str, Any]] = stream.xinfo_groups(JOURNAL_STREAM)
    return found


def assert_exactly_once(events: list[Event], *, engine_url: str) -> None:
    engine = open_engine(engine_url)
    with snapshot(engine) as session:
        assert list(read(session)) == events
        assert session.scalar(select(func.sum(SubjectRow.missing))) == 0
        tables = from_tables(session, MEASURES)
    recomputed = fold(events, MEASURES)
    assert tables.keys() == recomputed.keys()
    for cell, figures in tables.items():
        expected = recomputed[cell]
        assert (figures.calls, figures.answered, figures.abandoned, figures.within) == (
            expected.calls, expected.answered, expected.abandoned, expected.within,
        )  # fmt: skip
        assert figures.talk == pytest.approx(expected.talk, abs=1e-6)
        assert figures.wrap_up == pytest.approx(expected.wrap_up, abs=1e-6)
    engine.dispose()


def test_a_scribe_bears_redis_being_killed_and_goes_on(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    random = Random(3)
    events = interleave([random_history(f"c{n}", random) for n in range(60)], random)
    database = f"sqlite:///{tmp_path / 'hotline.sqlite'}"
    engine = open_engine(database)
    schema.upgrade(engine)

    def journalled() -> int:
        with snapshot(engine) as session:
            return session.scalar(select(func.count()).select_from(JournalRow)) or 0

    with scribe_process(own_redis.url, database, str(tmp_path / "told")) as process:
        feed(own_redis.url, events[:200])
        wait_until(lambda: journalled() == 200, what="the first part", seconds=60)
        own_redis.kill()
        own_redis.start()
        feed(own_redis.url, events[200:])
        wait_until(lambda: journalled() == len(events), what="the second part", seconds=60)
        assert process.poll() is None
    assert_exactly_once(events, engine_url=database)
    engine.dispose()
