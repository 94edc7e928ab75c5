"""What the telephone asks of others, and what others may ask of it: small Protocols.

`hotline` imports no other package; `admin.bootstrap` joins an implementation to each of these.
Asynchronous methods may raise QueueUnavailable; the caller of a contact never hears of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from hotline.call import LegEvent
from hotline.events import AlarmKind, CounselorState, Reason
from hotline.ids import ContactId, CounselorId, EventId, GatewayId, LegId, OfferId, RecordingId
from hotline.offer import Carried as Carried
from hotline.offer import Offer as Offer
from hotline.offer import OfferOutcome as OfferOutcome
from hotline.offer import Restated as Restated
from hotline.promise import CHOSEN_THERE as CHOSEN_THERE
from hotline.promise import Callback as Callback
from hotline.promise import Opening as Opening
from hotline.promise import Promise as Promise
from hotline.promise import Released as Released
from hotline.waiting import Waiting as Waiting

# --- the telephone: implemented by hotline.sip, used by the gateway ---------------


RETRY_AFTER = 5
"""Seconds that whoever is refused for want of room is asked to wait (RFC 3261 section 20.33)."""


class Telephone(Protocol):
    """Legs: SIP dialogs. Commands to a leg that is gone are ignored, for its LegEnded is on the
    way; all of it runs on the reactor's thread."""

    @property
    def capacity(self) -> int:
        """How many legs this process can carry at once."""
        ...

    def dial(self, extension: str, *, headers: Mapping[str, str]) -> LegId:
        """Send an INVITE to `extension` through the edge, or to a partner (`overflow.USER` and its
        name); LegDialled is implied."""
        ...

    def dial_caller(self, number: str, *, shown: str) -> LegId:
        """Send an INVITE to a telephone `number` through the edge's outside line, from the number
        `shown`. The leg counts as a caller's: see LegEnded's reasons."""
        ...

    def ring(self, leg: LegId) -> None:
        """Answer 180 Ringing (RFC 3261 section 21.1.2)."""
        ...

    def answer(self, leg: LegId) -> None:
        """Answer 200 OK."""
        ...

    def end(self, leg: LegId, *, status: int = 486, retry_after: int | None = None) -> None:
        """End the leg: `status` when it is not up yet, CANCEL when we dialled, else BYE.

        `retry_after` (seconds) goes with a 503 (RFC 3261 section 20.33).
        """
        ...


class Audio(Protocol):
    """Who hears what."""

    def play(self, leg: LegId, playlist: Sequence[Path], *, loop: bool = False) -> int:
        """Play WAV files (8 kHz mono 16-bit) in order to `leg`, in place of what was played to it;
        over the voices that it hears, and heard by nobody else.

        Returns the playlist's number; PlaybackFinished carries it, unless `loop`.
        Raises PromptMissing when a file cannot be opened; nothing is played then.
        """
        ...

    def stop_playing(self, leg: LegId) -> None:
        """Play nothing to `leg`; no PlaybackFinished follows."""
        ...

    def hear(self, listener: LegId, speaker: LegId) -> None:
        """Let `listener` hear `speaker`; the other way round is another matter."""
        ...

    def unhear(self, listener: LegId, speaker: LegId) -> None:
        """Let `listener` hear `speaker` no more."""
        ...


class Tracks(Protocol):
    """Writes what a leg, or several, says to a WAV file."""

    def start_track(self, leg: LegId, path: Path) -> None:
        """Begin a track; raises OSError when the file cannot be created."""
        ...

    def share_track(self, leg: LegId, other: LegId) -> None:
        """Write what `other` says to the track of `leg` as well, mixed; the track outlives either
        of the two. Nothing happens when `leg` has none."""
        ...

    def stop_track(self, leg: LegId) -> None:
        """Write the leg no more; the track is closed with the last leg that it has. Nothing
        happens when there is none."""
        ...


class LegListener(Protocol):
    """Implemented by the gateway: hears everything that happens to legs."""

    def leg_event(self, event: LegEvent) -> None: ...


# --- the queue: implemented by queueing, used by the gateway ----------------------


