"""How long things may take in the queue, before somebody else acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hotline.config import Settings

RING_MARGIN = 10.0
"""How much longer than the ringing an offer is leased: the owner gives it back itself first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All in seconds.

    `wrap_up` 0 means none. `gateway_lease` must outlast several heartbeats and `longest_gap`;
    hosts' clocks must agree to within `longest_gap` (NTP), or no lease ever ends.
    """

    wrap_up: float = 120
    after_wrap_up: Literal["ready", "not_ready"] = "ready"
    offer_lease: float = 30
    gateway_lease: float = 15
    longest_gap: float = 5

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            wrap_up=settings.queueing.wrap_up,
            after_wrap_up=settings.queueing.after_wrap_up,
            offer_lease=settings.gateway.ring_timeout + RING_MARGIN,
        )

    @property
    def wrap_up_ms(self) -> int:
        return round(self.wrap_up * 1000)
