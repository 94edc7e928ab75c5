"""``hotline recordings verify``: each kind of harm is found, and said of the right recording."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, update
from typer.testing import CliRunner

from admin import bootstrap, schema
from admin.__main__ import app
from admin.bootstrap.recordings import head, master_keys, vault
from admin.commands.recordings import MEANING
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.configfile import load
from hotline.database import unit_of_work
from hotline.ids import RecordingId
from hotline.journal.history import rebuild
from recordings import chain
from recordings.envelope import CHUNK, HEADER_BYTES, TAG
from recordings.erasure import Erasure, NotErasable
from recordings.head import Head, HeadFile
from recordings.tables import ChainLinkRow, RecordingKeyRow, RecordingRow, RecordingState
from recordings.vault import Vault
from recordings.verify import Harm, Report, Verification

FIRST, SECOND, THIRD = (RecordingId(digit * 32) for digit in "123")
CLOCK = SystemClock()


@dataclass
class Archive:
    """Three sealed recordings, of three chunks each."""

    settings: Settings
    engine: Engine
    vault: Vault
    head: HeadFile

    def seal(self, recording: RecordingId) -> None:
        name = f"2026/03/09/{recording}.sealed"
        with self.vault.writing(recording, name) as draft:
            draft.write(recording.encode() * (3 * CHUNK // 32))
        with unit_of_work(self.engine) as session:
            row = session.get(RecordingRow, recording)
            if row is None:
                row = RecordingRow(
                    id=recording, contact="c", caller_track="a", counselor_track="b",
                    started_at=CLOCK.now(), stopped_at=CLOCK.now(),
                )  # fmt: skip
                session.add(row)
            chain.note_file(session, row, name, self.vault, draft, CLOCK.now())
        self.head.advance(self.engine)

    def file(self, recording: RecordingId) -> Path:
        return self.settings.recordings_dir / f"2026/03/09/{recording}.sealed"

    def flip(self, recording: RecordingId, position: int) -> None:
        content = bytearray(self.file(recording).read_bytes())
        content[position] ^= 1
        self.file(recording).write_bytes(content)

    def do(self, statement: Any) -> None:
        with unit_of_work(self.engine) as session:
            session.execute(statement)

    def erase(self, recording: RecordingId) -> None:
        Erasure(engine=self.engine, vault=self.vault, head=self.head, clock=CLOCK).erase(recording)

    def report(self, *, deep: bool = False, expected: Head | None = None) -> Report:
        return Verification(
            engine=self.engine, vault=self.vault, head=self.head, deep=deep, expected=expected
        ).run()

    def found(self, *, deep: bool = False) -> set[tuple[Harm, str]]:
        """Return each harm and the first digit of its recording."""
        return {(one.harm, one.recording[:1]) for one in self.report(deep=deep).findings}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hotline.toml"
    path.write_text("", "utf-8")
    return path


@pytest.fixture
def archive(config: Path) -> Iterator[Archive]:
    settings = load(config)
    settings.recordings_dir.mkdir(parents=True)
    engine = bootstrap.database(settings)
    schema.upgrade(engine)
    master_keys(settings).create()
    archive = Archive(settings, engine, vault(settings, engine), head(settings))
    for recording in (FIRST, SECOND, THIRD):
        archive.seal(recording)
    yield archive
    engine.dispose()


def verify(config: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["recordings", "verify", *words, "--config", str(config)])
    return done.exit_code, done.stdout


def test_an_unharmed_archive_is_said_to_be_so_and_its_head_is_printed(
    archive: Archive, config: Path
) -> None:
    status, said = verify(config, "--json")
    report = json.loads(said)
    assert status == 0
    assert report["findings"] == []
    assert (report["ok"], report["recordings"], report["links"]) == (True, 3, 3)
    assert report["head"] == str(archive.head.read())
    assert verify(config, "--deep", "--head", report["head"])[0] == 0
    assert report["head"] in verify(config)[1]


def test_every_harm_has_its_words() -> None:
    assert set(MEANING) == set(Harm)


def test_what_is_wrong_is_said_of_its_recording_and_the_status_is_1(
    archive: Archive, config: Path
) -> None:
    archive.file(SECOND).unlink()
    status, said = verify(config, "--json")
    assert status == 1
    [finding] = json.loads(said)["findings"]
    assert (finding["harm"], finding["recording"]) == ("file_missing", SECOND)
    assert f"{SECOND}.sealed is not there" in finding["detail"]
    status, said = verify(config)
    assert status == 1
    assert SECOND[:8] in said
    assert "file_missing" in said


Harmed = Callable[[Archive], None]


def swap(archive: Archive) -> None:
    content = archive.file(FIRST).read_bytes()
    archive.file(FIRST).write_bytes(archive.file(SECOND).read_bytes())
    archive.file(SECOND).write_bytes(content)


def in_the_way(archive: Archive) -> None:
    archive.file(SECOND).unlink()
    archive.file(SECOND).mkdir()


def of_row(**values: object) -> Harmed:
    return lambda archive: archive.do(
        update(RecordingRow).where(RecordingRow.id == SECOND).values(**values)
    )


def of_key(**values: object) -> Harmed:
    return lambda archive: archive.do(
        update(RecordingKeyRow).where(RecordingKeyRow.recording == SECOND).values(**values)
    )


FILE_HARMS: dict[str, tuple[Harmed, set[tuple[Harm, str]]]] = {
    "file removed": (
        lambda archive: archive.file(SECOND).unlink(),
        {(Harm.FILE_MISSING, "2")},
    ),
    "file unreadable": (in_the_way, {(Harm.FILE_UNREADABLE, "2")}),
    "header altered": (
        lambda archive: archive.flip(SECOND, 40),
        {(Harm.FILE_ALTERED, "2"), (Harm.NOT_DECRYPTABLE, "2")},
    ),
    "first chunk altered": (
        lambda archive: archive.flip(SECOND, HEADER_BYTES),
        {(Harm.FILE_ALTERED, "2"), (Harm.NOT_DECRYPTABLE, "2")},
    ),
    "middle altered": (
        lambda archive: archive.flip(SECOND, HEADER_BYTES + CHUNK + TAG + 9),
        {(Harm.FILE_ALTERED, "2")},
    ),
    "file cut": (
        lambda archive: archive.file(SECOND).write_bytes(
            archive.file(SECOND).read_bytes()[: HEADER_BYTES + CHUNK + TAG]
        ) and None,
        {(Harm.FILE_ALTERED, "2"), (Harm.NOT_DECRYPTABLE, "2")},
    ),
    "files swapped": (
        swap,
        {(harm, n) for harm in (Harm.FILE_ALTERED, Harm.NOT_DECRYPTABLE) for n in "12"},
    ),
    "plain file in its place": (
        lambda archive: archive.file(SECOND).write_bytes(b"OggS" * 100) and None,
        {(Harm.FILE_ALTERED, "2"), (Harm.NOT_DECRYPTABLE, "2")},
    ),
    "file nobody knows": (
        lambda archive: shutil.copy(archive.file(SECOND), archive.file(RecordingId("9" * 32)))
        and None,
        {(Harm.UNKNOWN_FILE, "")},
    ),
}  # fmt: skip
DATABASE_HARMS: dict[str, tuple[Harmed, set[tuple[Harm, str]]]] = {
    "row removed": (
        lambda archive: archive.do(delete(RecordingRow).where(RecordingRow.id == SECOND)),
        {(Harm.ROW_MISSING, "2"), (Harm.UNKNOWN_FILE, "")},
    ),
    "checksum altered": (of_row(checksum="0" * 64), {(Harm.ROW_ALTERED, "2")}),
    "state altered": (of_row(state=RecordingState.RAW), {(Harm.ROW_ALTERED, "2")}),
    "file's name altered": (
        of_row(sealed_file="2026/03/09/elsewhere.sealed"),
        {(Harm.FILE_MISSING, "2"), (Harm.UNKNOWN_FILE, "2")},
    ),
    "link altered": (
        lambda archive: archive.do(
            update(ChainLinkRow).where(ChainLinkRow.number == 2).values(checksum="0" * 64)
        ),
        {(Harm.CHAIN_BROKEN, "2"), (Harm.ROW_ALTERED, "2"), (Harm.FILE_ALTERED, "2")},
    ),
    "link removed": (
        lambda archive: archive.do(delete(ChainLinkRow).where(ChainLinkRow.number == 2)),
        {(Harm.CHAIN_BROKEN, "3"), (Harm.NO_LINK, "2")},
    ),
    "key removed": (
        lambda archive: archive.do(
            delete(RecordingKeyRow).where(RecordingKeyRow.recording == SECOND)
        ),
        {(Harm.KEY_MISSING, "2")},
    ),
    "key altered": (of_key(wrapped=bytes(60)), {(Harm.KEY_BROKEN, "2")}),
    "master key unknown": (of_key(master="0" * 16), {(Harm.KEY_BROKEN, "2")}),
}  # fmt: skip


@pytest.mark.parametrize("name", [*FILE_HARMS, *DATABASE_HARMS])
def test_harm_is_found_and_only_where_it_was_done(archive: Archive, name: str) -> None:
    do, wanted = (FILE_HARMS | DATABASE_HARMS)[name]
    do(archive)
    assert archive.found() == wanted


def test_deep_looks_into_every_chunk(archive: Archive) -> None:
    """The checksum was made to fit in row and link, and the chain after it; only the key is not
    in who did that's hands."""
    archive.flip(SECOND, HEADER_BYTES + CHUNK + TAG + 9)
    checksum = archive.vault.checksum(f"2026/03/09/{SECOND}.sealed")
    of_row(checksum=checksum)(archive)
    forge(archive, 2, checksum=checksum)
    assert archive.found() == {(Harm.LINKS_REMOVED, "")}
    (archive.settings.secrets_dir / "recordings.head").unlink()
    archive.head.advance(archive.engine)
    assert archive.found() == set()
    assert archive.found(deep=True) == {(Harm.NOT_DECRYPTABLE, "2")}


