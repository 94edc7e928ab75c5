"""The place in the queue, in words."""

from __future__ import annotations

import pytest

from hotline.prompts.positions import position_playlist
from hotline.prompts.texts import LANGUAGES, read_texts


@pytest.mark.parametrize(
    ("place", "language", "said"),
    [
        (0, "zh", ["please_wait"]),
        (-3, "en", ["please_wait"]),
        (1, "zh", ["position_next"]),
        (2, "zh", ["position_ahead", "number_1", "position_callers"]),
        (2, "en", ["position_one"]),
        (3, "en", ["position_ahead", "number_2", "position_callers"]),
        (21, "zh", ["position_ahead", "number_20", "position_callers"]),
        (22, "zh", ["position_many"]),
        (4000, "en", ["position_many"]),
        (3, "", ["position_ahead", "number_2", "position_callers"]),
    ],
)
def test_a_place_is_said_as_how_many_are_ahead(place: int, language: str, said: list[str]) -> None:
    assert position_playlist(place, language) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_place_has_words(language: str) -> None:
    known = {text.prompt for text in read_texts() if text.language == language}
    for place in range(30):
        assert set(position_playlist(place, language)) <= known
