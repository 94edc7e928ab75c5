"""A short call to a counselor whose state somebody else changed: says so and why, and hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from hotline.call import LegAnswered, LegEnded, LegEvent, PlaybackFinished
from hotline.clock import Timers
from hotline.errors import PromptMissing
from hotline.events import AlarmKind, Reason
from hotline.ids import CounselorId, LegId
from hotline.ports import Alarms, Audio, NoticeOutcome, Prompts, Telephone

RING_SECONDS = 15.0
"""A phone that is not answered for so long has nobody beside it."""
SPEAK_SECONDS = 20.0
"""An answered call is ended after so long, whatever happens to its words."""

PROMPTS: Mapping[str, str] = {
    "missed": "told_missed",
    "unreachable": "told_unreachable",
    "phone_unreachable": "told_unreachable",
    "operator_ready": "told_operator_ready",
    "operator_not_ready": "told_operator_not_ready",
    "operator_offline": "told_operator_offline",
}
"""What is said, by the reason of the change."""
OTHERWISE = "told_not_ready"

_AWAY = frozenset(
    {Reason.UNREACHABLE, Reason.OVER_CAPACITY, Reason.FAULT, Reason.MALFORMED, Reason.NO_CODEC}
)
"""Endings by which the phone never rang."""


class Notice:
    """One such call; it dials at once. All phones of the counselor ring, one is answered."""

    def __init__(
        self,
        counselor: CounselorId,
        reason: str,
        *,
        telephone: Telephone,
        audio: Audio,
        prompts: Prompts,
        timers: Timers,
        alarms: Alarms,
    ) -> None:
        self._prompt = PROMPTS.get(reason, OTHERWISE)
        self._telephone = telephone
        self._audio = audio
        self._prompts = prompts
        self._timers = timers
        self._alarms = alarms
        self._answered = False
        self._playlist: int | None = None
        self._outcome: asyncio.Future[NoticeOutcome] = asyncio.get_running_loop().create_future()
        self.leg: LegId = telephone.dial(counselor, headers={"X-Hotline-Notice": reason})
        self._timer = timers.after(RING_SECONDS, self.end)

    async def outcome(self) -> NoticeOutcome:
        """Return how it ended. Cancelled: it hangs up."""
        try:
            return await self._outcome
        finally:
            self.end()

    def end(self) -> None:
        """Hang up; harmless when it is over."""
        self._timer.cancel()
        self._telephone.end(self.leg)

    def leg_event(self, event: LegEvent) -> None:
        """React to what happened to the leg."""
        if isinstance(event, LegAnswered):
            self._answered = True
            self._timer.cancel()
            self._timer = self._timers.after(SPEAK_SECONDS, self.end)
            self._speak()
        elif isinstance(event, PlaybackFinished) and event.playlist == self._playlist:
            self.end()
        elif isinstance(event, LegEnded):
            self._timer.cancel()
            if not self._outcome.done():
                self._outcome.set_result(self._meaning(event))

    def _speak(self) -> None:
        try:
            self._playlist = self._audio.play(self.leg, [self._prompts.find(self._prompt, "")])
        except PromptMissing as error:
            self._alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))
            self.end()

    def _meaning(self, ended: LegEnded) -> NoticeOutcome:
        if self._answered:
            return NoticeOutcome.SPOKEN
        return NoticeOutcome.AWAY if ended.reason in _AWAY else NoticeOutcome.RANG