def forge(archive: Archive, number: int, **fields: str) -> None:
    """Alter a link, and make all after it fit."""
    with unit_of_work(archive.engine) as session:
        previous = None
        for row in session.query(ChainLinkRow).order_by(ChainLinkRow.number):
            if row.number == number:
                for name, value in fields.items():
                    setattr(row, name, value)
            if previous is not None:
                row.previous = previous
            session.flush()
            link = chain.link_at(session, row.number)
            assert link is not None
            row.digest = previous = link.true_digest()


@pytest.mark.parametrize("removed", [{3}, {2, 3}, {1, 2, 3}])
def test_newest_links_that_are_removed_with_all_that_hangs_on_them_are_missed(
    archive: Archive, removed: set[int]
) -> None:
    noted = archive.head.read()
    for number in removed:
        recording = (FIRST, SECOND, THIRD)[number - 1]
        archive.file(recording).unlink()
        archive.do(delete(RecordingRow).where(RecordingRow.id == recording))
        archive.do(delete(RecordingKeyRow).where(RecordingKeyRow.recording == recording))
    archive.do(delete(ChainLinkRow).where(ChainLinkRow.number.in_(removed)))
    assert archive.found() == {(Harm.LINKS_REMOVED, "")}
    [finding] = archive.report().findings
    assert f"link 3 was there, and the chain ends with link {3 - len(removed)}" == finding.detail
    # What is sealed afterwards does not hide it: the head stays where it is.
    for digit in "4567":
        archive.seal(RecordingId(digit * 32))
    assert archive.head.read() == noted
    assert archive.found() == {(Harm.LINKS_REMOVED, "")}


