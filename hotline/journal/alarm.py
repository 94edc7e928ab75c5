"""Folds alarms from the journal into their table, and says which an operator must look at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from hotline import events as e
from hotline.journal.tables import AlarmRow


class AlarmProjection:
    """Implements `journal.history.Projection`: one `AlarmRow` per alarm that was raised."""

    name = "alarms"

    def fold(self, session: Session, event: e.Event) -> None:
        match event:
            case e.AlarmRaised():
                session.add(row_of(event))
            case e.AlarmCleared():
                own = (AlarmRow.subject == event.subject, AlarmRow.kind == event.kind.value)
                _clear(session, event.at, *own)
            case e.ProcessStarted():
                earlier = (AlarmRow.process == event.process, AlarmRow.subject != event.subject)
                _clear(session, event.at, *earlier)
            case _:
                pass

    def forget(self, session: Session, contacts: Collection[str]) -> None:
        """Nothing: no contact's event is an alarm."""

    def clear(self, session: Session) -> None:
        session.execute(delete(AlarmRow))


def row_of(event: e.AlarmRaised) -> AlarmRow:
    """Return the row of an alarm that was raised."""
    return AlarmRow(
        id=event.id,
        process=event.subject.partition(".")[0],
        subject=event.subject,
        kind=event.kind.value,
        detail=event.detail,
        raised_at=event.at,
    )


def to_look_at(session: Session, *, since: datetime) -> Sequence[AlarmRow]:
    """Return the conditions that stand now and what occurred `since`, the latest first."""
    occurred = AlarmRow.kind.in_([kind.value for kind in e.OCCURRENCES])
    return session.scalars(
        select(AlarmRow)
        .where(AlarmRow.cleared_at.is_(None), or_(~occurred, AlarmRow.raised_at >= since))
        .order_by(AlarmRow.raised_at.desc())
    ).all()


def _clear(session: Session, at: datetime, *which: object) -> None:
    session.flush()  # an alarm of this very batch may be meant
    standing = AlarmRow.kind.not_in([kind.value for kind in e.OCCURRENCES])
    session.execute(
        update(AlarmRow)
        .where(standing, AlarmRow.cleared_at.is_(None), *which)  # type: ignore[arg-type]  # columns
        .values(cleared_at=at)
    )
