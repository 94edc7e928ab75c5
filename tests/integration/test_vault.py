"""Sealed files in a folder: encrypted on the disk, read back in any part; harm is found by it."""

from __future__ import annotations

import fcntl
import io
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from hotline.clock import SystemClock
from hotline.database import unit_of_work
from hotline.ids import RecordingId
from recordings.datakeys import DataKeyMissing, DataKeys
from recordings.envelope import CHUNK, HEADER_BYTES, TAG, EnvelopeBroken
from recordings.keyring import KeyFile, MasterKeyUnknown
from recordings.storage import FolderStorage, SealingElsewhere
from recordings.tables import RecordingKeyRow, RecordingRow
from recordings.vault import Vault

RECORDING = RecordingId("0123456789abcdef" * 2)
OTHER = RecordingId("f" * 32)
NAME = f"2026/03/09/{RECORDING}.sealed"
TEXT = Random(1).randbytes(3 * CHUNK + 1000)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    before = os.umask(0)  # what is private must not depend on it
    yield tmp_path / "recordings"
    os.umask(before)


@pytest.fixture
def masters(tmp_path: Path) -> KeyFile:
    masters = KeyFile(tmp_path / "recordings.key")
    masters.create()
    return masters


@pytest.fixture
def vault(engine: Engine, root: Path, masters: KeyFile) -> Vault:
    keys = DataKeys(engine=engine, masters=masters, clock=SystemClock())
    return Vault(storage=FolderStorage(root), keys=keys)


def put(vault: Vault, text: bytes = TEXT, recording: RecordingId = RECORDING) -> str:
    name = NAME.replace(RECORDING, recording)
    with vault.writing(recording, name) as draft:
        for start in range(0, len(text), 4000):
            draft.write(text[start : start + 4000])
    return draft.checksum


def test_what_was_put_in_is_read_and_not_on_the_disk(vault: Vault, root: Path) -> None:
    checksum = put(vault)
    file = root / NAME
    assert vault.open(RECORDING, NAME).read() == TEXT
    assert vault.checksum(NAME) == checksum
    assert TEXT[5000:5032] not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in [root, *list(root.rglob("20*"))[:1]]} == {
        0o700
    }
    assert [path for path in root.rglob("*") if path.is_file()] == [file]
    assert list(vault.storage.names(".sealed")) == [NAME]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, len(TEXT) + 10), st.integers(0, 2 * CHUNK))
def test_any_range_is_read_without_the_rest(vault: Vault, start: int, length: int) -> None:
    if not list(vault.storage.names(".sealed")):
        put(vault)
    file = vault.open(RECORDING, NAME)
    assert file.seek(start) == start
    assert file.read(length) == TEXT[start : start + length]
    assert file.tell() == max(start, min(start + length, len(TEXT)))


class Watched(FolderStorage):
    """Counts what is read."""

    read_bytes = 0

    def read(self, name: str, offset: int, length: int) -> bytes:
        found = super().read(name, offset, length)
        self.read_bytes += len(found)
        return found


def test_a_range_costs_its_chunks_and_no_more(vault: Vault, root: Path) -> None:
    put(vault, Random(2).randbytes(40 * CHUNK))
    storage = Watched(root)
    file = Vault(storage=storage, keys=vault.keys).open(RECORDING, NAME)
    file.seek(20 * CHUNK + 100)
    assert len(file.read(1000)) == 1000
    assert storage.read_bytes <= HEADER_BYTES + 4 * (CHUNK + TAG)


def test_the_end_is_sought_from_the_end(vault: Vault) -> None:
    put(vault)
    file = vault.open(RECORDING, NAME)
    assert file.seek(-10, io.SEEK_END) == len(TEXT) - 10
    assert file.read() == TEXT[-10:]
    assert file.read() == b""
    with pytest.raises(ValueError, match="before the beginning"):
        file.seek(-len(TEXT) - 1, io.SEEK_END)


def test_an_empty_file_is_one_too(vault: Vault) -> None:
    put(vault, b"")
    assert vault.open(RECORDING, NAME).read() == b""


@pytest.mark.parametrize("left", [0, 10, HEADER_BYTES, HEADER_BYTES + CHUNK + TAG, -1])
def test_a_cut_file_is_not_even_opened(vault: Vault, root: Path, left: int) -> None:
    put(vault)
    content = (root / NAME).read_bytes()
    (root / NAME).write_bytes(content[:left])
    with pytest.raises(EnvelopeBroken):
        vault.open(RECORDING, NAME)


def test_an_altered_chunk_is_told_when_it_is_reached_and_the_others_are_read(
    vault: Vault, root: Path
) -> None:
    put(vault)
    content = bytearray((root / NAME).read_bytes())
    content[HEADER_BYTES + CHUNK + TAG + 7] ^= 1
    (root / NAME).write_bytes(content)
    file = vault.open(RECORDING, NAME)
    assert file.read(CHUNK) == TEXT[:CHUNK]
    with pytest.raises(EnvelopeBroken, match=f"{RECORDING}.sealed: chunk 1 of 4"):
        file.read(1)
    file.seek(2 * CHUNK)
    assert file.read(10) == TEXT[2 * CHUNK : 2 * CHUNK + 10]


