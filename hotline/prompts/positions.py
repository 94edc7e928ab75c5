"""The place in the queue, as a list of prompts."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.ports import Place

MOST_COUNTED = 20
"""More callers ahead than this are not counted out: a long number frightens."""

ALONE: Mapping[str, tuple[str, ...]] = {"en": ("position_one",)}
"""One caller ahead, where the language has a singular."""


def place_playlist(place: Place, language: str) -> list[str]:
    """Return the prompts that say `place` in `language`: the position, then the band of waiting
    time where there is one."""
    said = position_playlist(place.position, language)
    return said if place.band is None else [*said, f"band_{place.band}"]


def position_playlist(position: int, language: str) -> list[str]:
    """Return the prompts that say `position` (1: the next one) in `language`.

    A position below 1, which means that it is not known, gets the words of waiting.
    """
    if position < 1:
        return ["please_wait"]
    ahead = position - 1
    if ahead == 0:
        return ["position_next"]
    if ahead > MOST_COUNTED:
        return ["position_many"]
    counted = ("position_ahead", f"number_{ahead}", "position_callers")
    return list(ALONE.get(language, counted) if ahead == 1 else counted)
