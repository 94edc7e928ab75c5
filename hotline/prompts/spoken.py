"""Prompts in another language than the one spoken: for a caller whose language nobody knows yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hotline.prompts.texts import LANGUAGES

_OTHER: Final = "other:"
"""Before a prompt's name in a playlist; no prompt of a file can have it."""


def in_the_other(playlist: Sequence[str]) -> list[str]:
    """Return `playlist` as said in the language that is not being spoken."""
    return [_OTHER + name for name in playlist]


def to_speak(name: str, language: str) -> tuple[str, str]:
    """Return the prompt to look up, and in which language, where `language` is spoken."""
    if not name.startswith(_OTHER):
        return name, language
    other = next(one for one in LANGUAGES if one != language)
    return name.removeprefix(_OTHER), other
