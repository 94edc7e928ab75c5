"""The way to the journal stream for processes that have no asyncio loop."""

from __future__ import annotations

import logging
from pathlib import Path

import redis
from redis.exceptions import RedisError

from hotline.events import Event
from hotline.journal.redisfault import kind_of
from hotline.journal.spool import Spool
from hotline.journal.stream import JOURNAL_STREAM, connect, entry_fields
from hotline.wire import encode

log = logging.getLogger(__name__)

TIMEOUT_S = 1.0


class DirectSink:
    """Implements `events.Sink` for processes without a loop: scribe, worker, command line.

    Each event is one XADD; while Redis is away it is a spool file of its own, which the next relay
    that looks for orphans delivers. It blocks for as long as that takes (`TIMEOUT_S` at most when
    Redis hangs), so it is not for the telephone. Order is kept but for an outage.
    """

    def __init__(self, *, redis_url: str, spool_dir: Path, process: str) -> None:
        self._redis: redis.Redis = connect(redis_url, timeout_s=TIMEOUT_S)
        self._spool_dir = spool_dir
        self._process = process

    def append(self, event: Event) -> None:
        wire = encode(event)
        try:
            self._redis.xadd(JOURNAL_STREAM, entry_fields(wire))
            return
        except RedisError as error:
            log.warning("redis takes nothing (%s): an event goes to the disk", kind_of(error))
        try:
            spool = Spool.create(self._spool_dir, self._process)
            try:
                spool.put([wire])
            finally:
                spool.close()
        except OSError:
            log.exception("event %s %s is lost", type(event).__name__, event.id)

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()
