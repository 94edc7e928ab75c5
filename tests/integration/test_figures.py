"""The property that statistics rest on: what the scribe folds equals what anybody recomputes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from admin import schema
from admin.statistics.figures import Cell, Figures, Interval, Measures, fold
from admin.statistics.sources import from_journal, from_tables
from hotline.clock import SystemClock
from hotline.database import open_engine, snapshot
from hotline.events import Event
from hotline.journal.projection import ContactProjection, CounselorProjection
from hotline.journal.scribe import Scribe
from hotline.journal.stream import GROUP, JOURNAL_STREAM, connect
from hotline.wire import encode
from queueing.journal import OfferProjection
from tests.histories import interleave, random_history

MEASURES = Measures(zone=ZoneInfo("Asia/Shanghai"), interval=Interval.HOUR)


@pytest.fixture
def empty_database(tmp_path: Path) -> Path:
    """A migrated file to copy: migrating one for each example would take most of the time."""
    path = tmp_path / "empty.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    engine.dispose()
    return path


def comparable(figures: dict[Cell, Figures]) -> dict[Cell, object]:
    """Sums of seconds agree to the microsecond; everything counted agrees exactly."""
    return {
        cell: {
            name: pytest.approx(value, abs=1e-6) if isinstance(value, float) else value
            for name, value in asdict(one).items()
        }
        for cell, one in figures.items()
    }


def plain(figures: dict[Cell, Figures]) -> dict[Cell, object]:
    return {cell: asdict(one) for cell, one in figures.items()}


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), contacts=st.integers(0, 30), doubled=st.booleans())
def test_figures_of_the_tables_equal_a_recomputation_from_the_journal(
    redis_url: str, empty_database: Path, seed: int, contacts: int, doubled: bool
) -> None:
    random = Random(seed)
    events = interleave([random_history(f"{n:02}", random) for n in range(contacts)], random)
    with tempfile.TemporaryDirectory() as folder, connect(redis_url) as stream:
        stream.flushall()
        path = Path(folder) / "hotline.sqlite"
        shutil.copy(empty_database, path)
        engine = open_engine(f"sqlite:///{path}")
        scribe = Scribe(
            redis=stream,
            engine=engine,
            projections=[ContactProjection(), CounselorProjection(), OfferProjection()],
            after_commit=lambda _events: None,
            clock=SystemClock(),
        )
        for part in parts(events, random):
            deliver(stream, part, scribe)
            if doubled:
                deliver(stream, part, scribe)
        with snapshot(engine) as session:
            tables = from_tables(session, MEASURES)
            assert plain(tables) == comparable(from_journal(session, MEASURES))
        engine.dispose()
        assert plain(tables) == comparable(fold(events, MEASURES))
        assert sum(one.calls for cell, one in tables.items() if cell.node == "city") == contacts


def parts(events: list[Event], random: Random) -> list[list[Event]]:
    """Cut `events` into batches of random size."""
    cut: list[list[Event]] = []
    while events:
        size = random.randint(1, 120)
        cut.append(events[:size])
        events = events[size:]
    return cut


def deliver(stream: redis.Redis, events: Sequence[Event], scribe: Scribe) -> None:
    with stream.pipeline() as pipeline:
        for event in events:
            pipeline.xadd(JOURNAL_STREAM, dict(encode(event)))  # type: ignore[arg-type]
        pipeline.execute()
    while True:
        groups = {group["name"]: group for group in stream.xinfo_groups(JOURNAL_STREAM)}
        mine = groups.get(GROUP.encode())
        if mine is not None and mine["pending"] == 0 and mine["lag"] == 0:
            return
        scribe.step()