def test_head_that_was_written_down_is_looked_for(archive: Archive, config: Path) -> None:
    noted = archive.head.read()
    assert noted is not None
    archive.seal(RecordingId("4" * 32))
    assert archive.report(expected=noted).ok
    forged = Head(noted.number, "0" * 64)
    [finding] = archive.report(expected=forged).findings
    assert finding.harm is Harm.LINKS_REMOVED
    assert verify(config, "--head", str(forged))[0] == 1
    assert verify(config, "--head", "three")[0] == 1


@pytest.mark.parametrize("content", [None, b"", b"3:abc", b"\xff"])
def test_head_that_is_gone_or_unreadable_is_told(archive: Archive, content: bytes | None) -> None:
    path = archive.settings.secrets_dir / "recordings.head"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert archive.found() == {(Harm.HEAD_UNREADABLE, "")}


def test_head_that_lags_behind_a_crash_is_no_harm(archive: Archive) -> None:
    path = archive.settings.secrets_dir / "recordings.head"
    before = path.read_bytes()
    archive.seal(RecordingId("4" * 32))
    path.write_bytes(before)  # killed between the commit and the head
    assert archive.report().ok
    archive.head.advance(archive.engine)
    head_now = archive.head.read()
    assert head_now is not None
    assert head_now.number == 4


def test_recording_that_was_sealed_again_counts_as_it_is_now(archive: Archive) -> None:
    archive.seal(SECOND)
    report = archive.report(deep=True)
    assert (report.ok, report.links, report.recordings) == (True, 4, 3)


def test_erased_recording_is_no_harm_and_its_copies_are_useless(archive: Archive) -> None:
    copy = archive.file(SECOND).read_bytes()
    archive.erase(SECOND)
    archive.erase(SECOND)
    assert not archive.file(SECOND).exists()
    report = archive.report(deep=True)
    assert (report.ok, report.erased, report.recordings, report.links) == (True, 1, 3, 4)
    archive.file(SECOND).write_bytes(copy)
    assert archive.report().ok
    with pytest.raises(Exception, match="no data key"):
        archive.vault.open(SECOND, f"2026/03/09/{SECOND}.sealed")


def test_key_that_comes_back_after_an_erasure_is_told(archive: Archive) -> None:
    archive.erase(SECOND)
    archive.vault.keys.make(SECOND)
    assert archive.found() == {(Harm.KEY_KEPT, "2")}


def test_only_what_is_sealed_and_encrypted_is_erased_by_its_key(archive: Archive) -> None:
    with pytest.raises(NotErasable):
        archive.erase(RecordingId("9" * 32))
    of_row(sealed_file="2026/03/09/old.opus")(archive)
    with pytest.raises(NotErasable):
        archive.erase(SECOND)


def test_keys_and_chain_outlive_a_rebuild_of_the_projections(archive: Archive) -> None:
    with unit_of_work(archive.engine) as session:
        rebuild(session, bootstrap.projections())
    assert archive.report(deep=True).ok
    assert archive.report().recordings == 3


def test_verification_without_any_master_key_says_so_in_a_sentence(
    archive: Archive, config: Path
) -> None:
    (archive.settings.secrets_dir / "recordings.key").unlink()
    done = CliRunner().invoke(app, ["recordings", "verify", "--config", str(config)])
    assert done.exit_code == 1
    assert "restore a backup" in done.output
