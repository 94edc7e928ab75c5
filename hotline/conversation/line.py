"""What a conversation talks to."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotline.clock import Clock, Timers
from hotline.conversation.ways import Ways
from hotline.ports import Alarms, Audio, Offers, Queue, Telephone


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The telephone, the queue, the time, whom to tell when something fails; `ways`: where else a
    caller can go, if anywhere."""

    telephone: Telephone
    audio: Audio
    queue: Queue
    offers: Offers
    alarms: Alarms
    clock: Clock
    timers: Timers
    ways: Ways = field(default_factory=Ways)
