"""Who may register and call: the edge's credentials, in a SQLite file that Kamailio reads.

Kamailio looks a password up at each challenge, so that a change counts at once. Beside them stands
`location`, the registrations, which Kamailio alone writes. The password itself is never stored:
only HA1, its digest with name and realm (RFC 7616 section 3.4.2).
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path

from hotline.errors import ConfigError

_EXTENSION = re.compile(r"[0-9]{3,8}")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS subscriber (
    username VARCHAR(64) PRIMARY KEY NOT NULL,
    realm    VARCHAR(64) NOT NULL,
    ha1      VARCHAR(128) NOT NULL,
    -- for phones that send name@realm as their name; empty, it would be a password to guess
    ha1b     VARCHAR(128) NOT NULL,
    role     VARCHAR(16) NOT NULL
);
CREATE TABLE IF NOT EXISTS location (  -- as usrloc of Kamailio 5.6 expects it (version 9)
    id INTEGER PRIMARY KEY NOT NULL,
    ruid VARCHAR(64) DEFAULT '' NOT NULL UNIQUE,
    username VARCHAR(64) DEFAULT '' NOT NULL,
    domain VARCHAR(64) DEFAULT NULL,
    contact VARCHAR(512) DEFAULT '' NOT NULL,
    received VARCHAR(128) DEFAULT NULL,
    path VARCHAR(512) DEFAULT NULL,
    expires TIMESTAMP WITHOUT TIME ZONE DEFAULT '2030-05-28 21:32:15' NOT NULL,
    q REAL DEFAULT 1.0 NOT NULL,
    callid VARCHAR(255) DEFAULT 'Default-Call-ID' NOT NULL,
    cseq INTEGER DEFAULT 1 NOT NULL,
    last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT '2000-01-01 00:00:01' NOT NULL,
    flags INTEGER DEFAULT 0 NOT NULL,
    cflags INTEGER DEFAULT 0 NOT NULL,
    user_agent VARCHAR(255) DEFAULT '' NOT NULL,
    socket VARCHAR(64) DEFAULT NULL,
    methods INTEGER DEFAULT NULL,
    instance VARCHAR(255) DEFAULT NULL,
    reg_id INTEGER DEFAULT 0 NOT NULL,
    server_id INTEGER DEFAULT 0 NOT NULL,
    connection_id INTEGER DEFAULT 0 NOT NULL,
    keepalive INTEGER DEFAULT 0 NOT NULL,
    partition INTEGER DEFAULT 0 NOT NULL
);
CREATE INDEX IF NOT EXISTS location_contact ON location (username, domain, contact);
CREATE INDEX IF NOT EXISTS location_expires ON location (expires);
"""


class Role(StrEnum):
    """What a phone may call."""

    COUNSELOR = "counselor"
    SUPERVISOR = "supervisor"
    EXTENSION = "extension"
    """An in-house phone: the hotline's own numbers, nothing else."""


class Credentials:
    """The accounts of one edge. Every method is one short transaction."""

    def __init__(self, path: Path, realm: str) -> None:
        """Open or create the file, 0600."""
        self.path = path
        self._realm = realm
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        with closing(sqlite3.connect(path, timeout=5)) as connection:
            # Readers never wait for a writer; Kamailio inherits the mode from the file.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)

    def put(self, extension: str, password: str, role: Role | str) -> None:
        """Add the account or replace its password and role; calls see it at once.

        Raises ConfigError for an extension that is not 3 to 8 digits, an empty password or an
        unknown role.
        """
        if not _EXTENSION.fullmatch(extension):
            raise ConfigError(f"extension {extension!r}: 3 to 8 digits are allowed")
        if not password:
            raise ConfigError(f"extension {extension}: the password is empty")
        if role not in set(Role):
            raise ConfigError(f"extension {extension}: role must be one of {', '.join(Role)}")
        realm = self._realm
        ha1 = _md5(f"{extension}:{realm}:{password}")
        ha1b = _md5(f"{extension}@{realm}:{realm}:{password}")
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO subscriber (username, realm, ha1, ha1b, role)"
                " VALUES (?, ?, ?, ?, ?)",
                (extension, realm, ha1, ha1b, str(role)),
            )

    def remove(self, extension: str) -> None:
        """Take the account away; nothing happens when there is none."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM subscriber WHERE username = ?", (extension,))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=5)) as connection, connection:
            yield connection


def _md5(text: str) -> str:
    """Digest as SIP's digest authentication prescribes; not a choice of ours."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
