"""The words of every prompt, in every language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEXTS = Path(__file__).parent / "texts.toml"
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """What one WAV says: `prompt` in the folder of `language`, spoken by the voice of `voice`.

    The two differ where a caller is addressed who does not know the menu's language yet.
    """

    prompt: str
    language: str
    voice: str
    words: str


def read_texts(path: Path = TEXTS) -> tuple[Text, ...]:
    """Return every text in `path`, by prompt, then language.

    Raises KeyError when a prompt lacks a language; `texts.toml` is ours, so that is a bug.
    """
    prompts: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Text(name, language, entry.get("voice", {}).get(language, language), entry[language])
        for name, entry in prompts.items()
        for language in LANGUAGES
    )
