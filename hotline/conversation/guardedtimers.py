"""Timers whose faults somebody hears of: they fire outside of every leg event and every task."""

from __future__ import annotations

import logging
from collections.abc import Callable

from hotline.clock import Timer, Timers

log = logging.getLogger(__name__)


class GuardedTimers:
    """Implements `clock.Timers`; `on_fault` is called when a call that was due fails."""

    def __init__(self, timers: Timers, *, on_fault: Callable[[], None]) -> None:
        self._timers = timers
        self._on_fault = on_fault

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """See `Timers`."""

        def due() -> None:
            try:
                call()
            except Exception:
                log.exception("a fault in a timer")
                self._on_fault()

        return self._timers.after(seconds, due)

    async def pause(self, seconds: float) -> None:
        """See `Timers`."""
        await self._timers.pause(seconds)
