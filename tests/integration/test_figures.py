"""The property that statistics rest on: what the scribe folds equals what anybody recomputes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from admin import bootstrap, schema
from admin.statistics.figures import Cell, Figures, Interval, Measures, fold
from admin.statistics.sources import from_journal, from_tables
from hotline.database import open_engine, snapshot
from hotline.events import Event
from hotline.journal.history import rebuild
from hotline.journal.scribe import Scribe
from hotline.journal.stream import GROUP, JOURNAL_STREAM, connect
from hotline.wire import encode
from tests.buried import HEARD, a_call, delivered, spooled
from tests.histories import MONDAY, History, interleave, random_history
from tests.scribe_scene import contents, make_scribe

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
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 2**32),
    contacts=st.integers(0, 30),
    doubled=st.booleans(),
    late=st.booleans(),
)
def test_figures_of_the_tables_equal_a_recomputation_from_the_journal(
    redis_url: str, empty_database: Path, seed: int, contacts: int, doubled: bool, late: bool
) -> None:
    random = Random(seed)
    tales = [random_history(f"{n:02}", random) for n in range(contacts)]
    happened = interleave(tales, random)
    events = delivered(tales, random) if late else happened
    with tempfile.TemporaryDirectory() as folder, connect(redis_url) as stream:
        stream.flushall()
        path = Path(folder) / "hotline.sqlite"
        shutil.copy(empty_database, path)
        engine = open_engine(f"sqlite:///{path}")
        scribe = make_scribe(stream, engine)
        for part in parts(events, random):
            deliver(stream, part, scribe)
            if doubled:
                deliver(stream, part, scribe)
            tables, journal = both(engine)  # also while some of it has not come
            assert plain(tables) == comparable(journal)
        tables, _ = both(engine)
        assert (scribe.folded, scribe.rejected) == (len(events), 0)
        with Session(engine) as session, session.begin():
            before = contents(session)
            rebuild(session, bootstrap.projections())
            assert contents(session) == before
        engine.dispose()
        assert plain(tables) == comparable(fold(happened, MEASURES))
        assert sum(one.calls for cell, one in tables.items() if cell.node == "city") == contacts


@pytest.mark.parametrize(
    "number", [HEARD + 1, HEARD + 2, HEARD + 3], ids=["same", "between", "above"]
)
@pytest.mark.parametrize("at_once", [True, False])
def test_call_whose_gateway_was_buried_before_its_spool_came_was_answered_and_did_not_fail(
    redis_url: str, empty_database: Path, number: int, at_once: bool
) -> None:
    tale = a_call(seconds=300.0)
    events = spooled(tale, number=number) + tale.counselor_events
    engine = open_engine(f"sqlite:///{empty_database}")
    with connect(redis_url) as stream:
        scribe = make_scribe(stream, engine)
        for part in [events] if at_once else [[event] for event in events]:
            deliver(stream, part, scribe)
    for figures in both(engine):
        city = next(one for cell, one in figures.items() if cell.node == "city")
        assert (city.offered, city.answered, city.failed, city.open) == (1, 1, 0, 0)
        assert (city.talk, city.wrap_up) == (300.0, 60.0)
    engine.dispose()


def test_wrap_ups_are_counted_right_when_the_clock_was_set_back_an_hour(
    redis_url: str, empty_database: Path
) -> None:
    """One counselor. The second wrap-up is over when the clock is an hour back: nobody knows how
    long it took. What comes then is dated into the first call."""
    first, second, third = (
        History(f"c{n}", start=MONDAY + timedelta(minutes=minutes))
        for n, minutes in enumerate((0, 50, 1))
    )
    for tale in (first, second, third):
        tale.arrive().greet().queue().offer("1", "1001").answer("1", "1001").complete("1001", 300)
    *before, over = second.counselor_events
    set_back = replace(over, at=over.at - timedelta(hours=1))
    states = [*first.counselor_events, *before, set_back, *third.counselor_events]
    engine = open_engine(f"sqlite:///{empty_database}")
    with connect(redis_url) as stream:
        contacts = [event for tale in (first, second, third) for event in tale.contact_events]
        deliver(stream, [*contacts, *states], make_scribe(stream, engine))
    for figures in both(engine):
        city = [one for cell, one in figures.items() if cell.node == "city"]
        assert (sum(one.talk for one in city), sum(one.wrap_up for one in city)) == (900.0, 120.0)
    engine.dispose()


def both(engine: Engine) -> tuple[dict[Cell, Figures], dict[Cell, Figures]]:
    """The figures of the tables, and those of the journal."""
    with snapshot(engine) as session:
        return from_tables(session, MEASURES), from_journal(session, MEASURES)


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
