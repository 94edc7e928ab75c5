"""What a conversation talks to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from hotline.clock import Clock, Timers
from hotline.conversation.ways import Ways
from hotline.menu.hours import Hours
from hotline.ports import Alarms, Audio, Callbacks, Offers, Queue, Telephone


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTerms:
    """How callers are called back. `hours`: the windows that they choose from, by the clock of
    `zone`; the others as in `config.Callback`."""

    callbacks: Callbacks
    hours: Hours
    zone: tzinfo
    soon_hours: float
    days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The telephone, the queue, the time, whom to tell when something fails; `ways`: where else a
    caller can go, if anywhere; `terms`: None where nobody is called back; `dates`: what events are
    dated by (None: `clock`)."""

    telephone: Telephone
    audio: Audio
    queue: Queue
    offers: Offers
    alarms: Alarms
    clock: Clock
    timers: Timers
    ways: Ways = field(default_factory=Ways)
    terms: CallbackTerms | None = None
    dates: Clock | None = None

    def now(self) -> datetime:
        """What an event is dated that happens now."""
        return (self.dates or self.clock).now()
