"""How long things may take in the queue, before somebody else acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hotline.config import Settings

RING_MARGIN = 10.0
"""How much longer than the ringing an offer is leased: the owner gives it back itself first. Should
it not, no phone rang, and nobody has missed anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All durations in seconds.

    `wrap_up` 0 means none; its owner lengthens it by `wrap_up_extension`, to `wrap_up_most` in all.
    `gateway_lease` must outlast several heartbeats and `longest_gap`;
    hosts' clocks must agree to within `longest_gap` (NTP), or no lease ever ends. The places: for
    how long that of a caller who was cut off, or hung up, is kept for the next call; 0: not at
    all. `misses_in_a_row`: so many missed offers make not ready. A callback is tried
    `callback_attempts` times, `callback_retry` apart.
    """

    wrap_up: float = 120
    after_wrap_up: Literal["ready", "not_ready"] = "ready"
    wrap_up_extension: float = 120
    wrap_up_most: float = 600
    offer_lease: float = 30
    gateway_lease: float = 15
    longest_gap: float = 5
    place_after_fault: float = 600
    place_after_hang_up: float = 120
    misses_in_a_row: int = 1
    callback_attempts: int = 3
    callback_retry: float = 900

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            wrap_up=settings.queueing.wrap_up,
            after_wrap_up=settings.queueing.after_wrap_up,
            wrap_up_extension=settings.queueing.wrap_up_extension,
            wrap_up_most=settings.queueing.wrap_up_most,
            offer_lease=settings.gateway.ring_timeout + RING_MARGIN,
            place_after_fault=settings.queueing.place_after_fault,
            place_after_hang_up=settings.queueing.place_after_hang_up,
            misses_in_a_row=settings.queueing.misses_in_a_row,
            callback_attempts=settings.callback.attempts,
            callback_retry=settings.callback.retry_minutes * 60,
        )

    @property
    def wrap_up_ms(self) -> int:
        return round(self.wrap_up * 1000)

    @property
    def place_after_fault_ms(self) -> int:
        return round(self.place_after_fault * 1000)

    @property
    def place_after_hang_up_ms(self) -> int:
        return round(self.place_after_hang_up * 1000)
