"""A gateway's heartbeat: without it, others take the gateway for dead and its contacts for lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping

from hotline.errors import QueueUnavailable
from hotline.ids import ContactId, GatewayId
from queueing.cancellation import pause, still_wanted
from queueing.leases import Leases

log = logging.getLogger(__name__)

EVERY = 3.0
"""Seconds between two beats; a lease outlasts several."""


class Heart:
    """Beats until cancelled. `carried` is asked at each beat for every contact that has not ended,
    also those still in the menu, with the last seq of each; `waiting` for those of them that wait
    or are offered. `requeue` is told which of these the queue does not hold (Redis lost its data),
    so that they are put in line again.
    """

    def __init__(
        self,
        *,
        leases: Leases,
        gateway: GatewayId,
        carried: Callable[[], Mapping[ContactId, int]],
        waiting: Callable[[], Collection[ContactId]],
        requeue: Callable[[Collection[ContactId]], None],
    ) -> None:
        self._leases = leases
        self._gateway = gateway
        self._carried = carried
        self._waiting = waiting
        self._requeue = requeue
        self._has_beaten = False

    async def run(self) -> None:
        """Beat every few seconds; a beat that does not reach Redis is made up for by the next."""
        while still_wanted():
            try:
                await self.beat()
            except QueueUnavailable as error:
                log.warning("heartbeat: %s", error)
            await pause(EVERY)

    async def beat(self) -> None:
        """Beat once. Raises QueueUnavailable."""
        beat = await self._leases.heartbeat(
            self._gateway, self._carried(), waiting=self._waiting(), begins=not self._has_beaten
        )
        if self._has_beaten and not beat.was_alive:
            log.error("gateway %s had been given up; its contacts were ended", self._gateway)
        self._has_beaten = True
        for contact in beat.forgotten:
            log.warning("contact %s: the queue held it and no call does: mended", contact[:8])
        if beat.missing:
            log.warning("%d contacts wait and the queue had lost them", len(beat.missing))
            self._requeue(beat.missing)
