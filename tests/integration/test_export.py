"""``hotline recordings export``: who is given what was said, and the journal that knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from admin import bootstrap, schema
from admin.__main__ import app
from admin.bootstrap.recordings import master_keys, vault
from hotline.config import Settings
from hotline.configfile import load
from hotline.database import unit_of_work
from hotline.ids import RecordingId
from hotline.journal.backlog import backlog
from hotline.journal.spool import Spool
from hotline.journal.stream import connect
from recordings.envelope import HEADER_BYTES
from recordings.tables import RecordingRow, RecordingState
from tests.servers import RedisServer

RECORDING, OTHER = RecordingId("1" * 32), RecordingId("12" * 16)
SAID = b"OggS what was said" * 5000


@pytest.fixture
def config(tmp_path: Path, own_redis: RedisServer) -> Path:
    path = tmp_path / "hotline.toml"
    path.write_text(f"[redis]\nurl = '{own_redis.url}'\n", "utf-8")
    return path


@pytest.fixture
def settings(config: Path) -> Settings:
    settings = load(config)
    settings.recordings_dir.mkdir(parents=True)
    engine = bootstrap.database(settings)
    schema.upgrade(engine)
    master_keys(settings).create()
    for recording, contact in ((RECORDING, "c" * 32), (OTHER, "d" * 32)):
        with vault(settings, engine).writing(recording, f"{recording}.sealed") as draft:
            draft.write(SAID)
        with unit_of_work(engine) as session:
            session.add(
                RecordingRow(
                    id=recording, contact=contact, caller_track="a", counselor_track="b",
                    started_at=datetime(2026, 3, 9, tzinfo=UTC), state=RecordingState.SEALED,
                    sealed_file=f"{recording}.sealed",
                )
            )  # fmt: skip
    engine.dispose()
    return settings


def export(config: Path, recording: str, to: Path, reason: str = "the caller asked") -> int:
    words = ["export", recording, "--to", str(to), "--reason", reason, "--config", str(config)]
    return CliRunner().invoke(app, ["recordings", *words]).exit_code


def journalled(settings: Settings) -> list[str]:
    """What was written for the journal: to the stream, or to the disk where Redis was too slow to
    say that it has it (and has it nevertheless)."""
    wires: list[Mapping[str, object]] = []
    for spool in Spool.orphans(settings.spool_dir):
        wires += spool.peek(100)
        spool.close()
    with connect(settings.redis_url, timeout_s=60) as stream:
        wires += [entry.wire for entry in backlog(stream)]
    return [*dict.fromkeys(str(wire["data"]) for wire in wires)]


@pytest.mark.parametrize("text", ["111", "cc", RECORDING])
def test_recording_is_written_to_a_private_file_and_the_journal_says_who_and_why(
    config: Path, settings: Settings, tmp_path: Path, text: str
) -> None:
    to = tmp_path / "said.opus"
    assert export(config, text, to) == 0
    assert to.read_bytes() == SAID
    assert to.stat().st_mode & 0o777 == 0o600
    [event] = journalled(settings)
    assert RECORDING in event
    assert "operator:" in event
    assert "the caller asked" in event


@pytest.mark.parametrize("position", [-1, HEADER_BYTES], ids=["last chunk", "first chunk"])
def test_access_that_comes_to_nothing_is_journalled_too_and_leaves_no_file(
    config: Path, settings: Settings, tmp_path: Path, position: int
) -> None:
    file = settings.recordings_dir / f"{RECORDING}.sealed"
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)
    assert export(config, RECORDING, tmp_path / "said.opus") == 1
    assert len(journalled(settings)) == 1
    assert not (tmp_path / "said.opus").exists()


@pytest.mark.parametrize("text", ["", "1", "9", "%c", "_" * 32])
def test_what_names_no_recording_or_several_opens_none(
    config: Path, settings: Settings, tmp_path: Path, text: str
) -> None:
    assert export(config, text, tmp_path / "said.opus") == 1
    assert journalled(settings) == []


def test_without_a_reason_nothing_is_opened(
    config: Path, settings: Settings, tmp_path: Path
) -> None:
    assert export(config, RECORDING, tmp_path / "said.opus", reason="  ") == 1
    assert journalled(settings) == []


def test_file_that_is_there_is_not_written_over(
    config: Path, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine")
    assert export(config, RECORDING, tmp_path / "mine") == 1
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("state", [RecordingState.ERASED, RecordingState.RAW])
def test_recording_that_is_not_sealed_is_not_opened(
    config: Path, settings: Settings, tmp_path: Path, state: RecordingState
) -> None:
    engine = bootstrap.database(settings)
    with unit_of_work(engine) as session:
        session.execute(update(RecordingRow).values(state=state))
    engine.dispose()
    assert export(config, RECORDING, tmp_path / "said.opus") == 1
