"""Accounts: what is kept of them, and what is refused."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from hotline.edge.credentials import Credentials, Role
from hotline.errors import ConfigError


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "edge.sqlite", "hotline.local")


def _rows(credentials: Credentials) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(credentials.path)) as connection:
        query = "SELECT username, realm, ha1, role FROM subscriber ORDER BY username"
        return list(connection.execute(query))


def _roles(credentials: Credentials) -> dict[str, str]:
    return {row[0]: row[3] for row in _rows(credentials)}


def test_roles_are_those_put_and_not_removed(credentials: Credentials) -> None:
    credentials.put("1001", "secret", "counselor")
    credentials.put("1002", "secret", Role.SUPERVISOR)
    credentials.put("2001", "secret", "extension")
    credentials.put("1001", "other", "supervisor")
    credentials.remove("2001")
    credentials.remove("9999")
    assert _roles(credentials) == {"1001": Role.SUPERVISOR, "1002": Role.SUPERVISOR}


def test_only_the_digest_of_a_password_is_kept(credentials: Credentials) -> None:
    credentials.put("1001", "a-password-to-find", "counselor")
    ha1 = hashlib.md5(b"1001:hotline.local:a-password-to-find", usedforsecurity=False).hexdigest()
    assert _rows(credentials) == [("1001", "hotline.local", ha1, "counselor")]
    for path in credentials.path.parent.iterdir():
        assert b"a-password-to-find" not in path.read_bytes()


def test_the_file_is_private_and_readers_do_not_wait_for_writers(credentials: Credentials) -> None:
    assert stat.S_IMODE(credentials.path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(credentials.path, timeout=0)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert _roles(credentials) == {}


def test_opening_again_keeps_everything(credentials: Credentials) -> None:
    credentials.put("1001", "secret", "counselor")
    assert _roles(Credentials(credentials.path, "hotline.local")) == {"1001": Role.COUNSELOR}


@pytest.mark.parametrize(
    ("extension", "password", "role", "said"),
    [
        ("12", "secret", "counselor", "3 to 8 digits"),
        ("123456789", "secret", "counselor", "3 to 8 digits"),
        ("1001:x", "secret", "counselor", "3 to 8 digits"),
        ("1001\n", "secret", "counselor", "3 to 8 digits"),
        ("1001", "", "counselor", "password is empty"),
        ("1001", "secret", "admin", "counselor, supervisor, extension"),
    ],
)
def test_a_wrong_account_is_refused_in_words(
    credentials: Credentials, extension: str, password: str, role: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        credentials.put(extension, password, role)
    assert _roles(credentials) == {}
