"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Phrase(NamedTuple):
    """The same in both languages of the platform."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    """It serves, but not as well as it could."""
    BAD = "bad"
    """It does not serve until somebody does something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact about one subject, and what to do where it falls short."""

    subject: str
    state: Verdict
    says: Phrase
    remedy: Phrase | None = None


def fine(subject: str, zh: str, en: str) -> Finding:
    return Finding(subject=subject, state=Verdict.OK, says=Phrase(zh, en))


def short(subject: str, says: Phrase, remedy: Phrase) -> Finding:
    """Serves, but falls short."""
    return Finding(subject=subject, state=Verdict.WARN, says=says, remedy=remedy)


def broken(subject: str, says: Phrase, remedy: Phrase) -> Finding:
    return Finding(subject=subject, state=Verdict.BAD, says=says, remedy=remedy)


def apt(*packages: str) -> Phrase:
    """The remedy for missing Debian packages."""
    command = f"apt-get install {' '.join(packages)}"
    return Phrase(f"执行 {command}，或 make setup", f"run {command}, or make setup")
