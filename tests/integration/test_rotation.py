"""A new master key: every data key is wrapped anew, no file is touched, nothing is lost halfway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from typer.testing import CliRunner

from admin import bootstrap, platform, schema
from admin.__main__ import app
from admin.bootstrap.recordings import data_keys, first_key, master_keys
from hotline.config import Settings
from hotline.configfile import load
from hotline.database import unit_of_work
from hotline.ids import RecordingId
from recordings import datakeys
from recordings.datakeys import DataKeys
from recordings.keyring import KeyFile, KeyringUnready, MasterKeyUnknown
from recordings.rotation import MasterKeyInUse, Rotation
from recordings.tables import RecordingKeyRow

COUNT = 25
RECORDINGS = [RecordingId(f"{n:032x}") for n in range(1, COUNT + 1)]


@dataclass
class Office:
    """Where data keys are kept; `plain` is what they must stay."""

    settings: Settings
    engine: Engine
    masters: KeyFile
    keys: DataKeys
    plain: dict[RecordingId, bytes]

    @property
    def rotation(self) -> Rotation:
        return Rotation(engine=self.engine, masters=self.masters, keys=self.keys)

    def rotate(self) -> str:
        current = self.rotation.begin()
        for _ in self.rotation.rewrap():
            pass
        return current

    def assert_all_open(self) -> None:
        assert {recording: self.keys.read(recording) for recording in self.plain} == self.plain


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hotline.toml"
    path.write_text("", "utf-8")
    return path


@pytest.fixture
def office(config: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(datakeys, "BATCH", 10)
    settings = load(config)
    settings.state.mkdir()
    engine = bootstrap.database(settings)
    schema.upgrade(engine)
    assert first_key(settings, engine)
    keys = data_keys(settings, engine)
    plain = {recording: keys.make(recording) for recording in RECORDINGS}
    yield Office(settings, engine, master_keys(settings), keys, plain)
    engine.dispose()


def hotline(config: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["recordings", *words, "--config", str(config)])
    return done.exit_code, " ".join(done.output.split())


def test_rotation_wraps_all_anew_and_the_old_key_can_go(office: Office) -> None:
    old = office.masters.current()
    new = office.rotate()
    assert office.keys.uses() == {new: COUNT}
    assert new != old
    office.assert_all_open()
    office.rotation.forget(old)
    assert office.masters.known() == {new}
    office.assert_all_open()


def test_rotation_that_was_broken_off_goes_on_with_the_same_key(office: Office) -> None:
    old, new = office.masters.current(), office.rotation.begin()
    next(office.rotation.rewrap())  # and then it was killed
    assert office.keys.uses() == {new: 10, old: 15}
    office.assert_all_open()
    with pytest.raises(MasterKeyInUse, match="15 data keys"):
        office.rotation.forget(old)
    assert office.rotation.is_unfinished
    assert office.rotate() == new
    assert office.keys.uses() == {new: COUNT}
    assert not office.rotation.is_unfinished
    assert office.rotate() != new
    office.assert_all_open()


def test_rotation_killed_before_its_first_batch_goes_on_too(office: Office) -> None:
    new = office.rotation.begin()
    assert office.rotate() == new
    office.assert_all_open()


def test_what_is_made_during_a_rotation_has_the_new_key(office: Office) -> None:
    new = office.rotation.begin()
    late = RecordingId("f" * 32)
    office.plain[late] = office.keys.make(late)
    assert office.keys.uses()[new] == 1
    office.rotate()
    office.assert_all_open()


def test_broken_row_is_named_left_as_it_is_and_keeps_its_master_key_from_going(
    office: Office, config: Path
) -> None:
    old, broken = office.masters.current(), RECORDINGS[12]
    with unit_of_work(office.engine) as session:
        its = RecordingKeyRow.recording == broken
        session.execute(update(RecordingKeyRow).where(its).values(wrapped=bytes(60)))
    status, said = hotline(config, "rotate-key")
    assert status == 1
    assert broken[:8] in said
    assert office.keys.uses()[old] == 1
    del office.plain[broken]
    office.assert_all_open()
    assert hotline(config, "forget-key", old)[0] == 1
    assert old in office.masters.known()


def test_commands_rotate_show_and_forget(office: Office, config: Path) -> None:
    old = office.masters.current()
    status, said = hotline(config, "rotate-key")
    new = office.masters.current()
    assert status == 0
    assert f"master key {new} is current" in said
    assert f"{COUNT} rewrapped" in said
    status, said = hotline(config, "keys")
    assert f"{new} │ {COUNT} │ current" in said
    assert f"{old} │ 0 │" in said
    assert hotline(config, "forget-key", new)[0] == 1
    assert hotline(config, "forget-key", "no such key")[0] == 1
    assert hotline(config, "forget-key", old)[0] == 0
    assert office.masters.known() == {new}
    office.assert_all_open()


def test_lost_key_file_is_never_replaced_by_itself(office: Office, config: Path) -> None:
    old, path = office.masters.current(), office.settings.secrets_dir / "recordings.key"
    path.unlink()
    assert not first_key(office.settings, office.engine)
    assert not path.exists()
    assert "restore a backup" in hotline(config, "rotate-key")[1]
    assert "restore a backup" in hotline(config, "keys")[1]
    with pytest.raises(KeyringUnready):
        office.keys.make(RecordingId("e" * 32))
    assert hotline(config, "rotate-key", "--old-keys-are-lost")[0] == 0
    assert hotline(config, "rotate-key", "--old-keys-are-lost")[0] == 1  # it is there now
    assert f"{old} │ {COUNT} │ LOST" in hotline(config, "keys")[1]
    late = RecordingId("e" * 32)
    assert office.keys.make(late) == office.keys.read(late)
    with pytest.raises(MasterKeyUnknown):
        office.keys.read(RECORDINGS[0])
    assert hotline(config, "rotate-key")[0] == 0  # what is lost does not keep it from going on


def test_platform_starts_without_the_lost_key_and_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who calls for help must be answered, whatever is recorded."""
    (office.settings.secrets_dir / "recordings.key").unlink()
    monkeypatch.setattr(platform, "generate_prompts", lambda *_args, **_kwargs: 0)
    said: list[str] = []
    platform.prepare(office.settings, said.append)
    [sentence] = said
    assert "restore them from a backup" in sentence
