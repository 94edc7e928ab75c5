"""Which phones can be called now, read from what Kamailio writes through to `edge.sqlite`.

Not asked over the control socket: its replies end at 128 KiB, which is 250 phones.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

# Kamailio writes times as Julian days in UTC. SQLite's clock is the one that Kamailio reads.
_CURRENT = """
SELECT username, contact, coalesce(received, contact),
       CAST((expires - julianday('now')) * 86400 AS INTEGER)
FROM location WHERE expires > julianday('now') ORDER BY username
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One phone that can be called now. `received` is where its REGISTER came from: calls go
    there, whatever `contact` says."""

    extension: str
    contact: str
    received: str
    expires_in: int
    """Seconds."""


def read_registrations(path: Path) -> list[Registration]:
    """Return every registration in the file that has not expired, by extension."""
    with closing(sqlite3.connect(path, timeout=5)) as connection:
        return [
            Registration(extension=extension, contact=contact, received=received, expires_in=left)
            for extension, contact, received, left in connection.execute(_CURRENT)
        ]
