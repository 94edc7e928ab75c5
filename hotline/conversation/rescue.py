"""What is done for a contact when our own code fails: whatever failed, its caller gets to a human.

A leg event that cannot be dealt with, or that was lost below (`LegFaulted`), comes here by the
gateway (`after`), a task that fails by its errands (`after_task`), or a timer (`after_timer`):
nobody else would notice these. Relies on as little as can be, for anything may be broken. A queue
that is away is no fault: not for here.

    greeted     in line without the menu; in danger, whoever has pressed that key by then
    queued      waits on; fails when it cannot be put in line at all
    offered     a phone that rings stops; a counselor who has picked up is hung up on and free, and
                the caller waits at the place of before; not for ever: see MOST_PICK_UPS
    talking     the two talk on; a second counselor whom nobody hears is let go
    forwarded, message: go on, unless their own leg is concerned
    promised    the promise stands: hang up
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from hotline.call import DigitPressed, LegEnded, LegEvent, LegFaulted, PlaybackFinished
from hotline.contact import ContactState
from hotline.conversation.elsewhere import Elsewhere
from hotline.conversation.errands import attempt
from hotline.conversation.escalation import Escalation
from hotline.conversation.seat import Seat
from hotline.conversation.visit import Visit
from hotline.events import AlarmKind, Reason
from hotline.menu.reception import MenuResult, without_menu

log = logging.getLogger(__name__)

S = ContactState

MOST_PICK_UPS = 3
"""With so many counselors who picked up in vain by faults of ours the contact is over: each of
them, and the caller, would be led in circles."""
MOST_REFUSALS = 3
"""So often in a row a contact may fail to be put in line: the heartbeat has it tried again."""


class Rescue:
    """One contact's. `seat` is that of its first counselor; `lost`: the counselor is lost to the
    caller, who waits again; `fail` ends the contact."""

    def __init__(
        self,
        visit: Visit,
        *,
        seat: Seat,
        escalation: Escalation,
        elsewhere: Elsewhere,
        lost: Callable[[Reason], None],
        fail: Callable[[Reason], None],
    ) -> None:
        self._visit = visit
        self._seat = seat
        self._escalation = escalation
        self._elsewhere = elsewhere
        self._lost = lost
        self._fail = fail
        self._pick_ups = 0

    def after(self, event: LegEvent | None) -> None:
        """Something went wrong at `event`, or at an offer (None). What this raises is a fault that
        has met the rescue too."""
        visit, state = self._visit, self._visit.contact.state
        ended = event.leg if isinstance(event, LegEnded) else None
        lives = isinstance(event, LegFaulted)  # the leg: it is answered, or ends, all the same
        if ended == visit.arrival.leg or (state is S.RINGING and not lives):
            self._fail(Reason.FAULT)
        elif state is S.GREETED:
            self._leave_menu(event)
        elif state in (S.QUEUED, S.OFFERED):
            concerns_phone = event is None or event.leg != visit.arrival.leg
            if state is S.OFFERED and concerns_phone and not lives:
                self._seat.give_up()
            self._heard(event)
        elif state is S.TALKING and ended is not None and ended == self._seat.leg:
            self._lost(Reason.FAULT)
        elif state is S.TALKING:
            self._escalation.rescue(ended)
        elif state is S.MESSAGE or (state is S.FORWARDED and ended in self._elsewhere.legs):
            self._elsewhere.rescue()
            self._heard(event)
        elif state is S.PROMISED:
            self._hang_up()

    def after_task(self) -> None:
        """A task of ours failed. Never raises: a contact that cannot be rescued is over."""
        self._or_end(self._mend)

    def after_timer(self) -> None:
        """Likewise a timer: what it was to end, or to look after, has nobody else."""
        timed = {S.OFFERED: self._seat.give_up, S.MESSAGE: self._elsewhere.rescue}
        state = self._visit.contact.state
        self._or_end(timed.get(state, self._mend) if state is not None else self._mend)

    def _or_end(self, rescue: Callable[[], None]) -> None:
        visit = self._visit
        detail = "a task of a conversation met a fault, see the log"
        attempt(lambda: visit.line.alarms.raise_alarm(AlarmKind.FAULT, detail))
        try:
            rescue()
        except Exception:
            log.exception("contact %s: cannot be led to a human", visit.contact.id[:8])
            attempt(lambda: self._fail(Reason.FAULT))

    def _mend(self) -> None:
        visit, state = self._visit, self._visit.contact.state
        if state is S.GREETED:
            self._leave_menu(None)
        elif state is S.OFFERED and self._seat.offer is not None:
            self._not_connected()
        elif state is S.QUEUED and visit.in_line.refusals >= MOST_REFUSALS:
            self._fail(Reason.FAULT)
        elif state is S.QUEUED and not visit.waiting_room.is_entered and not self._elsewhere.speaks:
            visit.wait("please_wait")
        elif state is S.TALKING:
            self._escalation.rescue(None)
        elif state is S.PROMISED:
            self._hang_up()

    def _leave_menu(self, event: LegEvent | None) -> None:
        """In line; as little as a key at which the fault happened is known of the caller."""
        pressed, reception = self._pressed(event), self._visit.reception
        found = [without_menu(pressed)]
        attempt(reception.close, lambda: found.append(reception.fault(pressed)))
        self._visit.queue(found[-1])

    def _heard(self, event: LegEvent | None) -> None:
        """The caller waits: what they pressed counts, and there is music."""
        visit = self._visit
        menu = self._danger(self._pressed(event))
        if menu is not None:
            if not visit.in_line.is_crisis:
                visit.in_line.ask(menu)
            attempt(visit.waiting_room.confirm_danger)
        elif isinstance(event, PlaybackFinished) and event.leg == visit.arrival.leg:
            attempt(visit.waiting_room.play_music)

    def _not_connected(self) -> None:
        """A counselor has picked up, and the two do not hear each other."""
        self._pick_ups += 1
        self._seat.undo()
        if self._pick_ups >= MOST_PICK_UPS:
            self._fail(Reason.FAULT)
            return
        attempt(self._visit.waiting_room.leave)
        self._visit.wait("please_wait")

    def _hang_up(self) -> None:
        self._visit.line.telephone.end(self._visit.arrival.leg)

    def _pressed(self, event: LegEvent | None) -> str:
        is_key = isinstance(event, DigitPressed) and event.leg == self._visit.arrival.leg
        return event.digit if is_key and isinstance(event, DigitPressed) else ""

    def _danger(self, pressed: str) -> MenuResult | None:
        return self._visit.reception.danger(pressed) if pressed else None
