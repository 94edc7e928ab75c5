"""The journal stream in Redis: its name, how to write to it, and the reader's lease.

One consumer group, and one consumer name for whichever scribe is active: what a dead one had read
and not acknowledged is the next one's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry

JOURNAL_STREAM = "hotline:journal"
SCRIBE_LEASE = "hotline:scribe:lease"
GROUP = "scribe"
CONSUMER = "scribe"
TIMEOUT_S = 5.0


class LeaseLost(Exception):
    """Another scribe is active."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stream entry. `wire` is empty when the entry was deleted while it was pending."""

    id: str
    wire: dict[str, str]


def connect(url: str, *, timeout_s: float = TIMEOUT_S) -> redis.Redis:
    """Return a client for this module: it retries nothing by itself, and hands out bytes, for
    an entry that is not UTF-8 must not stop the reader."""
    return redis.Redis.from_url(
        url,
        decode_responses=False,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
    )


def entry_fields(wire: dict[str, str]) -> dict[Any, Any]:
    """Return `wire` as redis-py types what XADD takes: its dict is invariant in both parameters."""
    return dict(wire)


class JournalStream:
    """The reading side, for one scribe; `holder` is unique to its process."""

    def __init__(self, connection: redis.Redis, *, holder: str, lease_ms: int) -> None:
        self._redis = connection
        self._holder = holder
        self._lease_ms = lease_ms
        scripts = files("hotline.journal") / "lua"
        self._read = connection.register_script((scripts / "read_journal.lua").read_text("utf-8"))
        self._release = connection.register_script(
            (scripts / "release_lease.lua").read_text("utf-8")
        )

    def acquire(self) -> bool:
        """Take the lease, or keep it; False while another holds it. Makes the group as well."""
        mine = self._redis.set(SCRIBE_LEASE, self._holder, nx=True, px=self._lease_ms)
        if not mine and self._redis.get(SCRIBE_LEASE) != self._holder.encode():
            return False
        self._redis.pexpire(SCRIBE_LEASE, self._lease_ms)
        try:
            # From the very beginning: what is there already is skipped by event id.
            self._redis.xgroup_create(JOURNAL_STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        return True

    def release(self) -> None:
        """Let a standby take over at once."""
        self._release(keys=[SCRIBE_LEASE], args=[self._holder])

    def read(self, *, count: int, pending: bool) -> list[Entry]:
        """Prolong the lease and return the next entries, in one step. Raises LeaseLost.

        `pending`: those that were read before and never acknowledged, oldest first.
        """
        answer = self._read(
            keys=[SCRIBE_LEASE, JOURNAL_STREAM],
            args=[self._holder, self._lease_ms, GROUP, CONSUMER, count, "0" if pending else ">"],
        )
        if answer is None:
            raise LeaseLost
        return [entry_of(raw) for raw in answer]

    def wait(self, *, block_ms: int) -> None:
        """Return when there is something new, after `block_ms` at the latest."""
        for group in self._redis.xinfo_groups(JOURNAL_STREAM):
            if group["name"] == GROUP.encode():
                last = group["last-delivered-id"]
                self._redis.xread({JOURNAL_STREAM: last}, count=1, block=block_ms)

    def acknowledge(self, entries: Sequence[Entry]) -> None:
        self._redis.xack(JOURNAL_STREAM, GROUP, *(entry.id for entry in entries))

    def trim(self, *, before_ms: int) -> None:
        """Forget entries older than `before_ms` (Unix time), but none that is not acknowledged."""
        waiting = self._redis.xpending(JOURNAL_STREAM, GROUP)["min"]
        last = b"0-0"
        for group in self._redis.xinfo_groups(JOURNAL_STREAM):
            if group["name"] == GROUP.encode():
                last = group["last-delivered-id"]
        oldest_kept = min(_order(waiting or last), _order(last), (before_ms, 0))
        minid = f"{oldest_kept[0]}-{oldest_kept[1]}"
        self._redis.xtrim(JOURNAL_STREAM, minid=minid, approximate=True)


def _order(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry_id.decode().partition("-")
    return int(milliseconds), int(number)


def entry_of(raw: Any) -> Entry:
    """Return an entry as Redis answers it: its id, and names and values in turn."""
    entry_id, pairs = raw
    texts = [part.decode("utf-8", "backslashreplace") for part in pairs or ()]
    return Entry(entry_id.decode(), dict(zip(texts[::2], texts[1::2], strict=True)))
