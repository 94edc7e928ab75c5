"""The queue in memory: what a gateway may expect of Redis, without it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from hotline.clock import Clock, ManualClock
from hotline.errors import QueueUnavailable, StateRefused, UnknownCounselor
from hotline.events import CounselorState, Priority
from hotline.ids import ContactId, CounselorId, OfferId, requested_for
from hotline.ports import Band, KeptPlace, Known, Offer, OfferOutcome, Place, Restated, Waiting
from queueing.limits import Limits
from queueing.routing.order import score_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
USED_UP = "care_minutes"
S = CounselorState


@dataclass
class _Served:
    """A contact that is offered to somebody, or talks to them."""

    waiting: Waiting
    offer: Offer
    talking: bool = False


@dataclass(frozen=True)
class _Kept:
    """The place that a contact left behind."""

    contact: ContactId
    place: KeptPlace
    until: datetime


@dataclass
class _WrapUp:
    """More time may be asked for."""

    began: datetime
    ends: datetime


class FakeQueue:
    """Implements Queue, Offers, Counselors and Screening; `away` makes all of it unavailable.

    Counselor 1001 is known and offline. Nothing happens by itself: `claim` makes an offer,
    `run_out` ends its lease; no wrap-up is ever over.
    """

    def __init__(self, *, clock: Clock | None = None, limits: Limits | None = None) -> None:
        self.away = False
        self.said: list[tuple[str, object]] = []
        self.waiting: dict[ContactId, Waiting] = {}
        """Those in line; who is offered or talks is not."""
        self.kept: KeptPlace | None = None
        """The place that the next contact takes over, whoever left it."""
        self.band: Band | None = None
        """What the last hour supports."""
        self.valid = True
        """Whether offers still hold when they are accepted."""
        self.known: dict[str, Known] = {}
        """What is known, by the digest of the caller."""
        self.notices: dict[str, str] = {}
        """The prompt that is switched on, by line."""
        self.seconds_a_day: dict[str, float] = {}
        """What a care plan allows, by the digest of the caller."""
        self.talked_seconds: dict[ContactId, float] = {}
        self.roster: set[CounselorId] = {CounselorId("1001")}
        self.states: dict[CounselorId, CounselorState] = {}
        """What each does; who is not here is offline."""
        self.reasons: dict[CounselorId, str] = {}
        self.refusal: Exception | None = None
        """What whoever changes a counselor's state is told."""
        self._clock = clock or ManualClock(NOON)
        self._limits = limits or Limits()
        self._served: dict[ContactId, _Served] = {}
        self._elsewhere: dict[ContactId, Waiting] = {}
        self._given_back: dict[ContactId, OfferId] = {}
        self._taken_over: dict[ContactId, KeptPlace] = {}
        self._left: dict[str, _Kept] = {}
        self._wrap_ups: dict[CounselorId, _WrapUp] = {}
        self._misses: Counter[CounselorId] = Counter()
        self._talked: dict[tuple[str, date], dict[ContactId, float]] = {}

    def _here(self) -> None:
        if self.away:
            raise QueueUnavailable("away")

    # --- what the dispatcher and the sweep do ------------------------------------------

    def claim(self, offer: Offer) -> bool:
        """Offer the contact to the counselor. False: not both are free, and nothing happened."""
        if offer.contact not in self.waiting or self.states.get(offer.counselor) is not S.READY:
            return False
        self._served[offer.contact] = _Served(self.waiting.pop(offer.contact), offer)
        self._move(offer.counselor, S.OFFERED, "offered")
        return True

    def run_out(self, offer: Offer) -> None:
        """Nobody accepted in time."""
        if self._state_of(offer) is S.OFFERED:
            self._back_in_line(offer.contact)
            self._move(offer.counselor, S.NOT_READY, "missed")

    # --- Queue -------------------------------------------------------------------------

    async def enqueue(self, waiting: Waiting, *, rings: bool = False) -> KeptPlace | None:
        self._here()
        self.said.append(("enqueue", waiting.contact))
        kept = self._earlier_place(waiting)
        if kept is not None:
            self._taken_over[waiting.contact] = kept
            waiting = replace(waiting, arrived_at=kept.since)
        served = self._served.get(waiting.contact)
        if served is not None and not served.talking:
            served.waiting = waiting
            return kept
        if served is not None and rings:
            return kept
        if served is not None:
            self._end_call(served)
            del self._served[waiting.contact]
        self.waiting[waiting.contact] = waiting
        return kept

    async def leave(self, contact: ContactId, *, fault: bool = False, served: bool = False) -> None:
        self._here()
        how = " by fault" if fault else " served" if served else ""
        self.said.append((f"leave{how}", contact))
        serving = self._served.get(contact)
        away = self._elsewhere.pop(contact, None)
        waiting = serving.waiting if serving is not None else self.waiting.get(contact, away)
        if waiting is None:
            return
        if served:
            self._elsewhere[contact] = waiting
        elif fault or (away is None and (serving is None or not serving.talking)):
            self._keep_place(waiting, "fault" if fault else "hung_up")
        if serving is not None and serving.talking:
            self._end_call(serving)
        elif serving is not None:
            over = "request_over" if requested_for(contact) else "caller_left"
            self._move(serving.offer.counselor, S.READY, over)
        self._forget(contact)

    async def place(self, contact: ContactId) -> Place:
        self._here()
        waiting = self.waiting.get(contact)
        if waiting is None:
            return Place(0)
        line = sorted(self.waiting.values(), key=_order)
        band = None if waiting.priority is Priority.CRISIS else self.band
        return Place(line.index(waiting) + 1, band)

    def _earlier_place(self, waiting: Waiting) -> KeptPlace | None:
        """Return the place that the contact has instead of the one that it asks for."""
        contact, digest = waiting.contact, waiting.caller_digest
        if requested_for(contact):
            return None
        place = self._taken_over.get(contact)
        if place is None and contact not in self.waiting and contact not in self._served:
            place, self.kept = self.kept, None
            left = self._left.get(digest)
            if place is None and left is not None:
                del self._left[digest]
                gone = left.contact == contact or left.until < self._clock.now()
                place = None if gone else left.place
        return place if place is not None and place.since < waiting.arrived_at else None

    def _keep_place(self, waiting: Waiting, because: str) -> None:
        limits, digest = self._limits, waiting.caller_digest
        fault = because == "fault"
        lasting = limits.place_after_fault if fault else limits.place_after_hang_up
        if not digest or lasting <= 0 or requested_for(waiting.contact):
            return
        now = self._clock.now()
        kept = _Kept(
            waiting.contact,
            KeptPlace(waiting.arrived_at, because),
            now + timedelta(seconds=lasting),
        )
        there = self._left.get(digest)
        if there is not None and there.until >= now and there.place.since < kept.place.since:
            kept = replace(there, until=max(there.until, kept.until))
        self._left[digest] = kept

    def _back_in_line(self, contact: ContactId) -> None:
        self.waiting[contact] = self._served.pop(contact).waiting

    def _forget(self, contact: ContactId) -> None:
        for held in (self.waiting, self._served, self._given_back, self._taken_over):
            held.pop(contact, None)

    # --- Offers ------------------------------------------------------------------------

    async def accept(self, offer: Offer) -> bool:
        self._here()
        self.said.append(("accept", offer.id))
        if not self.valid:
            self.run_out(offer)
        if self._state_of(offer) is None:
            return False
        self._served[offer.contact].talking = True
        self._misses.pop(offer.counselor, None)
        self._move(offer.counselor, S.TALKING, "answered")
        return True

    async def give_back(self, offer: Offer, outcome: OfferOutcome) -> bool:
        self._here()
        self.said.append((f"give_back {outcome}", offer.id))
        if self._given_back.get(offer.contact) == offer.id:
            return True
        if self._state_of(offer) is not S.OFFERED:
            return False
        self._back_in_line(offer.contact)
        self._given_back[offer.contact] = offer.id
        ready = outcome is OfferOutcome.WITHDRAWN
        if outcome is OfferOutcome.MISSED:
            self._misses[offer.counselor] += 1
            ready = self._misses[offer.counselor] < self._limits.misses_in_a_row
        self._move(offer.counselor, S.READY if ready else S.NOT_READY, outcome)
        return True

    async def hand_over(self, leaving: Offer, staying: Offer) -> None:
        self._here()
        self.said.append(("hand_over", leaving.id))
        if self._state_of(leaving) is None:
            return
        self._end_call(self._served[leaving.contact])
        if self._state_of(staying) is None:
            self._forget(leaving.contact)
            return
        stays = self._served.pop(staying.contact)
        self._served[leaving.contact].offer = replace(staying, contact=leaving.contact)
        if not stays.talking:
            self._move(staying.counselor, S.TALKING, "answered")
        self._served[leaving.contact].talking = True

    async def finish(self, offer: Offer, *, requeue: bool) -> None:
        self._here()
        self.said.append(("finish and requeue" if requeue else "finish", offer.id))
        if self._state_of(offer) is None:
            return
        self._end_call(self._served[offer.contact])
        if requeue:
            self._back_in_line(offer.contact)
        else:
            self._forget(offer.contact)

    async def restate(self, waiting: Waiting, offer: Offer, *, talking: bool) -> Restated:
        self._here()
        self.said.append(("restate", offer.id))
        wanted, found = (S.TALKING if talking else S.OFFERED), self._state_of(offer)
        if found is S.TALKING or found is wanted:
            return Restated.KNOWN
        others = [
            served
            for contact, served in self._served.items()
            if contact == offer.contact or served.offer.counselor == offer.counselor
        ]
        newer = any(int(served.offer.id) >= int(offer.id) for served in others) and found is None
        if newer or offer.counselor not in self.roster:
            return Restated.REFUSED
        for served in others if found is None else []:
            if served.talking:
                self._end_call(served)
            else:
                self._move(served.offer.counselor, S.READY, "superseded")
            self._back_in_line(served.waiting.contact)
        if not talking and self.states.get(offer.counselor) is not S.READY:
            self.waiting[waiting.contact] = waiting
            return Restated.REFUSED
        self.waiting.pop(waiting.contact, None)
        self._served[waiting.contact] = _Served(waiting, offer, talking=talking)
        self._move(offer.counselor, wanted, "found_talking" if talking else "found_ringing")
        return Restated.MENDED

    def _state_of(self, offer: Offer) -> CounselorState | None:
        """Return what the counselor does under this very offer; None when it is void."""
        served = self._served.get(offer.contact)
        if served is None or served.offer.id != offer.id:
            return None
        return S.TALKING if served.talking else S.OFFERED

    def _end_call(self, served: _Served) -> None:
        counselor, now = served.offer.counselor, self._clock.now()
        self._wrap_ups[counselor] = _WrapUp(now, now + timedelta(seconds=self._limits.wrap_up))
        self._move(counselor, S.WRAP_UP, "call_ended")

    # --- Counselors --------------------------------------------------------------------

    async def change_state(
        self, counselor: CounselorId, state: CounselorState, *, reason: str, by: str
    ) -> CounselorState:
        self._here()
        now = self._known_state(counselor)
        if state not in (S.READY, S.NOT_READY, S.OFFLINE):
            raise StateRefused(f"nobody can ask for {state}")
        if state is S.READY and by in ("counselor", counselor):
            self._misses.pop(counselor, None)
        if now is S.TALKING or (now is S.OFFERED and state is S.READY):
            return now
        if now is S.OFFERED:
            for contact in [c for c, s in self._served.items() if s.offer.counselor == counselor]:
                self._back_in_line(contact)
        self._move(counselor, state, reason)
        return state

    async def extend_wrap_up(self, counselor: CounselorId, *, by: str) -> datetime:
        self._here()
        if self._known_state(counselor) is not S.WRAP_UP:
            raise StateRefused("no wrap-up runs")
        now = self._clock.now()
        running = self._wrap_ups.setdefault(counselor, _WrapUp(now, now))
        most = max(self._limits.wrap_up, self._limits.wrap_up_most)
        more = running.ends + timedelta(seconds=self._limits.wrap_up_extension)
        later = min(more, running.began + timedelta(seconds=most))
        if later <= running.ends:
            raise StateRefused("it is as long as it may be")
        self.said.append(("extend_wrap_up", counselor))
        running.ends = later
        return later

    def _known_state(self, counselor: CounselorId) -> CounselorState:
        if self.refusal is not None:
            raise self.refusal
        if counselor not in self.roster:
            raise UnknownCounselor(f"no counselor has extension {counselor}")
        return self.states.get(counselor, S.OFFLINE)

    def _move(self, counselor: CounselorId, state: CounselorState, reason: str) -> None:
        self.states[counselor] = state
        self.reasons[counselor] = reason
        if state is not S.WRAP_UP:
            self._wrap_ups.pop(counselor, None)

    # --- Screening ---------------------------------------------------------------------

    async def known_of(self, caller_digest: str, *, line: str, at: datetime) -> Known:
        self._here()
        known = self.known.get(caller_digest, Known()) if caller_digest else Known()
        known = replace(known, notice=self.notices.get(line, known.notice))
        allowed = self.seconds_a_day.get(caller_digest) if caller_digest else None
        if allowed is None:
            return known
        talked = sum(self._talked.get((caller_digest, at.date()), {}).values())
        left = max(0.0, allowed - talked)
        return replace(known, seconds=left, message=known.message if left else USED_UP)

    async def talked(
        self, caller_digest: str, contact: ContactId, *, seconds: float, at: datetime
    ) -> None:
        self._here()
        self.talked_seconds[contact] = seconds
        self._talked.setdefault((caller_digest, at.date()), {})[contact] = seconds


def _order(waiting: Waiting) -> tuple[int, str]:
    return (score_of(waiting), waiting.contact)
