"""Blocks: callers who harass the service, for a time and under review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Calls of the caller with the digest `caller` are turned away until `until`.

    `by` decided it at `at`; somebody must look at it again at `review`, and did so if
    `confirmed_by` and `confirmed_at` are set.
    """

    caller: str
    reason: str
    by: str
    at: datetime
    until: datetime
    review: datetime
    confirmed_by: str = ""
    confirmed_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Say whether the block has not expired."""
        return now < self.until

    def review_due(self, now: datetime) -> bool:
        """Say whether somebody must look at it again."""
        return self.review <= now < self.until


_BLOCK = TypeAdapter(Block)


def to_text(block: Block) -> str:
    """Return the block as JSON."""
    return _BLOCK.dump_json(block).decode()


def from_text(text: str) -> Block:
    """Return the block that `to_text` wrote."""
    return _BLOCK.validate_json(text)


def review_date(now: datetime, until: datetime) -> datetime:
    """Return when a block is to be looked at again unless somebody says: after half its time."""
    return now + (until - now) / 2
