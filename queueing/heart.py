"""A gateway's heartbeat: without it, others take the gateway for dead and its contacts for lost.

Each beat says what every contact of the gateway does, and Redis answers where it believes
otherwise: it came back without its last second, or the gateway was silent for so long that others
buried it. The contact itself then says again what is so (`hotline.conversation.account`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping
from typing import Protocol

from hotline.errors import QueueUnavailable
from hotline.events import AlarmKind
from hotline.ids import ContactId, GatewayId
from hotline.ports import Alarms, Carried
from queueing.cancellation import still_wanted
from queueing.leases import Leases

log = logging.getLogger(__name__)

EVERY = 3.0
"""Seconds between two beats; a lease outlasts several."""
AGAIN_AFTER = 0.5
"""Seconds until the next try when Redis is away."""


class Carrier(Protocol):
    """Who carries contacts: the gateway."""

    @property
    def carried(self) -> Mapping[ContactId, Carried]:
        """Every contact that has not ended, also those still in the menu."""
        ...

    def tell_again(self, contacts: Collection[ContactId]) -> None:
        """Of these the queue believes something else: tell it what is so."""
        ...

    def revive(self, failed: Mapping[ContactId, int]) -> None:
        """These are ended in the journal, with the event of that number, and live. May be said
        more than once."""
        ...


class Heart:
    """Beats until cancelled."""

    def __init__(
        self, *, leases: Leases, gateway: GatewayId, carrier: Carrier, alarms: Alarms
    ) -> None:
        self._leases = leases
        self._gateway = gateway
        self._carrier = carrier
        self._alarms = alarms
        self._has_beaten = False
        self._hurried = asyncio.Event()

    def hurry(self) -> None:
        """Beat at once: Redis may be another than the one that was told."""
        self._hurried.set()

    async def run(self) -> None:
        """Beat every few seconds; a beat that does not reach Redis is made up for soon."""
        while still_wanted():
            self._hurried.clear()
            wait = EVERY
            try:
                await self.beat()
            except QueueUnavailable as error:
                log.warning("heartbeat: %s", error)
                wait = AGAIN_AFTER
            if still_wanted():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._hurried.wait()

    async def beat(self) -> None:
        """Beat once. Raises QueueUnavailable."""
        beat = await self._leases.heartbeat(
            self._gateway, self._carrier.carried, begins=not self._has_beaten
        )
        if self._has_beaten and not beat.was_alive:
            log.error("gateway %s had been given up, and lives", self._gateway)
        self._has_beaten = True
        for contact in beat.forgotten:
            log.warning("contact %s: the queue held it and no call does: mended", contact[:8])
        if beat.forgotten:
            self._alarms.raise_alarm(
                AlarmKind.STUCK_STATE_MENDED,
                f"{len(beat.forgotten)} contacts were in the queue and in no call",
            )
        if beat.failed:
            self._carrier.revive(beat.failed)
        if beat.amiss:  # or the two have agreed since: whoever tells it will see
            log.info("the queue believes otherwise of %d contacts: telling it", len(beat.amiss))
            self._carrier.tell_again(beat.amiss)
