"""Master keys in a file: data keys go in and come out, for their own recording alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hotline.ids import RecordingId
from recordings.keyring import KeyFile, KeyringUnready, MasterKeyUnknown, WrapBroken, Wrapped

DATA_KEY = bytes(range(32))
RECORDING, OTHER = RecordingId("1" * 32), RecordingId("2" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets" / "recordings.key"


@pytest.fixture
def keys(path: Path) -> KeyFile:
    keys = KeyFile(path)
    assert keys.create()
    return keys


def test_a_data_key_comes_out_as_it_went_in(keys: KeyFile) -> None:
    wrapped = keys.wrap(DATA_KEY, RECORDING)
    assert keys.unwrap(wrapped, RECORDING) == DATA_KEY
    assert DATA_KEY not in wrapped.octets
    assert keys.wrap(DATA_KEY, RECORDING) != wrapped


def test_the_file_is_private_and_made_once(keys: KeyFile, path: Path) -> None:
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not keys.create()
    assert path.read_bytes() == before


def test_a_wrapped_key_is_of_its_recording_and_master_key_alone(keys: KeyFile) -> None:
    wrapped = keys.wrap(DATA_KEY, RECORDING)
    with pytest.raises(WrapBroken):
        keys.unwrap(wrapped, OTHER)
    newer = keys.add()
    with pytest.raises(WrapBroken):
        keys.unwrap(Wrapped(newer, wrapped.octets), RECORDING)


@pytest.mark.parametrize("position", [0, 11, 12, 43, 44, 59])
def test_an_altered_wrapped_key_is_found(keys: KeyFile, position: int) -> None:
    wrapped = keys.wrap(DATA_KEY, RECORDING)
    altered = bytearray(wrapped.octets)
    altered[position] ^= 1
    with pytest.raises(WrapBroken):
        keys.unwrap(Wrapped(wrapped.master, bytes(altered)), RECORDING)
    with pytest.raises(WrapBroken):
        keys.unwrap(Wrapped(wrapped.master, wrapped.octets[:position]), RECORDING)


def test_a_new_key_is_current_at_once_and_the_old_one_still_opens(
    keys: KeyFile, path: Path
) -> None:
    old = keys.wrap(DATA_KEY, RECORDING)
    another_process = KeyFile(path)
    newer = keys.add()
    assert another_process.current() == newer != old.master
    assert another_process.known() == {old.master, newer}
    assert another_process.wrap(DATA_KEY, RECORDING).master == newer
    assert another_process.unwrap(old, RECORDING) == DATA_KEY
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_removed_key_opens_nothing_and_the_current_one_is_not_removed(keys: KeyFile) -> None:
    old = keys.wrap(DATA_KEY, RECORDING)
    with pytest.raises(ValueError, match="current"):
        keys.remove(old.master)
    newer = keys.add()
    keys.remove(old.master)
    assert keys.known() == {newer}
    with pytest.raises(MasterKeyUnknown, match=old.master):
        keys.unwrap(old, RECORDING)
    with pytest.raises(MasterKeyUnknown):
        keys.remove(old.master)


def test_keys_that_many_add_at_a_time_are_all_kept(keys: KeyFile, path: Path) -> None:
    first = keys.current()
    with ThreadPoolExecutor(8) as crowd:
        added = list(crowd.map(lambda _: KeyFile(path).add(), range(16)))
    assert keys.known() == {first, *added}


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda path: path.unlink(), "are gone; restore a backup"),
        (lambda path: path.chmod(0o640), "must be a plain file that is 0600"),
        (lambda path: path.write_text(""), "holds no key"),
        (lambda path: path.write_text(path.read_text()[:-3]), "line 1 is no key"),
        (lambda path: path.write_text(path.read_text().replace("\n", "0\n")), "line 1 is no key"),
        (lambda path: path.write_text(f"{'0' * 16} {'ab' * 32}\n"), "line 1 is no key"),
        (lambda path: path.write_bytes(b"\xff"), "cannot be read"),
    ],
    ids=["gone", "open", "empty", "cut", "longer", "another id", "no text"],
)
def test_a_file_that_is_no_key_file_is_said_to_be_none_and_left_alone(
    keys: KeyFile, path: Path, harm: object, words: str
) -> None:
    wrapped = keys.wrap(DATA_KEY, RECORDING)
    harm(path)  # type: ignore[operator]  # one of those above
    there = path.read_bytes() if path.exists() else None
    for ask in (
        keys.current,
        keys.add,
        lambda: keys.wrap(DATA_KEY, RECORDING),
        lambda: keys.unwrap(wrapped, RECORDING),
    ):
        with pytest.raises(KeyringUnready, match=words) as raised:
            ask()
        assert "ab" * 32 not in str(raised.value)
    assert (path.read_bytes() if path.exists() else None) == there
