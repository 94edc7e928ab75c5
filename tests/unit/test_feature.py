"""Feature codes: what each does, and that every outcome has words."""

from __future__ import annotations

import pytest

from hotline.conversation import feature
from hotline.conversation.feature import FEATURE_CODES
from hotline.errors import StateRefused, UnknownCounselor
from hotline.events import CounselorState
from hotline.ids import CounselorId
from hotline.prompts.texts import read_texts
from tests.fakes import FakeQueue

ANNA = CounselorId("1001")


@pytest.mark.parametrize("code", FEATURE_CODES)
async def test_code_changes_the_state_and_names_its_confirmation(code: str) -> None:
    queue = FakeQueue()
    said = await feature.dial(code, ANNA, queue)
    assert queue.states[ANNA] is FEATURE_CODES[code].state
    assert said == FEATURE_CODES[code].confirmation


async def test_code_for_more_time_lengthens_the_wrap_up() -> None:
    queue = FakeQueue()
    queue.states[ANNA] = CounselorState.WRAP_UP
    assert await feature.dial("*15", ANNA, queue) == "wrap_up_extended"
    assert queue.said == [("extend_wrap_up", ANNA)]
    queue.states[ANNA] = CounselorState.READY
    assert await feature.dial("*15", ANNA, queue) == "wrap_up_not_extended"
    queue.away = True
    assert await feature.dial("*15", ANNA, queue) == "try_later"


async def test_unknown_code_changes_nothing() -> None:
    queue = FakeQueue()
    assert await feature.dial("*99", ANNA, queue) == "code_unknown"
    assert queue.states == {}


@pytest.mark.parametrize("error", [UnknownCounselor("who"), StateRefused("no")])
async def test_refusal_has_words(error: Exception) -> None:
    queue = FakeQueue()
    queue.refusal = error
    assert await feature.dial("*11", ANNA, queue) == "code_refused"


async def test_absent_queue_has_words() -> None:
    queue = FakeQueue()
    queue.away = True
    assert await feature.dial("*11", ANNA, queue) == "try_later"


async def test_change_that_comes_after_the_call_is_said_so() -> None:
    queue = FakeQueue()
    queue.states[ANNA] = CounselorState.TALKING
    assert await feature.dial("*12", ANNA, queue) == "state_after_call"


def test_every_sentence_of_the_gateway_is_spoken_in_both_languages() -> None:
    spoken = {(text.prompt, text.language) for text in read_texts()}
    named = {f.confirmation for f in FEATURE_CODES.values()} | {
        "code_unknown", "code_refused", "try_later", "state_after_call",
        "over_capacity", "please_wait", "counselor_lost", "wrap_up_extended",
        "wrap_up_not_extended",
    }  # fmt: skip
    assert {(name, language) for name in named for language in ("zh", "en")} <= spoken