class Band(StrEnum):
    """How long a caller has probably still to wait, in minutes."""

    UNDER_2 = "under_2"
    FROM_2_TO_5 = "2_to_5"
    FROM_5_TO_10 = "5_to_10"
    FROM_10_TO_20 = "10_to_20"
    OVER_20 = "over_20"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contact stands: `position` 1 is the next, 0 does not wait.

    `band` is None where the last hour supports none.
    """

    position: int
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """The place of the caller's last visit: in line since `since`.

    `because`: ``fault`` (we cut the caller off), ``hung_up`` or ``callback`` (one was promised).
    """

    since: datetime
    because: str


class Queue(Protocol):
    """Where contacts wait."""

    async def enqueue(self, waiting: Waiting, *, rings: bool = False) -> KeptPlace | None:
        """Put the contact in line, or change what it asks for; its place depends on
        `arrived_at` alone, so that saying it twice does no harm. `rings`: a phone rings for it,
        so that a conversation that the queue knows of has begun since, and stays.

        Returns the place of an earlier visit when the contact has that one instead; who puts it
        in line again says so as `arrived_at`.
        """
        ...

    async def leave(self, contact: ContactId, *, fault: bool = False, served: bool = False) -> None:
        """Take the contact out, whatever its state; frees a counselor who serves it.

        The place is kept for a while: for who hung up while waiting, and with `fault` (we, or the
        network, cut the caller off) also for who was talking, or was `served` elsewhere: by a
        partner, or with a message. Who is, leaves once more when that is over.
        """
        ...

    async def place(self, contact: ContactId) -> Place:
        """Return its place among those who wait."""
        ...


class Offers(Protocol):
    """What the gateway says of an offer that it was given."""

    async def accept(self, offer: Offer) -> bool:
        """The counselor answered. False: the offer is no longer valid, hang up that leg."""
        ...

    async def give_back(self, offer: Offer, outcome: OfferOutcome) -> bool:
        """The offer came to nothing: the contact to its place, the counselor to not ready with
        the reason (ready again when withdrawn, or missed and that not too often in a row). False:
        it was no longer ours to give back; saying it twice does no harm."""
        ...

    async def hand_over(self, leaving: Offer, staying: Offer) -> None:
        """Of two counselors in one conversation the one with `leaving` is out of it, to wrap-up;
        the contact goes on with the other, whose offer `staying` was made for a request: from now
        on it is one for the contact."""
        ...

    async def finish(self, offer: Offer, *, requeue: bool) -> None:
        """The conversation is over: the counselor to wrap-up; the contact gone, or with `requeue`
        (counselor lost) back in its original place."""
        ...

    async def restate(self, waiting: Waiting, offer: Offer, *, talking: bool) -> Restated:
        """The two talk, or the phone rings, under `offer`, though the queue may say otherwise: it
        lost data, or had given us up. Saying it twice does no harm."""
        ...


class Callbacks(Protocol):
    """Contacts that are called instead of waiting on the line. Each answer is final: what was not
    answered may have happened, and saying it again does no harm."""

    async def promise(self, contact: ContactId, promise: Promise, *, gateway: GatewayId, seq: int,
                      event: EventId = CHOSEN_THERE) -> bool:  # fmt: skip
        """Let `gateway` go of a contact that waits; journals CallbackPromised behind `seq`, with
        the id `event`. False: nothing happened, it does not wait, or its caller has a promise."""
        ...

    async def dial(self, offer: Offer, *, seq: int) -> int:
        """The counselor is on the line: may the caller be called? Journals CallbackDialled behind
        `seq`. Returns the attempt's number; 0: no, the promise or the offer is void."""
        ...

    async def reached(self, offer: Offer) -> None:
        """The two talk: the promise is kept, and the contact is one like any other."""
        ...

    async def release(self, offer: Offer, *, gateway: GatewayId, seq: int, reason: Reason,
                      journalled: bool = True) -> Released:  # fmt: skip
        """Let go of a callback, whose last event is `seq`. One that was dialled has failed for
        `reason`: its counselor is ready at once, and after the last attempt it is given up.
        `journalled`: one that was not dialled has its OfferWithdrawn; else the queue writes it."""
        ...


class OfferTaker(Protocol):
    """Implemented by the gateway: told of offers for contacts that it owns, and of callbacks that
    it owns from then on."""

    def offer_made(self, offer: Offer) -> None: ...

    def offer_withdrawn(self, offer: OfferId) -> None: ...


