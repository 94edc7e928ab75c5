"""Which menu a caller hears: the line's, or that of a blocked caller."""

from __future__ import annotations

import asyncio
import logging

from hotline.errors import QueueUnavailable
from hotline.events import SealedNumber
from hotline.menu.flow import Flow, Flows
from hotline.ports import Screening

log = logging.getLogger(__name__)

BLOCKED_FLOW = "blocked"
PATIENCE_SECONDS = 0.5
"""A caller is not kept in silence for longer while we ask; unknown means not blocked."""


class Screener:
    """Finds the flow for an arrival. Never raises for an absent queue."""

    def __init__(self, *, screening: Screening, flows: Flows) -> None:
        self._screening = screening
        self._flows = flows

    async def flow_for(self, caller: SealedNumber, flow: str) -> Flow:
        """Return `flow`, or the blocked callers' flow for a caller who is blocked."""
        return self._flows.find(BLOCKED_FLOW if await self._blocked(caller) else flow)

    async def _blocked(self, caller: SealedNumber) -> bool:
        if not caller.digest:
            return False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._screening.is_blocked(caller.digest)
        except (QueueUnavailable, TimeoutError):
            log.warning("a caller could not be screened: the queue is away")
            return False
