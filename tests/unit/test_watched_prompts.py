"""The alarm that a prompt is missing, and its end."""

from __future__ import annotations

import pytest

from hotline.errors import PromptMissing
from hotline.events import AlarmKind
from hotline.prompts.watched import WatchedPrompts
from tests.fakes import FakeAlarms, FakePrompts


class Scene:
    """A caller who raises the alarm for each prompt that is missed, as everybody does."""

    def __init__(self) -> None:
        self.prompts = FakePrompts()
        self.alarms = FakeAlarms()
        self.watched = WatchedPrompts(self.prompts, alarms=self.alarms)

    def miss(self, name: str) -> None:
        self.prompts.missing.add(name)
        with pytest.raises(PromptMissing):
            self.watched.find(name, "zh")
        self.alarms.raise_alarm(AlarmKind.PROMPT_MISSING, name)

    @property
    def stands(self) -> bool:
        return AlarmKind.PROMPT_MISSING in self.alarms.standing


def test_alarm_ends_when_the_prompt_is_found_again() -> None:
    scene = Scene()
    scene.miss("topics")
    scene.watched.find("music", "zh")
    assert scene.stands
    scene.prompts.missing.clear()
    scene.watched.find("topics", "zh")
    assert not scene.stands


def test_prompt_that_nobody_asks_for_again_is_looked_for_with_the_next() -> None:
    scene = Scene()
    scene.miss("over_capacity")
    scene.prompts.missing.clear()
    scene.watched.find("music", "zh")
    assert not scene.stands


def test_alarm_stands_while_any_prompt_is_missing() -> None:
    scene = Scene()
    scene.miss("topics")
    scene.miss("notice")
    scene.prompts.missing.discard("topics")
    scene.watched.find("topics", "zh")
    assert scene.stands


def test_alarms_of_other_kinds_are_left_alone() -> None:
    scene = Scene()
    scene.alarms.raise_alarm(AlarmKind.DISK_FULL, "no room")
    scene.watched.find("music", "zh")
    assert AlarmKind.DISK_FULL in scene.alarms.standing
