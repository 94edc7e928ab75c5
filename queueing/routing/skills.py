"""What a counselor can do, and whether that is what a contact requires.

A skill is a name with a level from 1 to 5. A contact requires names, each bare (any level) or
with the least level behind a colon: ``grief`` or ``crisis:3``. A language is a skill as well,
``lang-zh`` or ``lang-en``: a counselor whose profile names no language at all is taken to speak
every language of the site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pydantic import TypeAdapter

from hotline.ids import CounselorId, NodeId
from hotline.ports import Waiting

LOWEST, HIGHEST = 1, 5
LANGUAGE = "lang-"


class CounselorKind(StrEnum):
    """Who a counselor is to the service."""

    VOLUNTEER = "volunteer"
    PROFESSIONAL = "professional"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class CounselorProfile:
    """A counselor as routing knows it. Raises ValueError for a level outside 1 to 5."""

    id: CounselorId
    name: str
    kind: CounselorKind
    node: NodeId
    skills: Mapping[str, int]

    def __post_init__(self) -> None:
        for skill, level in self.skills.items():
            if not LOWEST <= level <= HIGHEST:
                raise ValueError(f"skill {skill} has level {level}; levels go from 1 to 5")

    def speaks(self, language: str) -> bool:
        """Whether the counselor speaks `language`, such as ``zh``."""
        named = [skill for skill in self.skills if skill.startswith(LANGUAGE)]
        return not named or LANGUAGE + language in named


@dataclass(frozen=True, slots=True)
class Need:
    """What decides who may serve a contact, and who best: equal needs have equal candidates.

    `language` None: whatever the counselor speaks.
    """

    skills: frozenset[str]
    language: str | None
    node: NodeId

    @classmethod
    def of(cls, waiting: Waiting) -> Need:
        return cls(frozenset(waiting.skills), waiting.language, waiting.node)


def fits(counselor: CounselorProfile, need: Need) -> bool:
    """Whether `counselor` has every skill that is required, at its level, and the language.

    Raises ValueError when a required level is not a number.
    """
    speaks = need.language is None or counselor.speaks(need.language)
    return speaks and all(_has(counselor.skills, required) for required in need.skills)


def _has(skills: Mapping[str, int], required: str) -> bool:
    name, _, level = required.partition(":")
    return skills.get(name, 0) >= int(level or LOWEST)


_PROFILE = TypeAdapter(CounselorProfile)


def profile_to_json(profile: CounselorProfile) -> str:
    """Return the profile as it is stored."""
    return _PROFILE.dump_json(profile).decode()


@lru_cache(maxsize=4096)
def profile_from_json(text: str | bytes) -> CounselorProfile:
    """Return a stored profile; raises pydantic.ValidationError when it is none.

    Remembered: every look at the line reads the profiles of all who are ready.
    """
    return _PROFILE.validate_json(text)
