"""Private files: closed to others from the first octet on, whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotline.privatefile import create_private, write_private


@pytest.fixture(autouse=True)
def _generous_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_file_is_replaced_by_one_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "热线")
    assert path.read_text("utf-8") == "热线"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_fails_leaves_the_old_text_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "\udcff")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_there_already_is_never_created_again(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert create_private(path, "first")
    assert not create_private(path, "second")
    assert path.read_text() == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
