"""The scribe on a real PostgreSQL: the same journal, the same figures, and its own refusals."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
import redis
from sqlalchemy import Engine, select

from admin import schema
from admin.statistics.figures import Interval, Measures
from admin.statistics.sources import from_journal, from_tables
from hotline.clock import SystemClock
from hotline.database import open_engine, snapshot
from hotline.journal.history import read
from hotline.journal.projection import ContactProjection, CounselorProjection
from hotline.journal.scribe import Scribe
from hotline.journal.stream import JOURNAL_STREAM, connect
from hotline.journal.tables import RejectRow
from hotline.wire import encode
from queueing.journal import OfferProjection
from tests.buried import delivered
from tests.histories import random_history
from tests.postgres import PostgresServer


@pytest.fixture
def engine() -> Iterator[Engine]:
    # Not below pytest's own folder, which is closed to PostgreSQL's user.
    with tempfile.TemporaryDirectory(prefix="hotline-postgres-") as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder) / "cluster")
        server.start()
        engine = open_engine(server.url)
        schema.upgrade(engine)
        yield engine
        engine.dispose()
        server.stop()


def test_the_journal_and_its_figures_agree_and_a_refused_row_is_a_reject(
    redis_url: str, engine: Engine
) -> None:
    random = Random(11)
    events = delivered([random_history(f"c{n}", random) for n in range(60)], random)
    with connect(redis_url) as stream:
        for event in events[:100]:
            stream.xadd(JOURNAL_STREAM, dict(encode(event)))  # type: ignore[arg-type]
        # PostgreSQL stores no NUL in a text: one such event must not stop the others.
        poison = {**encode(events[0]), "id": "p" * 32, "subject": "nul\x00"}
        stream.xadd(JOURNAL_STREAM, poison)  # type: ignore[arg-type]
        for event in events[100:]:
            stream.xadd(JOURNAL_STREAM, dict(encode(event)))  # type: ignore[arg-type]
        fold_all(stream, engine, len(events))
    measures = Measures(zone=ZoneInfo("Asia/Shanghai"), interval=Interval.DAY)
    with snapshot(engine) as session:
        assert list(read(session)) == events
        assert session.scalars(select(RejectRow.stage)).all() == ["store"]
        tables, journal = from_tables(session, measures), from_journal(session, measures)
    assert tables.keys() == journal.keys()
    for cell, figures in tables.items():
        assert (figures.calls, figures.within) == (journal[cell].calls, journal[cell].within)
        assert figures.aht == pytest.approx(journal[cell].aht)


def fold_all(stream: redis.Redis, engine: Engine, expected: int) -> None:
    scribe = Scribe(
        redis=stream,
        engine=engine,
        projections=[ContactProjection(), CounselorProjection(), OfferProjection()],
        after_commit=lambda _events: None,
        clock=SystemClock(),
    )
    for _ in range(50):
        scribe.step()
        if scribe.folded == expected and scribe.rejected == 1:
            return
    raise AssertionError(f"folded {scribe.folded} of {expected}, rejected {scribe.rejected}")
