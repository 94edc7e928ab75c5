"""What a conversation talks to."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.clock import Clock, Timers
from hotline.ports import Alarms, Audio, Offers, Queue, Telephone


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The telephone, the queue, the time, and whom to tell when something fails."""

    telephone: Telephone
    audio: Audio
    queue: Queue
    offers: Offers
    alarms: Alarms
    clock: Clock
    timers: Timers