def test_a_file_of_another_recording_is_told(vault: Vault, root: Path) -> None:
    put(vault)
    put(vault, b"something else", OTHER)
    other = root / NAME.replace(RECORDING, OTHER)
    (root / NAME).write_bytes(other.read_bytes())
    with pytest.raises(EnvelopeBroken, match=f"is recording {OTHER[:8]}"):
        vault.open(RECORDING, NAME)


def test_a_plain_file_in_the_place_of_an_encrypted_one_is_refused(vault: Vault, root: Path) -> None:
    put(vault)
    (root / NAME).write_bytes(b"OggS" + bytes(1000))
    with pytest.raises(EnvelopeBroken):
        vault.open(RECORDING, NAME)


def test_what_an_older_version_left_in_the_clear_is_read_as_it_is(vault: Vault, root: Path) -> None:
    root.mkdir()
    (root / "old.opus").write_bytes(TEXT)
    file = vault.open(RECORDING, "old.opus")
    file.seek(CHUNK)
    assert file.read() == TEXT[CHUNK:]


def test_a_writer_that_fails_leaves_the_file_that_was_there(vault: Vault, root: Path) -> None:
    put(vault)
    before = (root / NAME).read_bytes()
    with pytest.raises(TypeError):
        put(vault, "no bytes")  # type: ignore[arg-type]  # that is the fault
    assert (root / NAME).read_bytes() == before
    assert [path for path in root.rglob("*") if path.is_file()] == [root / NAME]


def test_two_do_not_write_one_file_at_a_time(vault: Vault, root: Path) -> None:
    put(vault)
    part = (root / NAME).with_name(f".{RECORDING}.sealed.part")
    with part.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(SealingElsewhere):
            put(vault)
    put(vault, b"after it")
    assert vault.open(RECORDING, NAME).read() == b"after it"


def test_who_comes_as_another_ends_does_not_touch_what_that_one_has_finished(
    vault: Vault, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened while the other was still at it, locked when it was done."""
    part = (root / NAME).with_name(f".{RECORDING}.sealed.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"whole")
    lock = fcntl.flock

    def late(file: int, how: int) -> None:
        part.rename(root / NAME)
        lock(file, how)

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", late)
        with pytest.raises(SealingElsewhere):
            put(vault)
    assert (root / NAME).read_bytes() == b"whole"
    put(vault)
    assert vault.open(RECORDING, NAME).read() == TEXT


def test_what_is_left_of_an_attempt_that_died_is_written_over(vault: Vault, root: Path) -> None:
    part = (root / NAME).with_name(f".{RECORDING}.sealed.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(10 * CHUNK))
    put(vault)
    assert vault.open(RECORDING, NAME).read() == TEXT
    assert not part.exists()


def test_a_full_disk_leaves_nothing(vault: Vault, root: Path) -> None:
    vault.keys.make(RECORDING)  # it is the storage's disk that is full
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (CHUNK + 100, unlimited[1]))
    try:
        with pytest.raises(OSError):  # noqa: PT011 - EFBIG here, ENOSPC on a full disk
            put(vault)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert not [path for path in root.rglob("*") if path.is_file()]
    put(vault)


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.sealed", "a/../../b.opus", ""])
def test_a_name_leads_nowhere_else(vault: Vault, root: Path, name: str) -> None:
    root.mkdir()
    (root.parent / "secret.sealed").write_bytes(b"")
    for ask in (vault.storage.size, vault.storage.delete, vault.checksum):
        with pytest.raises(FileNotFoundError):
            ask(name)
    with pytest.raises(FileNotFoundError):
        put_at(vault, name)


def put_at(vault: Vault, name: str) -> None:
    with vault.writing(RECORDING, name):
        pass


# --- the data key -------------------------------------------------------------------------


def test_a_recordings_key_is_made_once_and_every_attempt_has_another_salt(
    vault: Vault, root: Path
) -> None:
    key = vault.keys.make(RECORDING)
    put(vault)
    first = (root / NAME).read_bytes()
    put(vault)
    second = (root / NAME).read_bytes()
    assert vault.keys.make(RECORDING) == key == vault.keys.read(RECORDING)
    assert first[HEADER_BYTES:] != second[HEADER_BYTES:]
    assert vault.keys.make(OTHER) != key


def test_without_its_row_no_copy_can_be_opened(vault: Vault, engine: Engine) -> None:
    put(vault)
    with unit_of_work(engine) as session:
        vault.keys.drop(session, RECORDING)
    with pytest.raises(DataKeyMissing):
        vault.open(RECORDING, NAME)


@pytest.mark.parametrize("state", ["raw", "sealed"])
def test_a_key_that_nobody_can_unwrap_is_replaced_only_where_nothing_was_sealed_with_it(
    vault: Vault, engine: Engine, masters: KeyFile, state: str
) -> None:
    vault.keys.make(RECORDING)
    old = masters.current()
    masters.add()
    masters.remove(old)
    with unit_of_work(engine) as session:
        row = RecordingRow(
            id=RECORDING, contact="c", caller_track="a", counselor_track="b",
            started_at=SystemClock().now(), state=state,
        )  # fmt: skip
        session.add(row)
    if state == "raw":
        put(vault)
        assert vault.open(RECORDING, NAME).read() == TEXT
    else:
        with pytest.raises(MasterKeyUnknown):
            put(vault)
        with unit_of_work(engine) as session:
            assert session.get_one(RecordingKeyRow, RECORDING).master == old
