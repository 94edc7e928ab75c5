"""The place in the queue, as a list of prompts."""

from __future__ import annotations

from collections.abc import Mapping

MOST_COUNTED = 20
"""More callers ahead than this are not counted out: a long number frightens."""

ALONE: Mapping[str, tuple[str, ...]] = {"en": ("position_one",)}
"""One caller ahead, where the language has a singular."""


def position_playlist(place: int, language: str) -> list[str]:
    """Return the prompts that say `place` (1: the next one) in `language`.

    A place below 1, which means that it is not known, gets the words of waiting.
    """
    if place < 1:
        return ["please_wait"]
    ahead = place - 1
    if ahead == 0:
        return ["position_next"]
    if ahead > MOST_COUNTED:
        return ["position_many"]
    counted = ("position_ahead", f"number_{ahead}", "position_callers")
    return list(ALONE.get(language, counted) if ahead == 1 else counted)
