"""Greets one caller: carries out what the menu (`ivr.step`) commands, until it is finished."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hotline.call import DigitPressed, LegEvent, PlaybackFinished
from hotline.clock import Timer
from hotline.conversation.speaker import Speaker
from hotline.errors import PromptMissing
from hotline.events import AlarmKind, Priority
from hotline.ids import LegId
from hotline.menu import ivr
from hotline.menu.flow import Flow
from hotline.menu.ivr import Consent, Outcome

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuResult:
    """What the menu found out: what the queue is asked for."""

    outcome: str
    topic: str
    language: str
    skills: tuple[str, ...]
    priority: Priority

    @classmethod
    def fault(cls, language: str) -> MenuResult:
        """What a caller gets when the menu itself broke: a human."""
        return cls(
            outcome=Outcome.FAULT,
            topic="other",
            language=language,
            skills=(),
            priority=Priority.NORMAL,
        )


class Reception:
    """One caller's menu.

    `flow` finds the menu (it may have to ask whether the caller is blocked); `language` is the
    site's. `open` begins; `finished` is told once how it ended; `close` ends it early.
    """

    def __init__(
        self, *, leg: LegId, speaker: Speaker, flow: Callable[[], Awaitable[Flow]], language: str
    ) -> None:
        self._leg = leg
        self._speaker = speaker
        self._find_flow = flow
        self._flow: Flow | None = None
        self._state = ivr.MenuState()
        self._language = language
        self._timer: Timer | None = None
        self._playlist: int | None = None
        self._closed = False
        self._finished: Callable[[MenuResult], None] | None = None
        self._consented: Callable[[bool], None] | None = None
        self._failed: Callable[[], None] | None = None
        self._early: list[str] = []
        """Keys that were pressed before the flow was found."""

    @property
    def language(self) -> str:
        """What the caller is spoken to in, now."""
        return self._language

    @property
    def consent(self) -> bool:
        """Whether the conversation may be recorded."""
        return self._state.consent is Consent.GIVEN

    async def open(
        self,
        *,
        finished: Callable[[MenuResult], None],
        consented: Callable[[bool], None],
        failed: Callable[[], None],
    ) -> None:
        """Find the flow and begin it. `consented` hears each answer to the notice; `failed` is
        called when a fault of ours meets the menu while nobody is there to hear it."""
        self._finished = finished
        self._consented = consented
        self._failed = failed
        self._flow = await self._find_flow()
        self._step(ivr.Entered())
        for digit in self._early:
            self._step(ivr.DigitPressed(digit))

    def leg_event(self, event: LegEvent) -> None:
        """A key, or the end of what was said."""
        if isinstance(event, DigitPressed) and self._flow is None:
            self._early.append(event.digit)
        elif isinstance(event, DigitPressed):
            self._step(ivr.DigitPressed(event.digit))
        elif isinstance(event, PlaybackFinished) and event.playlist == self._playlist:
            self._step(ivr.PlaybackFinished())

    def danger(self, digit: str) -> MenuResult | None:
        """Return what the danger key asks for, for a caller who is past the menu."""
        finish = ivr.danger(self._flow, digit) if self._flow is not None else None
        return self._result(finish) if finish is not None else None

    def close(self) -> None:
        """The caller is past the menu, or gone."""
        self._closed = True
        self._stop_timer()

    def _step(self, given: ivr.Input) -> None:
        if self._closed or self._flow is None:
            return
        self._state, commands = ivr.step(self._flow, self._state, given)
        for command in commands:
            self._carry_out(command)

    def _timed_out(self) -> None:
        """A timer fires outside of every leg event: what goes wrong here, nobody else sees."""
        try:
            self._step(ivr.TimedOut())
        except Exception:
            log.exception("menu: a fault in a timer, leading to a human")
            if self._failed is not None:
                self._failed()

    def _carry_out(self, command: ivr.Command) -> None:
        match command:
            case ivr.Play(prompts):
                self._play(prompts)
            case ivr.StartTimer(seconds):
                self._stop_timer()
                self._timer = self._speaker.timers.after(seconds, self._timed_out)
            case ivr.StopTimer():
                self._stop_timer()
            case ivr.SetLanguage(language):
                self._language = language
            case ivr.GiveConsent() | ivr.RefuseRecording():
                if self._consented is not None:
                    self._consented(isinstance(command, ivr.GiveConsent))
            case ivr.Finish():
                self.close()
                if self._finished is not None:
                    self._finished(self._result(command))

    def _play(self, names: tuple[str, ...]) -> None:
        try:
            files = [self._speaker.prompts.find(name, self._language) for name in names]
            self._playlist = self._speaker.audio.play(self._leg, files)
        except PromptMissing as error:
            log.warning("menu: %s", error)
            self._speaker.alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))
            self._step(ivr.PromptFailed())

    def _result(self, finish: ivr.Finish) -> MenuResult:
        return MenuResult(
            outcome=finish.outcome,
            topic=finish.topic,
            language=self._language,
            skills=finish.skills,
            priority=finish.priority,
        )

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
