"""The data key of each recording: made once, kept wrapped in the database, dropped to erase.

It stands in a table and not in the file: a new master key rewraps rows and touches no audio, and
without its row no copy of the file, wherever it is, can be opened.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, delete, func, select, text, update
from sqlalchemy.orm import Session

from hotline.clock import Clock
from hotline.database import snapshot, unit_of_work
from hotline.errors import HotlineError
from hotline.ids import RecordingId
from recordings.envelope import KEY_BYTES
from recordings.keyring import MasterKeys, MasterKeyUnknown, WrapBroken, Wrapped
from recordings.tables import RecordingKeyRow, RecordingRow, RecordingState

log = logging.getLogger(__name__)

BATCH = 200
"""Keys rewrapped in one transaction: a fraction of a second, in which nothing else is written."""


class DataKeyMissing(HotlineError):
    """A recording has no data key: it was erased, or its row was lost."""

    code = "data_key_missing"


class DataKeys:
    """Makes, reads, rewraps and drops data keys."""

    def __init__(self, *, engine: Engine, masters: MasterKeys, clock: Clock) -> None:
        self._engine = engine
        self.masters = masters
        self._clock = clock

    def make(self, recording: RecordingId) -> bytes:
        """Return the data key of `recording`, which is on the disk before this returns.

        The one that is there is used again. Where it cannot be unwrapped and the recording was not
        sealed yet, a new one takes its place: the old one has nothing to open. Raises
        KeyringUnready, and MasterKeyUnknown or WrapBroken for what was sealed.
        """
        with unit_of_work(self._engine) as session:
            self._prepare(session, recording)
        return self.read(recording)

    def read(self, recording: RecordingId) -> bytes:
        """Return the data key of `recording`. Raises DataKeyMissing, MasterKeyUnknown, WrapBroken,
        KeyringUnready."""
        with snapshot(self._engine) as session:
            row = session.get(RecordingKeyRow, recording)
        if row is None:
            raise DataKeyMissing(f"recording {recording[:8]} has no data key: erased, or lost")
        return self.masters.unwrap(_wrapped(row), recording)

    def drop(self, session: Session, recording: RecordingId) -> None:
        """Delete the data key in this transaction: once it is committed, nobody can hear the
        recording again."""
        if session.get_bind().dialect.name == "sqlite":  # else its bytes stay on a free page
            session.execute(text("PRAGMA secure_delete = ON"))
        session.execute(delete(RecordingKeyRow).where(RecordingKeyRow.recording == recording))

    def to_rewrap(self) -> int:
        """Return how many data keys `rewrap` would wrap anew."""
        with snapshot(self._engine) as session:
            return session.scalar(select(func.count()).where(self._older())) or 0

    def rewrap(self) -> Iterator[Rewrapped]:
        """Wrap every data key with the current master key that another one of ours wraps; yield
        what came of each batch.

        Each batch is committed before it is yielded: killed at any time, the next call goes on
        with what is left. What cannot be unwrapped is left as it is.
        """
        after = ""
        while True:
            with unit_of_work(self._engine) as session:
                older = select(RecordingKeyRow).where(self._older())
                later = older.where(RecordingKeyRow.recording > after)
                rows = list(session.scalars(later.order_by(RecordingKeyRow.recording).limit(BATCH)))
                if not rows:
                    return
                failed = [row for row in rows if not self._renew(session, row)]
            after = rows[-1].recording
            yield Rewrapped(len(rows), tuple(RecordingId(row.recording) for row in failed))

    def uses(self) -> dict[str, int]:
        """Return how many data keys each master key wraps."""
        by_master = select(RecordingKeyRow.master, func.count()).group_by(RecordingKeyRow.master)
        with snapshot(self._engine) as session:
            return {row.master: row[1] for row in session.execute(by_master)}

    def _prepare(self, session: Session, recording: RecordingId) -> None:
        """See that there is a row that can be unwrapped, if that is ours to decide."""
        row = session.get(RecordingKeyRow, recording)
        if row is not None and (self._opens(row) or not _is_raw(session, recording)):
            return
        wrapped = self.masters.wrap(secrets.token_bytes(KEY_BYTES), recording)
        if row is None:
            row = RecordingKeyRow(recording=recording)
            session.add(row)
        row.master, row.wrapped = wrapped.master, wrapped.octets
        row.made_at = self._clock.now()

    def _opens(self, row: RecordingKeyRow) -> bool:
        try:
            self.masters.unwrap(_wrapped(row), RecordingId(row.recording))
        except (MasterKeyUnknown, WrapBroken):
            return False
        return True

    def _older(self) -> ColumnElement[bool]:
        """Wrapped with a master key that is here and is not the current one."""
        others = self.masters.known() - {self.masters.current()}
        return RecordingKeyRow.master.in_(others)

    def _renew(self, session: Session, row: RecordingKeyRow) -> bool:
        recording, old = RecordingId(row.recording), _wrapped(row)
        session.expunge(row)
        try:
            new = self.masters.wrap(self.masters.unwrap(old, recording), recording)
        except (MasterKeyUnknown, WrapBroken) as error:
            log.error("not rewrapped: %s", error)
            return False
        # Only what still stands as it was read: a key dropped meanwhile must not come back.
        session.execute(
            update(RecordingKeyRow)
            .where(RecordingKeyRow.recording == recording, RecordingKeyRow.wrapped == old.octets)
            .values(master=new.master, wrapped=new.octets)
        )
        return True


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """One batch: how many data keys it had, and of which recordings they could not be unwrapped."""

    count: int
    failed: tuple[RecordingId, ...]


def _wrapped(row: RecordingKeyRow) -> Wrapped:
    return Wrapped(row.master, row.wrapped)


def _is_raw(session: Session, recording: RecordingId) -> bool:
    row = session.get(RecordingRow, recording)
    return row is not None and row.state == RecordingState.RAW
