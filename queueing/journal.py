"""Folds offers from the journal into their table."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hotline import events as e
from hotline.journal.rows import held, let_go
from hotline.ports import OfferOutcome
from queueing.tables import OfferRow

ANSWERED = "answered"
NOT_REACHED = "not_reached"
"""The counselor took it, and the caller could not be called back."""
CONTACT_ENDED = "contact_ended"
"""The caller left, or we ended the contact, while the phone was ringing."""

_OUTCOMES: dict[type[e.Event], str] = {
    e.ContactAnswered: ANSWERED,
    e.CallbackReached: ANSWERED,
    e.CallbackFailed: NOT_REACHED,
    e.CounselorJoined: ANSWERED,
    e.OfferMissed: OfferOutcome.MISSED.value,
    e.OfferDeclined: OfferOutcome.DECLINED.value,
    e.OfferFailed: OfferOutcome.UNREACHABLE.value,
    e.OfferWithdrawn: OfferOutcome.WITHDRAWN.value,
}

OfferEvent = (
    e.ContactOffered
    | e.ContactAnswered
    | e.CallbackReached
    | e.CallbackFailed
    | e.CounselorJoined
    | e.OfferMissed
    | e.OfferDeclined
    | e.OfferFailed
    | e.OfferWithdrawn
)


class OfferProjection:
    """Implements `hotline.journal.history.Projection`: one `OfferRow` per offer."""

    name = "offers"

    def fold(self, session: Session, event: e.Event) -> None:
        match event:
            case e.ContactOffered():
                _row(session, event).offered_at = event.at
            case (
                e.ContactAnswered()
                | e.CallbackReached()
                | e.CallbackFailed()
                | e.CounselorJoined()
                | e.OfferMissed()
                | e.OfferDeclined()
                | e.OfferFailed()
                | e.OfferWithdrawn()
            ):
                row = _row(session, event)
                _end(row, _OUTCOMES[type(event)], event.at)
                row.status = getattr(event, "status", None)
            case e.CallerLeft() | e.ContactRefused() | e.ContactFailed():
                for row in _offers(session, event.subject).values():
                    if row.outcome is None:
                        _end(row, CONTACT_ENDED, event.at)
            case _:
                pass

    def forget(self, session: Session, contacts: Collection[str]) -> None:
        let_go(session)
        session.execute(delete(OfferRow).where(OfferRow.contact.in_(contacts)))

    def clear(self, session: Session) -> None:
        let_go(session)
        session.execute(delete(OfferRow))


def _offers(session: Session, contact: str) -> dict[str, OfferRow]:
    """All offers of `contact`, by number."""

    def find() -> dict[str, OfferRow]:
        rows = session.scalars(select(OfferRow).where(OfferRow.contact == contact))
        return {row.offer: row for row in rows}

    return held(session, (OfferRow, contact), find)


def _row(session: Session, event: OfferEvent) -> OfferRow:
    offers = _offers(session, event.subject)
    row = offers.get(event.offer)
    if row is None:
        row = OfferRow(contact=event.subject, offer=event.offer, counselor=event.counselor)
        offers[event.offer] = row
        session.add(row)
    return row


def _end(row: OfferRow, outcome: str, at: datetime) -> None:
    row.outcome = outcome
    row.ended_at = at
