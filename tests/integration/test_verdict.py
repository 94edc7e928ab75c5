"""The demonstration's verdict listens to the sealed recordings: each side must be who it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from admin.bootstrap.recordings import master_keys, vault
from admin.demo.cast import CALLERS, volunteer
from admin.demo.scenes import Expected
from admin.demo.verdict import Heard, judge
from hotline.config import Settings
from hotline.database import Base, open_engine, unit_of_work
from hotline.events import Result
from hotline.ids import ContactId, RecordingId
from recordings.seal import seal
from recordings.tables import RecordingRow, RecordingState
from tests.tracks import Sound, tone, write_track

SINCE = datetime(2026, 3, 9, 12, tzinfo=UTC)
CALLER, COUNSELOR = CALLERS[0].hertz, volunteer().hertz
TALK = Expected(
    "recorded", ContactId("c" * 32), CALLERS[0], Result.COMPLETED, "1001", recorded=True
)
RECORDING = RecordingId("1" * 32)
SIDES = {f"recording 11111111: the {side}'s side (Hz)" for side in ("caller", "counselor")}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"state": tmp_path / "state"})


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    settings.recordings_dir.mkdir(parents=True)
    master_keys(settings).create()
    engine = open_engine(settings.database_url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def said(hertz: int) -> Sound:
    return tone(hertz, 4.0)


def noted(engine: Engine, settings: Settings, caller: Sound, counselor: Sound) -> Path:
    """Seal a recording of these sides; return its file."""
    root = settings.recordings_dir
    for name, sound in (("caller", caller), ("counselor", counselor)):
        write_track(root / f"{name}.wav", sound)
    opened, name = vault(settings, engine), f"{RECORDING}.sealed"
    with opened.writing(RECORDING, name) as draft:
        seal(root / "caller.wav", root / "counselor.wav", draft)
    row = RecordingRow(
        id=RECORDING,
        contact=TALK.contact,
        caller_track="caller.wav",
        counselor_track="counselor.wav",
        started_at=SINCE,
        stopped_at=SINCE + timedelta(seconds=4),
        state=RecordingState.SEALED,
        sealed_file=name,
        checksum=draft.checksum,
        caller_seconds=4.0,
        counselor_seconds=4.0,
    )
    with unit_of_work(engine) as session:
        session.add(row)
    return root / name


def told(engine: Engine, settings: Settings) -> dict[str, Any]:
    """What the verdict says of the recording's sides: None for what is as it should be."""
    heard = Heard(
        by_caller={TALK.caller.number: settings.state},
        by_counselor={"1001": settings.state},
        counselor_hertz={"1001": COUNSELOR},
    )
    checks = judge(settings, engine, [TALK], SINCE, heard).checks
    assert {check["check"] for check in checks} >= SIDES
    ours = [check for check in checks if check["check"] in SIDES]
    return {
        check["check"].split("the ")[1].split("'")[0]: None if check["ok"] else check["found"]
        for check in ours
    }


def test_each_sides_own_tone_passes(engine: Engine, settings: Settings) -> None:
    noted(engine, settings, said(CALLER), said(COUNSELOR))
    assert told(engine, settings) == {"caller": None, "counselor": None}


def test_swapped_sides_are_told(engine: Engine, settings: Settings) -> None:
    noted(engine, settings, said(COUNSELOR), said(CALLER))
    assert told(engine, settings) == {"caller": [COUNSELOR], "counselor": [CALLER]}


def test_silent_side_is_told_however_long_it_is(engine: Engine, settings: Settings) -> None:
    noted(engine, settings, np.zeros(4 * 8000), said(COUNSELOR))
    assert told(engine, settings) == {"caller": [], "counselor": None}


def test_side_on_which_both_are_heard_is_told(engine: Engine, settings: Settings) -> None:
    noted(engine, settings, said(CALLER) + said(COUNSELOR), said(COUNSELOR))
    assert told(engine, settings) == {"caller": [CALLER, COUNSELOR], "counselor": None}


@pytest.mark.parametrize("spoilt", [b"", b"no sound at all"])
def test_file_that_nobody_can_open_is_told(
    engine: Engine, settings: Settings, spoilt: bytes
) -> None:
    file = noted(engine, settings, said(CALLER), said(COUNSELOR))
    file.write_bytes(spoilt)
    found = told(engine, settings)
    assert all("does not begin as a sealed file" in str(text) for text in found.values())
    file.unlink()
    assert None not in told(engine, settings).values()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no sound at all", "not a sealed recording"), (None, "1 channels, not 2")],
)
def test_file_with_something_else_in_it_is_told(
    engine: Engine, settings: Settings, content: bytes | None, words: str
) -> None:
    file = noted(engine, settings, said(CALLER), said(COUNSELOR))
    write_track(settings.recordings_dir / "one.wav", said(CALLER))
    with vault(settings, engine).writing(RECORDING, file.name) as draft:
        draft.write(content or (settings.recordings_dir / "one.wav").read_bytes())
    [text] = set(told(engine, settings).values())
    assert words in str(text)


def test_file_that_was_altered_in_the_middle_is_told(engine: Engine, settings: Settings) -> None:
    file = noted(engine, settings, said(CALLER), said(COUNSELOR))
    altered = bytearray(file.read_bytes())
    altered[len(altered) // 2] ^= 1
    file.write_bytes(altered)
    [text] = set(told(engine, settings).values())
    assert "was altered" in str(text)
