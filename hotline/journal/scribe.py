"""The scribe: the stream folded into the database, each event exactly once.

    read (lease) -> one transaction: fence, journal rows, folds -> after_commit -> XACK -> trim

* An event whose id is in the journal is skipped: the stream may deliver it any number of times.
* A contact's event that comes late, or after others buried the contact, has the whole contact
  folded anew in the same transaction: no order of delivery can be seen in the tables.
* Killed before the commit: nothing was written, the batch is pending and is read again. Killed
  after it: the batch is read again and skipped. Hence `after_commit` is called *at least* once
  for each event, and what it starts must be idempotent.
* One scribe is active, by a lease in Redis; a standby waits. One that was stopped for longer than
  its lease can neither read (the lease is checked in the same step) nor write (the fence: it does
  not have the latest epoch in ``journal_writer``).
* What cannot be decoded or stored, and what a projection cannot fold, becomes a row in
  ``journal_rejects``, and the rest goes on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import uuid4

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from hotline.clock import Clock
from hotline.events import AlarmKind, Event
from hotline.journal.history import Projection
from hotline.journal.ledger import FenceLost, Ledger, Written
from hotline.journal.stream import Entry, JournalStream, LeaseLost
from hotline.ports import Alarms

log = logging.getLogger(__name__)

BATCH = 500
BLOCK_MS = 1000
LEASE_MS = 5000
RETRY_S = 0.5
DATABASE_AWAY = "the database takes nothing: events wait in redis; see the scribe's log"
GATHER_S = 0.1
"""Pause after a batch that was not full: in a rush of calls an event that comes with others costs
half of what it costs alone."""
TRIM_EVERY = 50
"""Batches between two trims."""
RETAIN = timedelta(hours=1)
"""Committed entries stay so long in the stream, for whoever reads it live."""


class Scribe:
    """A synchronous process body. `redis` comes from `stream.connect`."""

    def __init__(
        self,
        *,
        redis: Redis,
        engine: Engine,
        projections: Sequence[Projection],
        after_commit: Callable[[Sequence[Event]], None],
        clock: Clock,
        alarms: Alarms | None = None,
        retain: timedelta = RETAIN,
    ) -> None:
        self._stream = JournalStream(redis, holder=uuid4().hex, lease_ms=LEASE_MS)
        self._ledger = Ledger(engine, projections, clock)
        self._after_commit = after_commit
        self._clock = clock
        self._alarms = alarms
        self._retain = retain
        self._stop = threading.Event()
        self._active = False
        self._recovering = True
        self._in_trouble = False
        self._batches = 0
        self.folded = 0
        """Events written to the journal by this process."""
        self.gaps = 0
        """Events whose numbers were jumped over and that have not come since."""
        self.rejected = 0

    @property
    def is_active(self) -> bool:
        return self._active

    def stop(self) -> None:
        """Let `run` return after the present batch; may be called by a signal handler."""
        self._stop.set()

    def run(self, *, alive: Callable[[], None] = lambda: None) -> None:
        """Fold until `stop`; bear Redis or the database being away. `alive` is called at each turn,
        every few seconds at the least."""
        while not self._stop.is_set():
            try:
                alive()
                folded = self.step()
                self._in_trouble = False
                if 0 < folded < BATCH:
                    self._stop.wait(GATHER_S)
            except (RedisError, SQLAlchemyError, OSError) as error:
                self._trouble(error)
        if self._active:
            try:
                self._stream.release()
            except RedisError:
                log.info("scribe: redis is away; the lease ends by itself")

    def step(self) -> int:
        """Fold at most one batch, waiting a second for one; return how many events were new.

        Raises RedisError or SQLAlchemyError when one of the two is away: nothing is lost then.
        """
        if not self._active and not self._activate():
            self._stop.wait(LEASE_MS / 3000)
            return 0
        try:
            entries = self._stream.read(count=BATCH, pending=self._recovering)
            if entries:
                stored = self._store(entries)
                self._database_takes_it()
                return stored
            self._database_takes_it()
            if self._recovering:
                self._recovering = False
            else:
                self._stream.wait(block_ms=BLOCK_MS)
        except (LeaseLost, FenceLost) as error:
            log.warning("scribe: %s: too slow, or another one is active", type(error).__name__)
            self._active = False
        except Exception:
            # Whatever it was: entries may have been read and not stored. Begin with those.
            self._active = False
            raise
        return 0

    def _activate(self) -> bool:
        if not self._stream.acquire():
            return False
        self._ledger.take_over()
        self._active = self._recovering = True
        log.info("scribe: active")
        return True

    def _store(self, entries: Sequence[Entry]) -> int:
        written = self._ledger.write([entry for entry in entries if entry.wire])
        self._count(written)
        # After a crash nobody knows whether this was called for what is in the journal already.
        events = written.decoded if self._recovering else written.new
        if events:
            self._tell(events)
        self._stream.acknowledge(entries)
        self._batches += 1
        if self._batches % TRIM_EVERY == 1:
            keep_from = self._clock.now() - self._retain
            self._stream.trim(before_ms=int(keep_from.timestamp() * 1000))
        return len(written.new)

    def _tell(self, events: Sequence[Event]) -> None:
        try:
            self._after_commit(events)
        except (RedisError, OSError):
            raise  # away: the batch is not acknowledged, and told again
        except Exception:
            # A fault in what comes after must not stop the journal.
            log.exception("scribe: what follows a commit met a fault")
            self._alarm("work that follows the journal met a fault; see the log")

    def _count(self, written: Written) -> None:
        self.folded += len(written.new)
        self.gaps += written.gaps
        self.rejected += written.rejected
        if written.gaps > 0:
            self._alarm(f"the journal misses {written.gaps} events; see journal_subjects")
        if written.rejected:
            self._alarm(f"{written.rejected} entries went to journal_rejects")

    def _alarm(self, detail: str) -> None:
        log.error("scribe: %s", detail)
        if self._alarms is not None:
            self._alarms.raise_alarm(AlarmKind.FAULT, detail)

    def _database_takes_it(self) -> None:
        if self._alarms is not None:
            self._alarms.clear_alarm(AlarmKind.DATABASE_AWAY)

    def _trouble(self, error: Exception) -> None:
        if not self._in_trouble:
            # Not the whole text of a database error: it holds the statement and its values.
            what = error.orig if isinstance(error, OperationalError) else type(error).__name__
            log.error("scribe: %s; trying again until it works", what)
            self._in_trouble = True
        if isinstance(error, SQLAlchemyError) and self._alarms is not None:
            self._alarms.raise_alarm(AlarmKind.DATABASE_AWAY, DATABASE_AWAY)
        self._stop.wait(RETRY_S)
