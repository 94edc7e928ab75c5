"""The demonstration waits for the scribe and the worker, and says how far they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from admin.demo.cast import CALLERS
from admin.demo.folding import LOOK_SECONDS, LOOKS, LOOKS_PER_LINE, folded
from admin.demo.scenes import Expected
from hotline.clock import ManualTimers
from hotline.database import Base, open_engine, unit_of_work
from hotline.events import Result
from hotline.ids import ContactId
from hotline.journal.tables import ContactRow
from recordings.tables import RecordingRow, RecordingState

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
TALKS = [
    Expected(str(n), ContactId(letter * 32), CALLERS[n], Result.COMPLETED, "1001", recorded=n == 0)
    for n, letter in enumerate("ab")
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


async def waited(engine: Engine, then: dict[int, Callable[[], None]]) -> tuple[int, list[str]]:
    """Wait as the demonstration does while `then` happens, by the number of the look before; return
    how many looks there were, and what was said."""
    timers, said = ManualTimers(), list[str]()
    waiting = asyncio.create_task(
        folded(engine, TALKS, timers=timers, tell=lambda _, en: said.append(en))
    )
    looks = 0
    while not waiting.done():
        then.get(looks, lambda: None)()
        timers.advance(LOOK_SECONDS)
        looks += 1
        for _ in range(3):  # to its next pause
            await asyncio.sleep(0)
    await waiting
    return looks, said


def fold(engine: Engine, talk: Expected) -> None:
    with unit_of_work(engine) as session:
        session.add(ContactRow(id=talk.contact, ended_at=NOW))


def record(engine: Engine, state: RecordingState) -> None:
    with unit_of_work(engine) as session:
        session.merge(
            RecordingRow(
                id="1", contact=TALKS[0].contact, caller_track="a", counselor_track="b",
                state=state, started_at=NOW,
            )
        )  # fmt: skip


async def test_long_wait_says_every_two_seconds_how_far_scribe_and_worker_are(
    engine: Engine,
) -> None:
    looks, said = await waited(
        engine,
        {
            2: lambda: record(engine, RecordingState.RAW),
            12: lambda: fold(engine, TALKS[0]),
            22: lambda: fold(engine, TALKS[1]),
            35: lambda: record(engine, RecordingState.SEALED),
        },
    )
    assert said == [
        "2 s: 0/2 calls in the database, 0/1 recordings dealt with",
        "4 s: 1/2 calls in the database, 0/1 recordings dealt with",
        "6 s: 2/2 calls in the database, 0/1 recordings dealt with",
    ]
    assert 35 <= looks <= 37


async def test_wait_that_is_over_at_once_says_nothing(engine: Engine) -> None:
    for talk in TALKS:
        fold(engine, talk)
    record(engine, RecordingState.BROKEN)
    assert await waited(engine, {}) == (1, [])


async def test_wait_in_vain_is_given_up_and_was_never_silent(engine: Engine) -> None:
    looks, said = await waited(engine, {})
    assert LOOKS <= looks <= LOOKS + 2
    assert len(said) == LOOKS // LOOKS_PER_LINE - 1
