"""Greets one caller: carries out what the menu (`ivr.step`) commands, until it is finished."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from hotline.call import DigitPressed, LegEvent, PlaybackFinished
from hotline.clock import Timer
from hotline.conversation.speaker import Speaker
from hotline.errors import PromptMissing
from hotline.events import AlarmKind, Priority, Reason
from hotline.ids import CounselorId, LegId, NodeId
from hotline.menu import ivr
from hotline.menu.flow import Danger, Human
from hotline.menu.ivr import Consent, Outcome
from hotline.menu.welcome import Welcome
from hotline.prompts.spoken import to_speak

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuResult:
    """What the menu found out: what the queue is asked for.

    `node`: of the tiers, if the caller chose one; `asked_for`: who is asked first; `refusal`: why,
    when the outcome is ``ended``.
    """

    outcome: str
    topic: str
    language: str
    skills: tuple[str, ...]
    priority: Priority
    preferred: tuple[str, ...] = ()
    node: NodeId | None = None
    asked_for: CounselorId | None = None
    refusal: Reason = Reason.BLOCKED


NOBODY_KNOWN = Human()
"""Who is asked for whom the menu lost; like DANGER of no file."""
NO_MENU = MenuResult(
    outcome=Outcome.FAULT,
    topic=NOBODY_KNOWN.topic,
    language="",
    skills=(),
    priority=Priority.NORMAL,
)
"""What a caller gets of whom not even the language can be told any more: a human."""
DANGER = Danger()
"""The danger key of the shipped flows: works where the caller's own flow is not (yet) known. Not
read from a file: where it is needed, reading files may be what is broken."""


def without_menu(pressed: str) -> MenuResult:
    """Return what a caller gets without any menu, who has `pressed` a key, or none (empty)."""
    if pressed != DANGER.key:
        return NO_MENU
    skills = DANGER.skills
    return replace(NO_MENU, topic=DANGER.topic, skills=skills, priority=Priority.CRISIS)


class Reception:
    """One caller's menu.

    `welcome` finds the menu (it may have to ask what is known of the caller); `language` is the
    site's. `open` begins; `finished` is told once how it ended; `close` ends it early.
    """

    def __init__(
        self,
        *,
        leg: LegId,
        speaker: Speaker,
        welcome: Callable[[], Awaitable[Welcome]],
        language: str,
    ) -> None:
        self._leg = leg
        self._speaker = speaker
        self._find_welcome = welcome
        self._welcome: Welcome | None = None
        self._in_danger = False
        self._state = ivr.MenuState()
        self._language = language
        self._timer: Timer | None = None
        self._playlist: int | None = None
        self._closed = False
        self._finished: Callable[[MenuResult], None] | None = None
        self._consented: Callable[[bool], None] | None = None
        self._failed: Callable[[], None] | None = None
        self._early: list[str] = []
        """Keys that were pressed before the menu was found."""

    @property
    def language(self) -> str:
        """What the caller is spoken to in, now."""
        return self._language

    @property
    def consent(self) -> bool:
        """Whether the conversation may be recorded."""
        return self._state.consent is Consent.GIVEN

    @property
    def care_seconds(self) -> float | None:
        """How long the conversation may last by the caller's care plan; None without limit, as
        for everybody who pressed the danger key."""
        return None if self._welcome is None or self._in_danger else self._welcome.seconds

    async def open(
        self,
        *,
        finished: Callable[[MenuResult], None],
        consented: Callable[[bool], None],
        failed: Callable[[], None],
    ) -> None:
        """Find the menu and begin it. `consented` hears each answer to the notice; `failed` is
        called when a fault of ours meets the menu while nobody is there to hear it."""
        self._finished = finished
        self._consented = consented
        self._failed = failed
        self._welcome = await self._find_welcome()
        self._step(ivr.Entered())
        for digit in self._early:
            self._step(ivr.DigitPressed(digit))

    def leg_event(self, event: LegEvent) -> None:
        """A key, or the end of what was said."""
        if isinstance(event, DigitPressed) and self._welcome is None:
            self._early.append(event.digit)
        elif isinstance(event, DigitPressed):
            self._step(ivr.DigitPressed(event.digit))
        elif isinstance(event, PlaybackFinished) and event.playlist == self._playlist:
            self._step(ivr.PlaybackFinished())

    async def recall(self, *, consent: bool, language: str) -> None:
        """Greet nobody: the caller was here before and said `consent` and `language` then. The
        menu is found all the same, for its danger key and for what is known of the caller; should
        that fail, the two talk without."""
        self._closed, self._language = True, language
        self._state = ivr.MenuState(consent=Consent.GIVEN if consent else Consent.REFUSED)
        try:
            self._welcome = await self._find_welcome()
        except Exception:
            log.exception("menu: not found again for a callback")
            self._speaker.alarms.raise_alarm(AlarmKind.FAULT, "a menu is not found, see the log")

    def danger(self, digit: str) -> MenuResult | None:
        """Return what the danger key asks for, for a caller who is past the menu."""
        known = self._welcome.flow.danger if self._welcome is not None else DANGER
        finish = ivr.danger_by(known, digit, self._state.chosen)
        return self._result(finish) if finish is not None else None

    def refusal(self, digit: str) -> tuple[str, ...]:
        """The key that refuses recording counts until the conversation begins: return what
        confirms it to a caller who is past the menu, or nothing for another key."""
        refuse = self._welcome.flow.refuse if self._welcome is not None else None
        if refuse is None or digit != refuse.key or self._state.consent is Consent.REFUSED:
            return ()
        self._state = replace(self._state, consent=Consent.REFUSED)
        return refuse.prompts

    def fault(self, pressed: str = "") -> MenuResult:
        """Return what a caller gets when the menu itself broke, perhaps at the key `pressed`: a
        human; as one in danger, if that key was pressed before the menu could hear it."""
        for digit in (*self._early, pressed):
            if (menu := self.danger(digit)) is not None:
                return menu
        return self._result(ivr.human_by(NOBODY_KNOWN, Outcome.FAULT, self._state.chosen))

    def close(self) -> None:
        """The caller is past the menu, or gone."""
        self._closed = True
        self._stop_timer()

    def _step(self, given: ivr.Input) -> None:
        if self._closed or self._welcome is None:
            return
        self._state, commands = ivr.step(self._welcome.flow, self._state, given)
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
            files = [self._speaker.prompts.find(*to_speak(name, self._language)) for name in names]
            self._playlist = self._speaker.audio.play(self._leg, files)
        except PromptMissing as error:
            log.warning("menu: %s", error)
            self._speaker.alarms.raise_alarm(AlarmKind.PROMPT_MISSING, str(error))
            self._step(ivr.PromptFailed())

    def _result(self, finish: ivr.Finish) -> MenuResult:
        known = self._welcome
        priority = known.priority(finish.priority) if known is not None else finish.priority
        self._in_danger = priority is Priority.CRISIS
        return MenuResult(
            outcome=finish.outcome,
            topic=finish.topic,
            language=self._language,
            skills=finish.skills,
            priority=priority,
            preferred=finish.preferred,
            node=finish.node,
            asked_for=known.asked_for if known is not None else None,
            refusal=known.refusal if known is not None else Reason.BLOCKED,
        )

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
