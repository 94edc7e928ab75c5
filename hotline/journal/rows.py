"""The rows that one transaction works on, held until it ends.

A Session remembers rows only as long as somebody else does, and writes what is pending before
each query: a fold that looked up its row for every event would spend its time on both.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy.orm import Session

T = TypeVar("T")
_HELD = "hotline.journal.rows"


def held(session: Session, key: Hashable, find: Callable[[], T]) -> T:
    """Return what `find` returned the first time `key` was asked for in this transaction.

    `find` sees the database without what is pending: whoever asks for `key` must make all rows of
    that kind through it.
    """
    rows: dict[Hashable, Any] = session.info.setdefault(_HELD, {})
    if key not in rows:
        with session.no_autoflush:
            rows[key] = find()
    found: T = rows[key]
    return found


def hold(session: Session, key: Hashable, value: object) -> None:
    """Let `held` return `value` for `key` from now on."""
    session.info.setdefault(_HELD, {})[key] = value


def let_go(session: Session) -> None:
    """Forget all, after a savepoint was rolled back: rows may be stale or gone."""
    session.info.pop(_HELD, None)
