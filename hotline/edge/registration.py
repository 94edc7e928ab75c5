"""Which phones can be called, and which of them proved alive.

`Registration` is read from what Kamailio writes through to `edge.sqlite`, not asked over the
control socket: its replies end at 128 KiB, which is 250 phones. `Phone` is asked there, for one
extension at a time: the edge keeps in memory when each phone answered its last OPTIONS.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# Kamailio writes times as Julian days in UTC. SQLite's clock is the one that Kamailio reads.
_CURRENT = """
SELECT username, contact, coalesce(received, contact),
       CAST((expires - julianday('now')) * 86400 AS INTEGER)
FROM location WHERE expires > julianday('now') ORDER BY username
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One phone that can be called now; an extension may have several. `received` is where its
    REGISTER came from: calls go there, whatever `contact` says."""

    extension: str
    contact: str
    received: str
    expires_in: int
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One registered phone. `proved_at` is when it registered or answered an OPTIONS last, by the
    clock of the edge's machine, to the second; when the edge has just started: its start.

    None: it is connected over TCP. It is not asked there, for its connection is the proof; when
    that breaks, so does the registration.
    """

    extension: str
    received: str
    proved_at: datetime | None


def phones_of(extension: str, answer: Mapping[str, Any]) -> Iterator[Phone]:
    """Read the edge's answer to ``ul.lookup``."""
    for entry in answer["Contacts"]:
        contact = entry["Contact"]
        if not isinstance(contact["Expires"], int):  # "expired" or "deleted": on its way out
            continue
        connected = int(contact["Tcpconn-Id"]) >= 0
        proof = max(int(contact["Last-Keepalive"]), int(contact["Last-Modified"]))
        yield Phone(
            extension=extension,
            received=contact["Received"],
            proved_at=None if connected else datetime.fromtimestamp(proof, UTC),
        )


def read_registrations(path: Path) -> list[Registration]:
    """Return every registration in the file that has not expired, by extension."""
    with closing(sqlite3.connect(path, timeout=5)) as connection:
        return [
            Registration(extension=extension, contact=contact, received=received, expires_in=left)
            for extension, contact, received, left in connection.execute(_CURRENT)
        ]
