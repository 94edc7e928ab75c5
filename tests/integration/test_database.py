"""The database: transactions, and times that keep their zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import StatementError

from hotline.database import Base, open_engine, snapshot, unit_of_work
from hotline.journal.tables import ContactRow
from tests.histories import MONDAY


def make_engine(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    Base.metadata.create_all(engine)
    return engine


def test_a_unit_of_work_that_raises_leaves_nothing(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)

    def work() -> None:
        with unit_of_work(engine) as session:
            session.add(ContactRow(id="c"))
            session.flush()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        work()
    with snapshot(engine) as session:
        assert session.get(ContactRow, "c") is None


def test_times_come_back_aware_and_in_utc(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    shanghai = MONDAY.astimezone(timezone(timedelta(hours=8))) + timedelta(microseconds=1)
    with unit_of_work(engine) as session:
        session.add(ContactRow(id="c", arrived_at=shanghai))
    with snapshot(engine) as session:
        stored = session.get_one(ContactRow, "c").arrived_at
    assert stored == shanghai
    assert stored is not None
    assert stored.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    naive = datetime(2026, 3, 2, 8)  # noqa: DTZ001 - it is what must be refused
    with pytest.raises(StatementError, match="without a zone"), unit_of_work(engine) as session:
        session.add(ContactRow(id="c", arrived_at=naive))


def test_a_reader_sees_one_state_while_a_writer_goes_on(tmp_path: Path) -> None:
    engine = make_engine(tmp_path)
    with snapshot(engine) as reader:
        count = text("SELECT count(*) FROM contacts")
        assert reader.scalar(count) == 0
        with unit_of_work(engine) as writer:
            writer.add(ContactRow(id="c"))
        assert reader.scalar(count) == 0
    with snapshot(engine) as reader:
        assert reader.scalar(count) == 1
