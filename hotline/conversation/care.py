"""The time that a caller's care plan allows for conversation: said to the counselor, counted.

Nothing here cuts a conversation off: a minute before its end the counselor hears so, and the
counselor decides. Whoever pressed the danger key has no limit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import tzinfo

from hotline import events as e
from hotline.clock import Clock, Timer
from hotline.contact import Contact, ContactState
from hotline.conversation.speaker import Speaker
from hotline.errors import PromptMissing
from hotline.events import AlarmKind
from hotline.ids import CounselorId, LegId
from hotline.ports import Screening

log = logging.getLogger(__name__)

PROMPT = "care_limit"
WARNING_SECONDS = 60.0


class CareLimit:
    """One contact's limit: `begin` and `end` with each conversation, `report` after it.

    `seconds` is asked at each beginning: how long the contact may last in all; None: no limit,
    and nothing is counted. `zone` is the site's, by which days are counted.
    """

    def __init__(
        self,
        *,
        contact: Contact,
        caller_digest: str,
        seconds: Callable[[], float | None],
        speaker: Speaker,
        screening: Screening,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._contact = contact
        self._caller_digest = caller_digest
        self._seconds = seconds
        self._speaker = speaker
        self._screening = screening
        self._clock = clock
        self._zone = zone
        self._limit: float | None = None
        self._talked = 0.0
        self._since: float | None = None
        self._timers: list[Timer] = []

    def begin(self, leg: LegId, counselor: CounselorId) -> None:
        """Caller and counselor hear each other; `leg` is the counselor's."""
        self._limit = limit = self._seconds()
        if limit is None:
            return
        self._since = self._clock.monotonic()
        left = max(0.0, limit - self._talked)
        self._timers = [
            self._speaker.timers.after(max(0.0, left - WARNING_SECONDS), lambda: self._warn(leg)),
            self._speaker.timers.after(left, lambda: self._reached(counselor, round(limit))),
        ]

    def end(self) -> None:
        """The conversation is over."""
        for timer in self._timers:
            timer.cancel()
        self._timers = []
        if self._since is not None:
            self._talked += self._clock.monotonic() - self._since
            self._since = None

    async def report(self) -> None:
        """Tell for how long there was talk, where somebody counts it. Raises QueueUnavailable."""
        if self._limit is None:
            return
        await self._screening.talked(
            self._caller_digest,
            self._contact.id,
            seconds=self._talked,
            at=self._clock.now().astimezone(self._zone),
        )

    def _warn(self, leg: LegId) -> None:
        audio, prompts = self._speaker.audio, self._speaker.prompts
        try:
            audio.play(leg, [prompts.find(PROMPT, "")])
        except PromptMissing as error:
            log.warning("care: %s", error)
            self._speaker.alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))

    def _reached(self, counselor: CounselorId, seconds: int) -> None:
        if self._contact.state is ContactState.TALKING:
            self._contact.record(
                e.CareLimitReached, at=self._clock.now(), counselor=counselor, seconds=seconds
            )
