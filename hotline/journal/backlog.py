"""What the stream holds and the database does not yet: read by whoever must know what stands now,
also while the database takes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from redis import Redis
from redis.exceptions import ResponseError

from hotline import events as e
from hotline.journal.alarm import row_of
from hotline.journal.stream import GROUP, JOURNAL_STREAM, Entry, entry_of
from hotline.journal.tables import AlarmRow
from hotline.wire import decode

PAGE = 1000
ABOUT_ALARMS = frozenset({"AlarmRaised", "AlarmCleared", "ProcessStarted"})


def backlog(redis: Redis) -> list[Entry]:
    """Return every entry that the scribe has not acknowledged, oldest first.

    `redis` comes from `stream.connect`. Raises redis.exceptions.RedisError.
    """
    found: list[Entry] = []
    start = _first(redis)
    while page := redis.xrange(JOURNAL_STREAM, min=start, count=PAGE):
        found += [entry_of((name, [part for pair in (wire or {}).items() for part in pair]))
                  for name, wire in page]  # fmt: skip
        start = f"({found[-1].id}"
    return found


def _first(redis: Redis) -> str:
    """Return where the backlog begins, as XRANGE names it."""
    try:
        groups = redis.xinfo_groups(JOURNAL_STREAM)
    except ResponseError:  # there is no stream yet
        return "-"
    for group in groups:
        if group["name"] == GROUP.encode():
            pending = redis.xpending(JOURNAL_STREAM, GROUP)["min"]
            return pending.decode() if pending else f"({group['last-delivered-id'].decode()}"
    return "-"


def with_backlog(rows: Sequence[AlarmRow], entries: Collection[Entry]) -> list[AlarmRow]:
    """Return what an operator must look at, as `rows` say and `entries` go on; the latest first.

    The new rows belong to no session.
    """
    standing = list(rows)
    for event in _about_alarms(entries):
        match event:
            case e.AlarmRaised() if all(row.id != event.id for row in standing):
                standing.insert(0, row_of(event))
            case e.AlarmCleared():
                own = (event.subject, event.kind.value)
                standing = [row for row in standing
                            if _happened(row) or (row.subject, row.kind) != own]  # fmt: skip
            case e.ProcessStarted():
                standing = [row for row in standing
                            if _happened(row) or row.process != event.process
                            or row.subject == event.subject]  # fmt: skip
            case _:
                pass
    return standing


def _about_alarms(entries: Collection[Entry]) -> Iterator[e.Event]:
    for entry in entries:
        if entry.wire.get("type") in ABOUT_ALARMS:
            try:
                yield decode(entry.wire)
            except (KeyError, ValueError):
                continue  # the scribe puts it among the rejects


def _happened(row: AlarmRow) -> bool:
    return row.kind in {kind.value for kind in e.OCCURRENCES}
