"""One contact and the partners' lines: who is asked to take it, and the talk with who did.

    waits --dial--> a partner rings, too --answered--> forwarded --hung up--> over
      ^                  |                                 |
      '-- refused, busy, no answer, unreachable;           |
      '-- a counselor of ours was faster; lost ------------'

While a partner's phone rings nothing changes for the caller: music, place and offers go on, and
whoever answers first has the caller. What goes wrong with a partner the caller never notices.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from hotline import events as e
from hotline.call import LegAnswered, LegEnded, LegEvent
from hotline.contact import ContactState
from hotline.conversation.context import context
from hotline.conversation.errands import Errands
from hotline.conversation.partner import PartnerCall
from hotline.conversation.visit import LOST, Visit
from hotline.conversation.ways import Ways
from hotline.errors import QueueUnavailable
from hotline.events import AlarmKind, Reason, Result, Termination
from hotline.ids import LegId, RecordingId
from hotline.overflow import Overflow

log = logging.getLogger(__name__)

FULL_SECONDS = 5.0
"""For so long a partner that was found full is not asked again for the same contact."""
IDENTITY = "P-Asserted-Identity"


class Forwarding:
    """The partners of one contact. `look` at each second of its waiting; `may_begin` says whether
    the caller may still be sent away when a partner's seat was found."""

    def __init__(
        self, visit: Visit, ways: Ways, *, errands: Errands, may_begin: Callable[[], bool]
    ) -> None:
        self._visit = visit
        self._ways = ways
        self._errands = errands
        self._may_begin = may_begin
        self._asked: Overflow | None = None
        """Whose seats are being counted just now."""
        self._full: dict[str, float] = {}
        """Until when a partner counts as full."""
        self._tries: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}
        self._ringing: PartnerCall | None = None
        self._talking: PartnerCall | None = None
        self._recording: RecordingId | None = None

    @property
    def legs(self) -> frozenset[LegId]:
        """The partner's leg, while there is one."""
        return frozenset(call.leg for call in (self._ringing, self._talking) if call is not None)

    def hopes(self) -> bool:
        """Say whether a partner who takes this caller at once is ringing, or is still to be tried
        for the first time."""
        room = self._ways.room()
        return any(
            one.when_unstaffed
            and (self._rings(one) or (room and not self._tries[one.name] and self._has_seats(one)))
            for one in self._takers()
        )

    def look(self, *, waited: float, unstaffed: bool) -> None:
        """Ask the first partner whose turn it is; one rings at a time."""
        if self._ringing is not None or self._asked is not None or not self._ways.room():
            return
        now = self._visit.line.clock.monotonic()
        for one in self._takers():
            because = one.because(waited=waited, unstaffed=unstaffed)
            again = (
                self._tries[one.name] < one.attempts and self._not_before.get(one.name, 0) <= now
            )
            if because and again and self._has_seats(one):
                self._begin(one, because)
                return

    def leg_event(self, event: LegEvent) -> None:
        """React to what happened to a partner's leg."""
        ringing, talking = self._ringing, self._talking
        if ringing is not None and event.leg == ringing.leg:
            if isinstance(event, LegAnswered):
                self._answered(ringing)
            elif isinstance(event, LegEnded):
                self._failed(ringing, ringing.why(event), event.status)
        elif talking is not None and event.leg == talking.leg and isinstance(event, LegEnded):
            self._over(talking, event.reason)

    def stand_down(self) -> None:
        """Somebody of ours was faster, or the caller chose otherwise: a partner that rings is hung
        up, and may be asked again."""
        ringing = self._ringing
        if ringing is not None:
            self._tries[ringing.overflow.name] -= 1
            self._failed(ringing, Reason.WITHDRAWN, 487)
            ringing.stop()

    def recording_stopped(self, recording: RecordingId, detail: str) -> None:
        """The recorder gave up (disk short): the conversation goes on unrecorded."""
        if self._recording == recording:
            self._recording = None
            self._visit.record(e.RecordingFailed, recording=recording, detail=detail)

    def rescue(self) -> None:
        """A fault of ours ended the talk with the partner: in line again."""
        if self._talking is not None:
            self._over(self._talking, Reason.FAULT)

    def close(self) -> None:
        """The contact is over; its legs are hung up by whoever says so."""
        if self._ringing is not None:
            self._ringing.close()
            self._leave_seat(self._ringing.overflow)
        if self._talking is not None:
            self._part(self._talking)
        self._ringing = self._talking = None

    # --- ringing -----------------------------------------------------------------

    def _takers(self) -> list[Overflow]:
        menu, line = self._visit.in_line.asks, self._visit.arrival.dnis
        if menu is None:
            return []
        return [
            one
            for one in self._ways.overflow
            if one.takes(topic=menu.topic, line=line, priority=menu.priority)
        ]

    def _rings(self, one: Overflow) -> bool:
        return self._ringing is not None and self._ringing.overflow.name == one.name

    def _has_seats(self, one: Overflow) -> bool:
        return self._full.get(one.name, 0.0) <= self._visit.line.clock.monotonic()

    def _begin(self, one: Overflow, because: str) -> None:
        if one.callers is None or self._ways.seats is None:
            self._dial(one, because)
            return
        self._asked = one
        self._errands.hurry(lambda: self._take_seat(one, because))

    async def _take_seat(self, one: Overflow, because: str) -> None:
        """Dial, if the partner has a seat. Where nobody can count, the partner itself says no."""
        visit, seats = self._visit, self._ways.seats
        if one.callers is None or seats is None:
            return
        try:
            has_seat = await seats.take_seat(
                one.name, visit.contact.id, visit.arrival.gateway, most=one.callers
            )
        except QueueUnavailable:
            has_seat = True
        finally:
            self._asked = None
        if not has_seat:
            self._full[one.name] = visit.line.clock.monotonic() + FULL_SECONDS
            log.info("contact %s: partner %s is full", visit.contact.id[:8], one.name)
        elif self._may_begin() and self._ringing is None:
            self._dial(one, because)
        else:
            self._leave_seat(one)

    def _leave_seat(self, one: Overflow) -> None:
        seats, contact = self._ways.seats, self._visit.contact.id
        if one.callers is not None and seats is not None:
            self._errands.send(lambda: seats.leave_seat(one.name, contact))

    def _dial(self, one: Overflow, because: str) -> None:
        visit = self._visit
        menu = visit.in_line.asks
        if menu is None:
            return
        waited = (visit.line.now() - visit.in_line.since).total_seconds()
        headers = dict(context(visit.contact.id, visit.arrival, menu, waited=waited))
        identity = self._identity() if one.pass_number else ""
        if identity:
            headers[IDENTITY] = identity
        self._tries[one.name] += 1
        visit.record(
            e.PartnerDialled, partner=one.name, attempt=self._tries[one.name], because=because
        )
        self._ringing = PartnerCall(
            one, headers=headers, telephone=visit.line.telephone, timers=visit.line.timers
        )

    def _identity(self) -> str:
        try:
            return self._ways.identity_of(self._visit.arrival.caller)
        except Exception as error:  # a key of ours is wrong: the partner does without the number
            log.error("a caller's number cannot be opened: %s", type(error).__name__)
            return ""

    def _failed(self, call: PartnerCall, why: Reason, status: int) -> None:
        call.close()
        self._ringing = None
        one, line = call.overflow, self._visit.line
        self._leave_seat(one)
        self._not_before[one.name] = line.clock.monotonic() + one.retry_seconds
        self._visit.record(e.PartnerFailed, partner=one.name, reason=why, status=status)
        if why is not Reason.WITHDRAWN:
            line.alarms.raise_alarm(AlarmKind.PARTNER_FAILED, f"{one.name}: {why} ({status})")

    # --- forwarded ---------------------------------------------------------------

    def _answered(self, call: PartnerCall) -> None:
        visit = self._visit
        call.close()
        self._ringing, self._talking = None, call
        visit.stop_ringing()
        visit.waiting_room.leave()
        visit.line.audio.hear(visit.arrival.leg, call.leg)
        visit.line.audio.hear(call.leg, visit.arrival.leg)
        visit.record(e.ContactForwarded, partner=call.overflow.name, leg=call.leg)
        visit.in_line.leave(served=True)
        visit.line.alarms.clear_alarm(AlarmKind.PARTNER_FAILED)
        if call.overflow.record and visit.reception.consent and self._ways.recorder is not None:
            self._record(call)

    def _record(self, call: PartnerCall) -> None:
        visit, recorder = self._visit, self._ways.recorder
        if recorder is None:
            return
        try:
            started = recorder.start(visit.contact.id, caller=visit.arrival.leg, counselor=call.leg)
        except Exception as error:  # whatever it is, the two are talking
            log.exception("contact %s: recording did not start", visit.contact.id[:8])
            visit.line.alarms.raise_alarm(AlarmKind.RECORDING_FAILED, str(error))
            visit.record(e.RecordingFailed, recording=None, detail=str(error))
            return
        self._recording = started.id
        visit.record(
            e.RecordingStarted,
            recording=started.id,
            caller_track=started.caller_track,
            counselor_track=started.counselor_track,
        )

    def _over(self, call: PartnerCall, reason: Reason) -> None:
        visit, name = self._visit, call.overflow.name
        if reason not in LOST:
            ending = Termination(Result.COMPLETED, Reason.PARTNER_HUNG_UP)
            visit.end(e.PartnerLeft, ending, partner=name)
            return
        self._talking = None
        self._part(call)
        visit.record(e.PartnerLost, partner=name, reason=reason)
        visit.line.alarms.raise_alarm(AlarmKind.PARTNER_FAILED, f"{name}: lost, {reason}")
        again = visit.line.clock.monotonic() + call.overflow.retry_seconds
        self._not_before[name] = again
        visit.in_line.again()
        visit.wait("partner_lost")

    def _part(self, call: PartnerCall) -> None:
        visit = self._visit
        self._leave_seat(call.overflow)
        visit.line.audio.unhear(visit.arrival.leg, call.leg)
        visit.line.audio.unhear(call.leg, visit.arrival.leg)
        recording, self._recording = self._recording, None
        if recording is not None and self._ways.recorder is not None:
            self._ways.recorder.stop(recording)
            if visit.contact.state is ContactState.FORWARDED:
                visit.record(e.RecordingStopped, recording=recording)
