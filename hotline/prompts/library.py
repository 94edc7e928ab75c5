"""Where the WAV of a prompt stands.

    <folder>/custom/<language>/<name>.wav       the operator's own
    <folder>/generated/<language>/<name>.wav    spoken or composed at set-up

The language ``any`` is for what has no words, such as the music. Files are looked up at each call,
so that an operator replaces a prompt by replacing its file, without a restart.
"""

from __future__ import annotations

import logging
import re
import wave
from collections.abc import Iterator
from pathlib import Path

from hotline.errors import PromptMissing

log = logging.getLogger(__name__)

SAMPLE_RATE = 8000
CUSTOM = "custom"
GENERATED = "generated"
WORDLESS = "any"

_NAME = re.compile(r"[a-z0-9_]{1,64}")


class PromptLibrary:
    """Implements ports.Prompts over a folder."""

    def __init__(self, folder: Path, default_language: str) -> None:
        self._folder = folder
        self._default = default_language
        self._refused: dict[Path, int] = {}
        """Files of a wrong format that were logged, with the mtime they had then."""

    def find(self, name: str, language: str) -> Path:
        """Return the WAV for `name`: in `language`, else the site's language, else without one;
        in each the operator's own before the generated one.

        A file that is not 8 kHz mono 16-bit PCM with sound in it is logged once and skipped.
        An empty `language` is the site's. Raises PromptMissing when nothing is left.
        """
        if not _NAME.fullmatch(name):
            raise PromptMissing(f"{name!r} is no prompt name: a-z, 0-9 and _ are allowed")
        for path in self._candidates(name, language):
            if path.is_file() and self._playable(path):
                return path
        raise PromptMissing(f"prompt {name} ({language or self._default}): no usable WAV")

    def _candidates(self, name: str, language: str) -> Iterator[Path]:
        wanted = language if _NAME.fullmatch(language) else self._default
        for spoken in dict.fromkeys((wanted, self._default, WORDLESS)):
            for origin in (CUSTOM, GENERATED):
                yield self._folder / origin / spoken / f"{name}.wav"

    def _playable(self, path: Path) -> bool:
        fault = wav_fault(path)
        if fault is None:
            return True
        mtime = _mtime(path)
        if self._refused.get(path) != mtime:
            self._refused[path] = mtime
            log.warning("prompt %s is not used: %s", path, fault)
        return False


def wav_fault(path: Path) -> str | None:
    """Return why `path` cannot be played to a caller, or None when it can."""
    try:
        with wave.open(str(path), "rb") as wav:
            rate, channels, width = wav.getframerate(), wav.getnchannels(), wav.getsampwidth()
            empty = wav.getnframes() == 0
    except (OSError, EOFError, wave.Error) as error:
        return f"not a readable PCM WAV ({error or 'cut short'})"
    if (rate, channels, width) != (SAMPLE_RATE, 1, 2):
        return f"{rate} Hz, {channels} channels, {8 * width} bit; needed are 8000 Hz, mono, 16 bit"
    return "no sound in it" if empty else None


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
