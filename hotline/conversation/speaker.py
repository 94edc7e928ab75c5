"""With what a caller is spoken to."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.clock import Timers
from hotline.ports import Alarms, Audio, Prompts


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Ways to a caller's ear, and whom to tell when one fails."""

    audio: Audio
    prompts: Prompts
    timers: Timers
    alarms: Alarms
