"""The place in the queue, in words."""

from __future__ import annotations

import pytest

from hotline.ports import Band, Place
from hotline.prompts.positions import place_playlist, position_playlist
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


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place(1), ["position_next"]),
        (Place(1, Band.UNDER_2), ["position_next", "band_under_2"]),
        (Place(30, Band.OVER_20), ["position_many", "band_over_20"]),
    ],
)
def test_the_band_follows_the_position_where_there_is_one(place: Place, said: list[str]) -> None:
    assert place_playlist(place, "zh") == said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("band", [None, *Band])
def test_every_place_has_words(language: str, band: Band | None) -> None:
    known = {text.prompt for text in read_texts() if text.language == language}
    for position in range(30):
        assert set(place_playlist(Place(position, band), language)) <= known
