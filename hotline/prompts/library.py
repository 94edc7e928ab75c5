"""Where the WAV of a prompt stands.

    <folder>/custom/<language>/<name>.wav       the operator's own
    <folder>/generated/<language>/<name>.wav    spoken or composed at set-up

The language ``any`` is for what has no words, such as the music. Files are looked up at each call,
so that an operator replaces a prompt by replacing its file, without a restart.
"""

from __future__ import annotations

import logging
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from hotline.errors import PromptMissing
from hotline.wav import wav_fault

log = logging.getLogger(__name__)

CUSTOM = "custom"
GENERATED = "generated"
WORDLESS = "any"

Look = tuple[int, int]
_NAME = re.compile(r"[a-z0-9_]{1,64}")


class PromptLibrary:
    """Implements ports.Prompts over a folder."""

    def __init__(self, folder: Path, default_language: str) -> None:
        self._folder = folder
        self._default = default_language
        self._known: dict[Path, tuple[Look, bool]] = {}
        """What a file looked like when it was read, and whether it can be played."""

    def find(self, name: str, language: str) -> Path:
        """Return the WAV for `name`: in `language`, else the site's language, else without one;
        in each the operator's own before the generated one.

        A file that is not 8 kHz mono 16-bit PCM with sound in it is logged once and skipped.
        An empty `language` is the site's. Raises PromptMissing when nothing is left.
        """
        if not _NAME.fullmatch(name):
            raise PromptMissing(f"{name!r} is no prompt name: a-z, 0-9 and _ are allowed")
        for path in self._candidates(name, language):
            if self._playable(path):
                return path
        raise PromptMissing(f"prompt {name} ({language or self._default}): no usable WAV")

    def _candidates(self, name: str, language: str) -> Iterator[Path]:
        wanted = language if _NAME.fullmatch(language) else self._default
        for spoken in dict.fromkeys((wanted, self._default, WORDLESS)):
            for origin in (CUSTOM, GENERATED):
                yield self._folder / origin / spoken / f"{name}.wav"

    def _playable(self, path: Path) -> bool:
        look = _look(path)
        if look is None:
            return False
        known = self._known.get(path)
        if known is None or known[0] != look:
            fault = wav_fault(path)
            known = self._known[path] = (look, fault is None)
            if fault is not None:
                log.warning("prompt %s is not used: %s", path, fault)
        return known[1]


def _look(path: Path) -> Look | None:
    """Return what changes when the file at `path` does; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else None
