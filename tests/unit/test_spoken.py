"""A closed line's opening time is said in both languages."""

from __future__ import annotations

import asyncio

import pytest

from hotline.conversation.screening import OPENING_TIME, OPENING_TIME_OTHER
from hotline.menu.flow import Flows
from hotline.menu.saying import saying
from hotline.menu.welcome import Welcome
from hotline.prompts.library import PromptLibrary
from hotline.prompts.spoken import in_the_other, to_speak
from hotline.prompts.texts import read_texts
from tests.unit.scene import CALLER, Scene

OPENS = ["opens_mon", "clock_8", "minutes_30"]


@pytest.mark.parametrize(("spoken", "other"), [("zh", "en"), ("en", "zh")])
def test_other_language_is_the_one_that_is_not_spoken(spoken: str, other: str) -> None:
    (name,) = in_the_other(["clock_8"])
    assert to_speak(name, spoken) == ("clock_8", other)
    assert to_speak("clock_8", spoken) == ("clock_8", spoken)


def test_every_prompt_of_an_opening_time_has_words_in_both_languages() -> None:
    words = {(text.prompt, text.language): text.voice for text in read_texts()}
    for prompt in OPENS:
        assert (words[prompt, "zh"], words[prompt, "en"]) == ("zh", "en")


def test_caller_of_a_closed_line_hears_when_it_opens_in_the_language_of_either() -> None:
    scene = Scene()
    found: list[tuple[str, str]] = []
    find = scene.prompts.find

    def noted(name: str, language: str):  # type: ignore[no-untyped-def]  # as the one it stands for
        found.append((name, language))
        return find(name, language)

    scene.prompts.find = noted  # type: ignore[method-assign]
    flow = scene.welcome.flow
    flow = Flows(scene.prompts.find("x", "").parent).find("closed")
    flow = saying(flow, OPENING_TIME, OPENS)
    scene.welcome = Welcome(flow=saying(flow, OPENING_TIME_OTHER, in_the_other(OPENS)))
    asyncio.run(scene.ring_in())
    said = [(name, language) for name, language in found if name in OPENS]
    assert said == [(name, "zh") for name in OPENS] + [(name, "en") for name in OPENS]
    assert scene.audio.playing[CALLER][-1] == "minutes_30"


def test_library_finds_a_prompt_of_the_other_language(spoken_prompts) -> None:  # type: ignore[no-untyped-def]
    library = PromptLibrary(spoken_prompts, "zh")
    paths = [library.find(*to_speak(name, "zh")) for name in ("clock_8", "other:clock_8")]
    assert [path.parent.name for path in paths] == ["zh", "en"]
