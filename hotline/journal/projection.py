"""Folds contacts and counselor states from the journal into their tables."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hotline import events as e
from hotline.contact import ContactState, after
from hotline.errors import IllegalTransition
from hotline.journal.burial import Ending
from hotline.journal.rows import held, hold, let_go
from hotline.journal.tables import ContactRow, ContactStateRow, CounselorIntervalRow


class ContactProjection:
    """Implements `journal.Projection`: one `ContactRow` per contact, and each of its states."""

    name = "contacts"

    def fold(self, session: Session, event: e.Event) -> None:
        if not isinstance(event, e.ContactEvent):
            return
        row = held(session, (ContactRow, event.subject), lambda: _contact(session, event.subject))
        if isinstance(event, e.ContactRevived):
            _revive(session, row, event)
        elif row.ended_at is None:  # the first ending counts, and nothing after it
            _move(session, row, event)
            _note(row, event)
        row.seq = max(row.seq, event.seq)

    def forget(self, session: Session, contacts: Collection[str]) -> None:
        let_go(session)
        session.execute(delete(ContactStateRow).where(ContactStateRow.contact.in_(contacts)))
        session.execute(delete(ContactRow).where(ContactRow.id.in_(contacts)))

    def clear(self, session: Session) -> None:
        let_go(session)
        session.execute(delete(ContactStateRow))
        session.execute(delete(ContactRow))


def _contact(session: Session, contact: str) -> ContactRow:
    row = session.get(ContactRow, contact)
    if row is None:
        row = ContactRow(
            id=contact, seq=0, offers=0, talk_seconds=0.0, hold_seconds=0.0, held_legs=[]
        )
        session.add(row)
    return row


def _move(session: Session, row: ContactRow, event: e.Event) -> None:
    before = None if row.state is None else ContactState(row.state)
    try:
        state = after(before, event, row.id)
    except IllegalTransition:  # the history has a hole: an ending still says how it ended
        ending = getattr(event, "termination", None)
        if ending is None:
            return
        state = ContactState(ending.result.value)
    if state is not before:
        _enter(session, row, event, state.value)


def _enter(session: Session, row: ContactRow, event: e.Event, state: str) -> None:
    row.state = state
    if event.seq <= row.seq:  # others gave an event the same number: the later one counts
        session.flush()
        same = session.get(ContactStateRow, (row.id, event.seq))
        if same is not None:
            same.state, same.at = state, event.at
            return
    session.add(ContactStateRow(contact=row.id, seq=event.seq, state=state, at=event.at))


def _revive(session: Session, row: ContactRow, event: e.ContactRevived) -> None:
    """Take the ending back: the contact is where its owner says."""
    row.ended_at = row.result = row.reason = None
    if row.state != event.state:
        _enter(session, row, event, event.state)
    if event.state == ContactState.TALKING and row.talk_since is None and row.hold_since is None:
        row.talk_first_at = row.talk_first_at or event.at
        row.talk_since, row.talk_ended_at = event.at, None
        row.counselor = event.counselor


def _note(row: ContactRow, event: e.Event) -> None:
    """Write the facts of `event` into `row`."""
    match event:
        case e.InviteReceived():
            _arrive(row, event)
        case e.CallAnswered():
            row.call_answered_at = event.at
        case e.ConsentGiven():
            row.consent = "given"
        case e.ConsentRefused():
            row.consent = "refused"
        case e.MenuFinished():
            row.menu_finished_at = event.at
            row.menu_outcome = event.outcome
            row.topic, row.language = event.topic, event.language
        case e.ContactQueued():
            _queue(row, event)
        case e.ContactOffered():
            row.offers += 1
        case e.CallbackPromised():
            row.promised_at = row.promised_at or event.at
        case _:
            _note_talk(row, event)


def _note_talk(row: ContactRow, event: e.Event) -> None:
    match event:
        case e.ContactAnswered() | e.CallbackReached():
            if isinstance(event, e.CallbackReached):
                row.reached_at = row.reached_at or event.at
            _end_talk(row, event.at)  # if one goes on, how it ended never came
            row.talk_first_at = row.talk_first_at or event.at
            row.talk_since = event.at
            row.counselor = event.counselor
        case e.ContactHeld():
            _hold(row, sorted({*row.held_legs, event.leg}), event.at)
        case e.ContactResumed():
            _hold(row, [leg for leg in row.held_legs if leg != event.leg], event.at)
        case e.CounselorParted():  # whose hold, if any, is over with them
            _hold(row, [leg for leg in row.held_legs if leg != event.leg], event.at)
            row.counselor = event.stays
        case e.CounselorLost() | e.CallbackFailed():
            _end_talk(row, event.at)
        case e.ContactForwarded():
            row.forwarded_first_at = row.forwarded_first_at or event.at
            row.partner = event.partner
        case _ if isinstance(event, Ending):
            _end(row, event)
        case _:
            pass


def _arrive(row: ContactRow, event: e.InviteReceived) -> None:
    row.arrived_at = event.at
    row.gateway, row.trunk, row.dnis = event.gateway, event.trunk, event.dnis
    row.node = row.node or event.node
    row.caller_cipher, row.caller_digest = event.caller.cipher, event.caller.digest


def _queue(row: ContactRow, event: e.ContactQueued) -> None:
    row.queued_first_at = row.queued_first_at or event.at
    row.priority, row.skills = event.priority.value, list(event.skills)
    row.topic, row.language, row.node = event.topic, event.language, event.node


def _hold(row: ContactRow, held: list[str], at: datetime) -> None:
    """Hold lasts from the first leg's hold to the last leg's resumption."""
    if row.talk_since is None:
        return
    if held and row.hold_since is None:
        row.talk_seconds += (at - row.talk_since).total_seconds()
        row.hold_since = at
    elif not held and row.hold_since is not None:
        row.hold_seconds += (at - row.hold_since).total_seconds()
        row.hold_since, row.talk_since = None, at
    row.held_legs = held


def _end_talk(row: ContactRow, at: datetime) -> None:
    if row.talk_since is None:
        return
    if row.hold_since is not None:
        row.hold_seconds += (at - row.hold_since).total_seconds()
    else:
        row.talk_seconds += (at - row.talk_since).total_seconds()
    row.talk_since, row.hold_since, row.held_legs, row.talk_ended_at = None, None, [], at


def _end(row: ContactRow, event: Ending) -> None:
    if row.ended_at is not None:
        return
    _end_talk(row, event.at)
    row.ended_at = event.at
    row.result = event.termination.result.value
    row.reason = event.termination.reason.value


class CounselorProjection:
    """Implements `journal.Projection`: one `CounselorIntervalRow` per stretch in one state.

    Ordered as they are journalled, for Redis journals them as they happen: a counselor's numbers
    begin again when Redis is lost, and their dates when a clock is set back. Over that, a stretch
    lasts no time at all.
    """

    name = "counselors"

    def fold(self, session: Session, event: e.Event) -> None:
        if not isinstance(event, e.CounselorStateChanged):
            return
        row = CounselorIntervalRow(
            id=event.id,
            counselor=event.subject,
            seq=event.seq,
            state=event.state.value,
            reason=event.reason,
            by=event.by,
            contact=event.contact,
            started_at=event.at,
        )
        latest = held(
            session, (CounselorIntervalRow, event.subject), lambda: _latest(session, event)
        )
        if latest is not None:
            latest.ended_at = max(latest.started_at, event.at)
        hold(session, (CounselorIntervalRow, event.subject), row)
        session.add(row)

    def forget(self, session: Session, contacts: Collection[str]) -> None:
        """Nothing: a counselor's intervals are told by the counselor's own events."""

    def clear(self, session: Session) -> None:
        let_go(session)
        session.execute(delete(CounselorIntervalRow))


def _latest(session: Session, event: e.CounselorStateChanged) -> CounselorIntervalRow | None:
    r = CounselorIntervalRow
    return session.scalar(select(r).where(r.counselor == event.subject, r.ended_at.is_(None)))
