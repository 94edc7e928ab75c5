"""The chain of sealed files in the database: adding a link, walking along it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hotline.ids import RecordingId
from recordings.link import BEFORE_THE_FIRST, Link, LinkKind
from recordings.storage import SealingElsewhere
from recordings.tables import ChainLinkRow, RecordingRow, RecordingState
from recordings.vault import Draft, Vault

AT_ONCE = 1000


def append(
    session: Session, kind: LinkKind, recording: RecordingId, checksum: str, at: datetime
) -> Link:
    """Add a link in this writing transaction; one transaction at a time gets so far."""
    alone(session, ChainLinkRow.__tablename__)
    last = newest(session)
    bare = Link(
        number=last.number + 1 if last else 1,
        kind=kind,
        recording=recording,
        checksum=checksum,
        at=at,
        previous=last.digest if last else BEFORE_THE_FIRST,
    )
    row = ChainLinkRow(
        number=bare.number,
        kind=bare.kind,
        recording=bare.recording,
        checksum=bare.checksum,
        at=bare.at,
        previous=bare.previous,
        digest=bare.true_digest(),
    )
    session.add(row)
    return _link(row)


def note_file(
    session: Session, row: RecordingRow, name: str, vault: Vault, draft: Draft, at: datetime
) -> None:
    """Note in this transaction that `name` is the sealed file of `row`, with a link of its own.

    Raises SealingElsewhere when another process has written over it what it will note itself, or
    has: of two who seal one recording at a time, the row is of the one whose file is there.
    """
    alone(session, ChainLinkRow.__tablename__)
    if not vault.holds(name, draft):
        raise SealingElsewhere(f"{name}: another process has sealed it meanwhile")
    checksum = draft.checksum
    row.state = RecordingState.SEALED
    row.sealed_file, row.checksum = name, checksum
    row.sealed_at = row.sealed_at or at
    append(session, LinkKind.SEALED, RecordingId(row.id), checksum, at)


def newest(session: Session) -> Link | None:
    """Return the last link, or None where there is no chain yet."""
    row = session.scalar(select(ChainLinkRow).order_by(ChainLinkRow.number.desc()).limit(1))
    return None if row is None else _link(row)


def link_at(session: Session, number: int) -> Link | None:
    """Return link `number`, or None."""
    row = session.get(ChainLinkRow, number)
    return None if row is None else _link(row)


def newest_of(session: Session, recording: RecordingId) -> Link | None:
    """Return the last link that speaks of `recording`, or None."""
    its = select(ChainLinkRow).where(ChainLinkRow.recording == recording)
    row = session.scalar(its.order_by(ChainLinkRow.number.desc()).limit(1))
    return None if row is None else _link(row)


def links(session: Session) -> Iterator[Link]:
    """Yield all links in order, a thousand in memory at a time."""
    ordered = select(ChainLinkRow).order_by(ChainLinkRow.number)
    for row in session.scalars(ordered.execution_options(yield_per=AT_ONCE)):
        session.expunge(row)
        yield _link(row)


def alone(session: Session, table: str) -> None:
    """Keep other writers from `table` until this transaction ends: on SQLite they are kept from
    the beginning (`hotline.database`); readers are not."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))


def _link(row: ChainLinkRow) -> Link:
    return Link(
        number=row.number,
        kind=row.kind,
        recording=RecordingId(row.recording),
        checksum=row.checksum,
        at=row.at,
        previous=row.previous,
        digest=row.digest,
    )
