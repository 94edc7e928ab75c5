"""Keeps nobody stuck: sweeps the leases each second. Any gateway may run one, all may.

What it mends is decided in one step in Redis (`expire.lua`), so that two sweeping at once mend
nothing twice; here it is told to the operator.
"""

from __future__ import annotations

import logging

from hotline.errors import QueueUnavailable
from hotline.events import AlarmKind
from hotline.ports import Alarms
from queueing.cancellation import pause, still_wanted
from queueing.leases import Leases, Sweep

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two sweeps."""


class Reconciler:
    """Sweeps until cancelled."""

    def __init__(self, *, leases: Leases, alarms: Alarms) -> None:
        self._leases = leases
        self._alarms = alarms

    async def run(self) -> None:
        """Sweep every second; while Redis is away there is nothing to mend."""
        while still_wanted():
            try:
                await self.reconcile()
            except QueueUnavailable as error:
                log.debug("sweep: %s", error)
            await pause(EVERY)

    async def reconcile(self) -> Sweep:
        """Sweep once, tell what was mended and return it. Raises QueueUnavailable."""
        sweep = await self._leases.sweep()
        if sweep.was_away:
            log.warning("nobody swept for a while: all leases begin anew")
        for lost in sweep.lost:
            log.error("contact %s: lost with gateway %s", lost.contact[:8], lost.gateway)
        for contact, counselor in sweep.withdrawn:
            log.warning("contact %s: offer to counselor %s expired", contact[:8], counselor)
        for counselor in sweep.released:
            log.info("counselor %s: wrap-up is over", counselor)
        for contact in sweep.returned:
            log.warning(
                "contact %s: a callback is nobody's again, its gateway is dead", contact[:8]
            )
        if sweep.lost or sweep.withdrawn:
            self._alarms.raise_alarm(
                AlarmKind.STUCK_STATE_MENDED,
                f"{len(sweep.lost)} contacts lost with their gateway, "
                f"{len(sweep.withdrawn)} offers past their lease",
            )
        return sweep
