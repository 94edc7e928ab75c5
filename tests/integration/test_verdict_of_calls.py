"""The demonstration's verdict tells what came of its calls otherwise than it had to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from admin.demo.cast import CALLERS, volunteer
from admin.demo.scenes import Expected
from admin.demo.verdict import Heard, judge
from hotline.config import Settings
from hotline.database import unit_of_work
from hotline.events import Result
from hotline.ids import ContactId
from hotline.journal.tables import ContactRow
from recordings.tables import RecordingRow, RecordingState
from tests.histories import MONDAY, History
from tests.scribe_scene import add, fold_all, make_scribe
from tests.tracks import tone, write_track

CALLER, LATER = CALLERS[:2]
DESK = volunteer()
TALKED = Expected("talked", ContactId("a" * 32), CALLER, Result.COMPLETED, "1001", recorded=False)
LEFT = Expected("left", ContactId("b" * 32), LATER, Result.ABANDONED, None, recorded=False)


@pytest.fixture
def calls(engine: Engine, stream: redis.Redis) -> Engine:
    """One caller talked, another left the queue."""
    talked = History(TALKED.contact).arrive().greet().queue().offer("1", "1001")
    talked.answer("1", "1001").complete("1001", 60.0)
    left = History(LEFT.contact).arrive().greet().queue().leave(30.0)
    add(stream, [*talked.events, *left.events])
    fold_all(make_scribe(stream, engine), stream)
    return engine


def wrong(calls: Engine, folder: Path, *expected: Expected, hears: int = DESK.hertz) -> set[str]:
    """The names of the checks that fail, when the caller heard `hears`."""
    for name, hertz in (("caller", hears), ("counselor", CALLER.hertz)):
        (folder / name).mkdir(exist_ok=True)
        write_track(folder / name / "1.wav", tone(hertz, 3.0))
    heard = Heard(
        by_caller={CALLER.number: folder / "caller", LATER.number: folder / "caller"},
        by_counselor={"1001": folder / "counselor", "2001": folder / "counselor"},
        counselor_hertz={"1001": DESK.hertz, "2001": DESK.hertz},
    )
    settings = Settings.model_validate({"state": folder / "state"})
    verdict = judge(settings, calls, expected, MONDAY, heard)
    return {check["check"] for check in verdict.checks if not check["ok"]}


def test_what_came_as_it_had_to_passes(calls: Engine, tmp_path: Path) -> None:
    assert wrong(calls, tmp_path, TALKED, LEFT) == set()


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (replace(TALKED, result=Result.ABANDONED),
         {"talked: result", "statistics: answered", "statistics: abandoned"}),
        (replace(TALKED, counselor="2001"), {"talked: counselor"}),
        (replace(TALKED, priority="crisis"), {"talked: priority"}),
        (replace(TALKED, declined=1), {"talked: declined offers"}),
        (replace(TALKED, recorded=True), {"recordings: of exactly those who agreed and talked"}),
        (replace(TALKED, contact=ContactId("d" * 32)), {"talked: in the table"}),
    ],
    ids=["result", "counselor", "priority", "declined", "unrecorded", "unknown"],
)  # fmt: skip
def test_contact_that_is_not_as_it_had_to_be_is_told(
    calls: Engine, tmp_path: Path, wanted: Expected, told: set[str]
) -> None:
    assert wrong(calls, tmp_path, wanted, LEFT) == told


def test_call_that_the_statistics_do_not_know_is_told(calls: Engine, tmp_path: Path) -> None:
    unknown = replace(LEFT, scene="unknown", contact=ContactId("d" * 32))
    assert wrong(calls, tmp_path, TALKED, LEFT, unknown) == {
        "unknown: in the table", "statistics: offered", "statistics: abandoned",
    }  # fmt: skip


def test_figures_that_are_not_the_journals_are_told(calls: Engine, tmp_path: Path) -> None:
    with unit_of_work(calls) as session:
        session.get_one(ContactRow, LEFT.contact).result = Result.COMPLETED
    assert "statistics: recomputed from the journal, the same" in wrong(
        calls, tmp_path, TALKED, LEFT
    )


def test_caller_who_heard_somebody_else_is_told(calls: Engine, tmp_path: Path) -> None:
    assert wrong(calls, tmp_path, TALKED, LEFT, hears=LATER.hertz) == {
        "talked: what the caller heard (Hz)"
    }


def test_recording_that_is_not_sealed_is_told(calls: Engine, tmp_path: Path) -> None:
    row = RecordingRow(
        id="r" * 32, contact=TALKED.contact, caller_track="c.wav", counselor_track="d.wav",
        started_at=MONDAY, state=RecordingState.RAW,
    )  # fmt: skip
    with unit_of_work(calls) as session:
        session.add(row)
    told = wrong(calls, tmp_path, replace(TALKED, recorded=True), LEFT)
    assert {"recording rrrrrrrr: sealed", "recording rrrrrrrr: kept"} <= told
