"""What a caller hears while waiting: a first word, music, and the place in the queue."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotline.clock import Timer
from hotline.conversation.speaker import Speaker
from hotline.errors import PromptMissing, QueueUnavailable
from hotline.events import AlarmKind
from hotline.ids import LegId
from hotline.ports import Place
from hotline.prompts.positions import place_playlist

log = logging.getLogger(__name__)

MUSIC = "music"
CONFIRMED = "danger_confirmed"
CALM = "crisis_wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When the place is announced, in seconds: `first` after entering (but no later than `every`),
    then `every` so often."""

    first: float
    every: float


class WaitingRoom:
    """One caller's waiting: `enter`, hear `announce`ments by themselves, `leave`.

    The place is asked for at each announcement; while it is unknown only the music plays. Who is
    in a crisis hears no numbers: calm words instead. A missing prompt costs the caller that
    prompt, never the place.
    """

    def __init__(self, *, leg: LegId, speaker: Speaker, rhythm: Rhythm) -> None:
        self._leg = leg
        self._audio = speaker.audio
        self._prompts = speaker.prompts
        self._timers = speaker.timers
        self._alarms = speaker.alarms
        self._rhythm = rhythm
        self.hint: Callable[[], str] = str
        """Names a prompt that is said behind the place, or none: an empty text."""
        self._language = ""
        self._is_crisis = False
        self._timer: Timer | None = None
        self._spoken: int | None = None
        self._said: list[str] = []
        """What is being said now; empty while the music plays."""
        self._next: list[str] = []
        """What is said as soon as that is over."""
        self._instead: list[str] = []
        """What is said in place of the place in line."""

    @property
    def is_entered(self) -> bool:
        return self._timer is not None

    def enter(
        self, first: str, *, language: str, crisis: bool, announce: Callable[[], None]
    ) -> None:
        """Say `first` (a prompt's name), then play music; call `announce` at each announcement."""
        self._language = language
        self._is_crisis = crisis
        self._say([first])
        self._again(min(self._rhythm.first, self._rhythm.every), announce)

    def confirm_danger(self) -> None:
        """The danger key was pressed: say at once that it was heard, and no numbers from now on."""
        self._is_crisis = True
        self._next = []
        if self._said != [CONFIRMED]:
            self._say([CONFIRMED])

    def confirm(self, names: Sequence[str]) -> None:
        """A key did something: say so at once, then go on as before."""
        self._next = []
        self._say(list(names))

    def tell(self, names: list[str]) -> None:
        """Say these prompts, now and at each announcement in place of the place; none: the place
        again. What is being said is heard to its end first."""
        if names == self._instead or self._timer is None:
            return
        self._instead = names
        if self._said:
            self._next = names
        elif names:
            self._say(names)

    def leave(self) -> None:
        """Fall silent and announce nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._spoken = None
        self._said = self._next = []
        self._audio.stop_playing(self._leg)

    def speak(self, names: list[str], *, language: str) -> int | None:
        """Say these prompts and nothing else; return the playlist's number, or None (and an alarm)
        when one is missing. No music follows: for who waits no longer."""
        self.leave()
        self._language = language
        files = [path for name in names if (path := self._find(name)) is not None]
        try:
            return self._audio.play(self._leg, files) if len(files) == len(names) else None
        except PromptMissing as error:
            self._missing(error)
            return None

    async def speak_place(self, place: Callable[[], Awaitable[Place]]) -> None:
        """Ask for the place and say it, if the caller still waits and it is known; words that are
        being said are heard to their end first."""
        try:
            found = await place()
        except QueueUnavailable:
            return
        if found.position == 0 or self._timer is None:
            return
        hint = self.hint()
        words = (self._instead or place_playlist(found, self._language)) + ([hint] if hint else [])
        if self._is_crisis:
            words = [CALM]
        if self._said:
            self._next = words
        else:
            self._say(words)

    def playback_finished(self, playlist: int) -> None:
        """Say what is due, or back to the music, when the words that were being said are over."""
        if playlist == self._spoken:
            words, self._next = self._next, []
            self._say(words)

    def _again(self, seconds: float, announce: Callable[[], None]) -> None:
        def due() -> None:
            self._again(self._rhythm.every, announce)
            announce()

        self._timer = self._timers.after(seconds, due)

    def _say(self, names: list[str]) -> None:
        self._spoken, self._said = None, []
        files = [path for name in names if (path := self._find(name)) is not None]
        if not files:
            self._play_music()
            return
        try:
            self._spoken = self._audio.play(self._leg, files)
            self._said = names
        except PromptMissing as error:
            self._missing(error)
            self._play_music()

    def play_music(self) -> None:
        """Say nothing more for now."""
        self._spoken, self._said, self._next = None, [], []
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
