"""Fixtures of real parts: the queue on both sides of its contract, the journal's tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from hotline.database import Base, open_engine
from hotline.journal.stream import connect
from tests.queue_sides import OpenSide, fake_side, real_side


@pytest.fixture(params=["fake", "real"])
def open_side(request: pytest.FixtureRequest) -> OpenSide:
    """Opens the queue in memory, or on a real Redis: ``async with open_side() as side``."""
    if request.param == "fake":
        return fake_side
    return partial(real_side, request.getfixturevalue("redis_url"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty database with every table."""
    engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def stream(redis_url: str) -> Iterator[redis.Redis]:
    """The journal's Redis."""
    with connect(redis_url) as connection:
        yield connection
