"""Prompts that are known to be missing until they are found again."""

from __future__ import annotations

from pathlib import Path

from hotline.errors import PromptMissing
from hotline.events import AlarmKind
from hotline.ports import Alarms, Prompts


class WatchedPrompts:
    """Implements `ports.Prompts` over another; ends the alarm that a prompt is missing.

    Whoever misses a prompt raises the alarm and goes on without. It ends when everything that was
    missing is there again: looked after at each prompt that is found, so that one which is seldom
    said does not leave the alarm standing.
    """

    def __init__(self, prompts: Prompts, *, alarms: Alarms) -> None:
        self._prompts = prompts
        self._alarms = alarms
        self._missing: set[tuple[str, str]] = set()

    def find(self, name: str, language: str) -> Path:
        """Return the WAV for `name`, as the other does. Raises PromptMissing."""
        try:
            found = self._prompts.find(name, language)
        except PromptMissing:
            self._missing.add((name, language))
            raise
        self._missing = {prompt for prompt in self._missing if not self._is_there(*prompt)}
        if not self._missing:
            self._alarms.clear_alarm(AlarmKind.PROMPT_MISSING)
        return found

    def _is_there(self, name: str, language: str) -> bool:
        try:
            self._prompts.find(name, language)
        except PromptMissing:
            return False
        return True
