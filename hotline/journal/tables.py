"""The tables of the journal, and what is folded from it about contacts and counselors.

``journal`` is the truth. All else here can be dropped and folded again (`history.rebuild`), and
therefore has no foreign keys: a fold must not fail because an event about the parent is late.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hotline.database import Base

Key = String(64)
"""Long enough for every identifier of ours."""
Position = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of type INTEGER."""


class JournalRow(Base):
    """One event, as `wire.encode` writes it. `position` grows in the order of commits, which is per
    subject the order in which things happened, but for what waited on a disk: see `burial`."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "subject", "seq"), Index(None, "type", "at"))

    position: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(Key, unique=True)
    type: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(Key)
    seq: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class SubjectRow(Base):
    """How far each subject's history has come, and how many of its events never arrived."""

    __tablename__ = "journal_subjects"

    subject: Mapped[str] = mapped_column(Key, primary_key=True)
    seq: Mapped[int]
    missing: Mapped[int] = mapped_column(default=0)


class RejectRow(Base):
    """A stream entry that could not be read, or an event that a projection could not fold."""

    __tablename__ = "journal_rejects"
    __table_args__ = (Index(None, "entry", "stage", unique=True),)

    position: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    entry: Mapped[str] = mapped_column(Key)
    """The stream entry's id in Redis."""
    stage: Mapped[str] = mapped_column(String(40))
    """``decode``, ``store``, or the name of the projection."""
    reason: Mapped[str] = mapped_column(Text)
    wire: Mapped[str] = mapped_column(Text)
    """The entry as it came, as JSON in ASCII."""
    at: Mapped[datetime]


class WriterRow(Base):
    """The fence: only the scribe that took the latest `epoch` may write (one row, id 1)."""

    __tablename__ = "journal_writer"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int]


class ContactRow(Base):
    """One contact: what statistics and the desk ask of it. Times are None until they happened."""

    __tablename__ = "contacts"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    seq: Mapped[int] = mapped_column(default=0)
    """The highest sequence number that was folded."""
    state: Mapped[str | None] = mapped_column(String(16))
    gateway: Mapped[str | None] = mapped_column(Key)
    trunk: Mapped[str | None] = mapped_column(Text)
    dnis: Mapped[str | None] = mapped_column(Text)
    node: Mapped[str | None] = mapped_column(Text, index=True)
    caller_cipher: Mapped[str | None] = mapped_column(Text)
    caller_digest: Mapped[str | None] = mapped_column(Key, index=True)
    """Empty for a caller who withheld the number: never compare two of those."""
    consent: Mapped[str | None] = mapped_column(String(8))
    """``given`` or ``refused``."""
    menu_outcome: Mapped[str | None] = mapped_column(String(32))
    priority: Mapped[str | None] = mapped_column(String(16))
    topic: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(16))
    skills: Mapped[list[str] | None] = mapped_column(JSON)
    offers: Mapped[int] = mapped_column(default=0)
    counselor: Mapped[str | None] = mapped_column(Key, index=True)
    """Who spoke to the caller last."""

    arrived_at: Mapped[datetime | None] = mapped_column(index=True)
    """The INVITE."""
    call_answered_at: Mapped[datetime | None]
    """Our 200: the caller hears us."""
    menu_finished_at: Mapped[datetime | None]
    queued_first_at: Mapped[datetime | None]
    promised_at: Mapped[datetime | None]
    """A callback was promised, the first time."""
    reached_at: Mapped[datetime | None]
    """The caller took the callback."""
    talk_first_at: Mapped[datetime | None]
    """The first counselor answered."""
    forwarded_first_at: Mapped[datetime | None]
    """A partner answered."""
    partner: Mapped[str | None] = mapped_column(Key)
    """Whose line that was, the last one."""
    talk_since: Mapped[datetime | None]
    """The conversation going on now began."""
    hold_since: Mapped[datetime | None]
    held_legs: Mapped[list[str]] = mapped_column(JSON, default=list)
    talk_seconds: Mapped[float] = mapped_column(default=0.0)
    """All conversations, without hold."""
    hold_seconds: Mapped[float] = mapped_column(default=0.0)
    talk_ended_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    result: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))


class ContactStateRow(Base):
    """One state that a contact came into, and when."""

    __tablename__ = "contact_states"

    contact: Mapped[str] = mapped_column(Key, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]


class CounselorIntervalRow(Base):
    """One stretch of one counselor in one state. `id` is the id of the event that began it."""

    __tablename__ = "counselor_intervals"
    __table_args__ = (Index(None, "counselor", "started_at"),)

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    counselor: Mapped[str] = mapped_column(Key)
    seq: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Key)
    contact: Mapped[str | None] = mapped_column(Key, index=True)
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class AlarmRow(Base):
    """One alarm: `process` is the name (``gateway-1``), `subject` the life of it that said so.

    `cleared_at` stays None for an occurrence (`events.OCCURRENCES`): it happened, it does not end.
    """

    __tablename__ = "alarms"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    process: Mapped[str] = mapped_column(Key, index=True)
    subject: Mapped[str] = mapped_column(Key)
    kind: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column(index=True)
    cleared_at: Mapped[datetime | None]
