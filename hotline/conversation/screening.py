"""What is known of a caller and of the line before the menu, and which menu follows from it.

In this order: a caller who is blocked, a line that is closed, a care plan that does not take the
call now, the line's own menu. A notice that an operator has switched on is said before any of
them. In all of them the danger key leads to a human.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, tzinfo

from hotline.clock import Clock
from hotline.conversation.arrival import Arrival, DialledLine
from hotline.errors import PromptMissing, QueueUnavailable
from hotline.events import AlarmKind, Reason
from hotline.menu.flow import Flow, Flows
from hotline.menu.opening import opening_playlist
from hotline.menu.saying import after_notice, saying
from hotline.menu.welcome import Welcome
from hotline.ports import Alarms, Known, Prompts, Screening
from hotline.prompts.spoken import in_the_other

log = logging.getLogger(__name__)

BLOCKED_FLOW = "blocked"
CARE_FLOW = "care"
CARE_MESSAGE = "care_message"
"""The prompt of `CARE_FLOW` in whose place the plan's own message is said."""
OPENING_TIME = "opening_time"
"""The prompt of a closed line's flow in whose place the time is said at which it opens."""
OPENING_TIME_OTHER = "opening_time_other"
"""Likewise in the other language: nobody has chosen one yet."""
EMERGENCY_NOTICE = "emergency_notice"
NOTICES = {EMERGENCY_NOTICE: (EMERGENCY_NOTICE, "emergency_notice_other")}
"""Notices that are more than one prompt."""
PATIENCE_SECONDS = 0.5
"""A caller is not kept in silence for longer while we ask; of whom nothing is known, is served."""


class Screener:
    """Finds the welcome for an arrival. `zone` is the site's. Never raises."""

    def __init__(
        self,
        *,
        screening: Screening,
        flows: Flows,
        prompts: Prompts,
        alarms: Alarms,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._screening = screening
        self._flows = flows
        self._prompts = prompts
        self._alarms = alarms
        self._clock = clock
        self._zone = zone

    async def welcome(self, arrival: Arrival, line: DialledLine) -> Welcome:
        """Return what this caller meets on `line`."""
        now = self._clock.now().astimezone(self._zone)
        known = await self._known(arrival, now)
        flow, refusal = self._flow(known, line, now)
        return Welcome(
            flow=self._noticed(flow, known.notice),
            refusal=refusal,
            asked_for=known.asked_for,
            high_risk=known.high_risk,
            seconds=known.seconds,
        )

    async def _known(self, arrival: Arrival, now: datetime) -> Known:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._screening.known_of(
                    arrival.caller.digest, line=arrival.dnis, at=now
                )
        except (QueueUnavailable, TimeoutError):
            log.warning("a caller could not be screened: the queue is away")
        except Exception as error:  # an entry of ours that nobody can read: not the caller's fault
            # Not with the text of the error: it may show what stands there about the caller.
            log.error("a caller could not be screened: %s", type(error).__name__)
            self._alarms.raise_alarm(AlarmKind.FAULT, "an entry about a caller cannot be read")
        return Known()

    def _flow(self, known: Known, line: DialledLine, now: datetime) -> tuple[Flow, Reason]:
        if known.blocked:
            return self._flows.find(BLOCKED_FLOW), Reason.BLOCKED
        if not line.hours.open_at(now):
            flow, opens = self._flows.find(line.closed), line.hours.opens(now)
            if opens is not None:
                said = opening_playlist(opens, now)
                flow = saying(flow, OPENING_TIME, said)
                flow = saying(flow, OPENING_TIME_OTHER, in_the_other(said))
            return flow, Reason.CLOSED
        if known.message:
            message = (known.message,)
            flow = self._flows.find(CARE_FLOW)
            if self._can_say(message):
                flow = saying(flow, CARE_MESSAGE, message)
            return flow, Reason.CARE_PLAN
        return self._flows.find(line.flow), Reason.BLOCKED

    def _noticed(self, flow: Flow, notice: str) -> Flow:
        """Return `flow` behind the notice; one that is missing costs nobody the menu."""
        prompts = NOTICES.get(notice, (notice,))
        return after_notice(flow, prompts) if notice and self._can_say(prompts) else flow

    def _can_say(self, names: Sequence[str]) -> bool:
        try:
            for name in names:
                self._prompts.find(name, "")
        except PromptMissing as error:
            log.warning("screening: %s", error)
            self._alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))
            return False
        return True
