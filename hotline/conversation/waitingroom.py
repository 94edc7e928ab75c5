"""What a caller hears while waiting: a first word, music, and the place in the queue."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from hotline.clock import Timer
from hotline.conversation.speaker import Speaker
from hotline.errors import PromptMissing, QueueUnavailable
from hotline.events import AlarmKind
from hotline.ids import LegId
from hotline.prompts.positions import position_playlist

log = logging.getLogger(__name__)

MUSIC = "music"


class WaitingRoom:
    """One caller's waiting: `enter`, hear `announce`ments by themselves, `leave`.

    `position` is asked for at each announcement; while it is unknown only the music plays. A
    missing prompt costs the caller that prompt, never the place.
    """

    def __init__(self, *, leg: LegId, speaker: Speaker) -> None:
        self._leg = leg
        self._audio = speaker.audio
        self._prompts = speaker.prompts
        self._timers = speaker.timers
        self._alarms = speaker.alarms
        self._language = ""
        self._timer: Timer | None = None
        self._spoken: int | None = None

    def enter(
        self, first: str, *, language: str, every: float, announce: Callable[[], None]
    ) -> None:
        """Say `first` (a prompt's name), then play music; call `announce` every `every` seconds."""
        self._language = language
        self._say([first])
        self._again(every, announce)

    def leave(self) -> None:
        """Fall silent and announce nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._spoken = None
        self._audio.stop_playing(self._leg)

    async def speak_position(self, position: Callable[[], Awaitable[int]]) -> None:
        """Ask for the place and say it, if the caller still waits and it is known."""
        try:
            place = await position()
        except QueueUnavailable:
            return
        if place > 0 and self._timer is not None:
            self._say(position_playlist(place, self._language))

    def playback_finished(self, playlist: int) -> None:
        """Back to the music when the words that were being said are over."""
        if playlist == self._spoken:
            self._spoken = None
            self._play_music()

    def _again(self, every: float, announce: Callable[[], None]) -> None:
        def due() -> None:
            self._again(every, announce)
            announce()

        self._timer = self._timers.after(every, due)

    def _say(self, names: list[str]) -> None:
        files = [path for name in names if (path := self._find(name)) is not None]
        if not files:
            self._play_music()
            return
        try:
            self._spoken = self._audio.play(self._leg, files)
        except PromptMissing as error:
            self._missing(error)
            self._play_music()

    def _play_music(self) -> None:
        music = self._find(MUSIC)
        if music is None:
            return
        try:
            self._audio.play(self._leg, [music], loop=True)
        except PromptMissing as error:
            self._missing(error)

    def _find(self, name: str) -> Path | None:
        try:
            return self._prompts.find(name, self._language)
        except PromptMissing as error:
            self._missing(error)
            return None

    def _missing(self, error: PromptMissing) -> None:
        log.warning("waiting room: %s", error)
        self._alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))
