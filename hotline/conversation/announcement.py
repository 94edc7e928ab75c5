"""A call that is answered, hears one sentence and is ended: feature codes and apologies."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from hotline.call import LegAnswered, LegEvent, PlaybackFinished
from hotline.clock import Timers
from hotline.conversation.errands import Errands
from hotline.errors import PromptMissing
from hotline.events import AlarmKind
from hotline.ids import LegId
from hotline.ports import Alarms, Audio, Prompts, Telephone

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
"""A call of this kind is ended after so long, whatever happens to its words."""


class Announcement:
    """One such call. `sentence` returns the prompt's name once the call is up; what it awaits
    (a change of state in Redis) is done by then."""

    def __init__(
        self,
        *,
        leg: LegId,
        telephone: Telephone,
        audio: Audio,
        prompts: Prompts,
        timers: Timers,
        alarms: Alarms,
    ) -> None:
        self._leg = leg
        self._telephone = telephone
        self._audio = audio
        self._prompts = prompts
        self._alarms = alarms
        self._timers = timers
        self._errands = Errands(
            timers=timers, name=f"announcement {leg[:8]}", on_fault=self._failed
        )
        self._playlist: int | None = None
        self._sentence: Callable[[], Awaitable[str]] | None = None
        self._timer = timers.after(PATIENCE_SECONDS, self._end)

    def begin(self, sentence: Callable[[], Awaitable[str]]) -> None:
        """Answer; then say what `sentence` returns."""
        self._sentence = sentence
        self._telephone.ring(self._leg)
        self._telephone.answer(self._leg)

    def leg_event(self, event: LegEvent) -> None:
        """React to what happened to the leg."""
        if isinstance(event, LegAnswered):
            self._errands.send(self._speak)
        elif isinstance(event, PlaybackFinished) and event.playlist == self._playlist:
            self._end()

    def close(self) -> None:
        """The leg is gone."""
        self._timer.cancel()
        self._errands.cancel()

    async def _speak(self) -> None:
        if self._sentence is None:
            return
        name = await self._sentence()
        try:
            self._playlist = self._audio.play(self._leg, [self._prompts.find(name, "")])
        except PromptMissing as error:
            self._alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))
            self._end()

    def _failed(self) -> None:
        self._alarms.raise_alarm(AlarmKind.FAULT, "an announcement met a fault, see the log")
        self._end()

    def _end(self) -> None:
        self._timer.cancel()
        self._telephone.end(self._leg)
