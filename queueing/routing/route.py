"""A route of the plan: who may be asked for a contact, circle by circle.

A step opens when the `seconds` of every *staffed* step before it have passed since the contact
arrived; a step that nobody on duty fits costs no time. A contact may go to whoever fits any open
step; of several, to the one of the earliest step. So steps only ever add people, and ``seconds =
0`` means: prefer this circle, ask the next one at once.

    step          1 own district    2 city-wide      3 without the topic's skill
    seconds       0                 60               120
    opens after   0 s               0 s              60 s (0 s when nobody is in 2)

Everything reduces to tokens, such as ``skill:grief:3`` or ``under:city/east``: a counselor fits a
step of a contact if and only if the step's tokens are a subset of the counselor's
(`plan.tokens_of`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, Strict

from hotline.events import Priority
from hotline.ports import Waiting
from queueing.routing.planfaults import between, counted, wording
from queueing.routing.skills import HIGHEST, LOWEST, CounselorKind

KINDS = tuple(CounselorKind)
NO_OTHER_KEYS = ConfigDict(extra="forbid")

Name = Annotated[str, wording(r".{1,60}", "a text of 1 to 60 characters in one line")]
Seconds = Annotated[float, Strict(), between(0, 86400)]
Level = Annotated[int, Strict(), between(LOWEST, HIGHEST)]
Skill = Annotated[
    str, wording(r"[^\s:]{1,40}(:[1-5])?", "name or name:level, with a level from 1 to 5")
]
Topic = Annotated[
    str, wording(r"[a-z0-9_]{1,40}", "a topic of a menu: small letters, digits and _")
]
Number = Annotated[str, wording(r"[0-9+]{2,15}", "a number that callers dial: 2 to 15 digits")]


class Reach(StrEnum):
    """What of the counselor's node must be the contact's."""

    STREET = "street"
    DISTRICT = "district"
    CITY = "city"
    PARTNER = "partner"
    """The counselor's city is one of the plan's `partners`."""
    ANYWHERE = "anywhere"


DEPTHS = {Reach.STREET: 3, Reach.DISTRICT: 2, Reach.CITY: 1}
"""How many tiers, from the city downwards, must be equal."""


class SkillRule(StrEnum):
    """Which of the skills that the contact requires a step insists on."""

    ALL = "all"
    """Every one, and the language."""
    WITHOUT_TOPIC = "without_topic"
    """Every one but the one called as the contact's topic, and the language."""
    LANGUAGE = "language"
    """The language alone."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One circle of counselors. `seconds`: how long, while it is staffed, nobody of a later step
    is asked."""

    __pydantic_config__: ClassVar = NO_OTHER_KEYS

    name: Name
    seconds: Seconds = 0.0
    reach: Reach = Reach.CITY
    skills: SkillRule = SkillRule.ALL
    also: tuple[Skill, ...] = ()
    """Required on top, whatever `skills` says: name or name:level."""
    level: Level = LOWEST
    """The least level of every required skill that names none."""
    kinds: Annotated[tuple[CounselorKind, ...], counted(1, len(KINDS))] = KINDS

    @property
    def milliseconds(self) -> int:
        return round(self.seconds * 1000)

    @property
    def is_for_anybody(self) -> bool:
        """Whether every counselor there is fits, whatever the contact."""
        every_kind = set(self.kinds) == set(KINDS)
        asks_nothing = self.skills is SkillRule.NONE and not self.also
        return self.reach is Reach.ANYWHERE and asks_nothing and every_kind

    def tokens(self, waiting: Waiting) -> frozenset[str] | None:
        """Return what a counselor must hold to serve `waiting` in this step; None: nobody can,
        for the contact belongs to no node as deep as `reach`."""
        place = self._place(waiting)
        if place is None:
            return None
        wanted = {skill_token(skill, self.level) for skill in self._required(waiting)} | place
        if self.skills is not SkillRule.NONE and waiting.language:
            wanted.add(speaks_token(waiting.language))
        if set(self.kinds) != set(KINDS):
            wanted.add(kinds_token(*self.kinds))
        return frozenset(wanted)

    def _place(self, waiting: Waiting) -> set[str] | None:
        if self.reach is Reach.ANYWHERE:
            return set()
        if self.reach is Reach.PARTNER:
            return {PARTNER_TOKEN}
        tiers = waiting.node.split("/")
        depth = DEPTHS[self.reach]
        return {under_token(tiers[:depth])} if len(tiers) >= depth else None

    def _required(self, waiting: Waiting) -> list[str]:
        match self.skills:
            case SkillRule.ALL:
                return [*waiting.skills, *self.also]
            case SkillRule.WITHOUT_TOPIC:
                kept = [s for s in waiting.skills if s.partition(":")[0] != waiting.topic]
                return [*kept, *self.also]
            case SkillRule.LANGUAGE | SkillRule.NONE:
                return list(self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """For which contacts a route is: all that is given must match."""

    __pydantic_config__: ClassVar = NO_OTHER_KEYS

    priorities: tuple[Priority, ...] = ()
    topics: tuple[Topic, ...] = ()
    numbers: tuple[Number, ...] = ()
    """The numbers that were dialled (DNIS)."""

    def matches(self, waiting: Waiting) -> bool:
        return (
            (not self.priorities or waiting.priority in self.priorities)
            and (not self.topics or waiting.topic in self.topics)
            and (not self.numbers or waiting.dnis in self.numbers)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The steps of some contacts. `condition` is the file's `for`; None: for all."""

    __pydantic_config__: ClassVar = NO_OTHER_KEYS

    name: Name
    steps: Annotated[tuple[Step, ...], counted(1, 20)]
    condition: Annotated[Condition | None, Field(alias="for")] = None


Openings = tuple[int | None, ...]
"""For each step after how many ms from the arrival it opens; None: it is unstaffed."""


def opens_after(route: Route, staffed: Callable[[Step], bool]) -> Openings:
    """Return when each step opens.

    `staffed` says whether anybody on duty fits that step. While staffing does not change, neither
    do the numbers: a step once open stays open.
    """
    passed = 0
    opening: list[int | None] = []
    for step in route.steps:
        if staffed(step):
            opening.append(passed)
            passed += step.milliseconds
        else:
            opening.append(None)
    return tuple(opening)


# --- tokens: what a step asks for, and a counselor holds


PARTNER_TOKEN = "partner"  # noqa: S105 - no password


def skill_token(required: str, level: int) -> str:
    """Return the token of a required skill; `level` is for one that names none."""
    name, _, least = required.partition(":")
    if least.isdecimal():
        least = str(max(int(least), LOWEST))
    return f"skill:{name}:{least or level}"


def speaks_token(language: str) -> str:
    return f"speaks:{language}"


def under_token(tiers: list[str]) -> str:
    return "under:" + "/".join(tiers)


def kinds_token(*kinds: CounselorKind) -> str:
    """Return the token of being one of `kinds`."""
    return "kind:" + "+".join(sorted(set(kinds)))