class Staffing(Protocol):
    """Implemented by the gateway: told each second for whom nobody is there."""

    def nobody_staffed(self, contacts: Collection[ContactId]) -> None:
        """Nobody on duty may be asked for these contacts, now or later; for all others of ours
        somebody may. Never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateContact:
    """An order: bring a second counselor into the conversation. `by` gives it, for `reason`."""

    contact: ContactId
    by: str
    reason: str


class OrderTaker(Protocol):
    """Implemented by the gateway: told of orders about contacts that it owns."""

    def ordered(self, order: EscalateContact) -> None: ...


class Counselors(Protocol):
    """Counselor states, for the phone's feature codes."""

    async def change_state(
        self, counselor: CounselorId, state: CounselorState, *, reason: str, by: str
    ) -> CounselorState:
        """Change the state and return the new one.

        Raises UnknownCounselor, or StateRefused when the present state does not allow it.
        """
        ...

    async def extend_wrap_up(self, counselor: CounselorId, *, by: str) -> datetime:
        """Lengthen the wrap-up that runs, and return when it ends now.

        Raises UnknownCounselor, or StateRefused when none runs or it is as long as it may be.
        """
        ...


class NoticeOutcome(StrEnum):
    """What became of a call that tells a counselor of a change."""

    SPOKEN = "spoken"
    """Somebody answered."""
    RANG = "rang"
    """It rang in vain, or was refused."""
    AWAY = "away"
    """No phone could be reached."""


class Notifier(Protocol):
    """Implemented by the gateway: tells a counselor of a change that others made."""

    async def notify(self, counselor: CounselorId, reason: str) -> NoticeOutcome:
        """Call the counselor's phone, say what they are now and why, and hang up.

        Cancelled: hangs up at once.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known before the menu of a caller, and of the line that was dialled.

    `message`: the prompt with which the caller's care plan turns this call away, empty when it
    does not. `asked_for` and `high_risk`: see `Waiting`, `events.Priority`. `seconds`: how long a
    conversation may last by the plan, None without limit. `notice`: the prompt that an operator
    has switched on for the line, or empty.
    """

    blocked: bool = False
    message: str = ""
    asked_for: CounselorId | None = None
    high_risk: bool = False
    seconds: float | None = None
    notice: str = ""


class Screening(Protocol):
    """What is known of callers and lines. `at` is the present, in the site's time zone."""

    async def known_of(self, caller_digest: str, *, line: str, at: datetime) -> Known:
        """Return what is known; of a caller who withheld the number (empty), of the line alone."""
        ...

    async def talked(
        self, caller_digest: str, contact: ContactId, *, seconds: float, at: datetime
    ) -> None:
        """The contact has been talked to for `seconds` in all, until `at`: that counts towards
        what the care plan allows per day. Saying it twice does no harm."""
        ...


# --- recordings, prompts, alarms --------------------------------------------------


class Recorder(Protocol):
    """Implemented by recordings: turns two legs into two tracks, a message into one."""

    def start(self, contact: ContactId, *, caller: LegId, counselor: LegId) -> StartedRecording:
        """Begin both tracks. Raises OSError when it cannot; the call goes on."""
        ...

    def join(self, recording: RecordingId, counselor: LegId) -> None:
        """Write a second counselor to the counselor's track as well, from now on."""

    def start_message(self, contact: ContactId, *, caller: LegId) -> StartedRecording:
        """Begin the caller's track alone. Raises OSError when it cannot."""
        ...

    def quiet_seconds(self, recording: RecordingId, most: float) -> float:
        """Return for how long the caller has said nothing up to now, `most` seconds at the most; 0
        for a recording that is not running, or that cannot be read."""
        ...

    def stop(self, recording: RecordingId) -> None:
        """Close its tracks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedRecording:
    """Paths are relative to the recording folder; a message has no counselor's track (empty)."""

    id: RecordingId
    caller_track: str
    counselor_track: str


class Prompts(Protocol):
    """Finds what to play."""

    def find(self, name: str, language: str) -> Path:
        """Return the WAV for `name`: the operator's own before the generated one, in `language`
        before the site's default language. Looked up at each call. Raises PromptMissing."""
        ...


class Alarms(Protocol):
    """Tells an operator. Raising an alarm that stands already says nothing new; what happens
    rather than stands (`events.OCCURRENCES`) never does."""

    def raise_alarm(self, kind: AlarmKind, detail: str) -> None: ...

    def clear_alarm(self, kind: AlarmKind) -> None: ...
