"""A scenario file: who calls when, and who is there to answer. Read once, into frozen models.

Durations are seconds unless the name says otherwise; shares are weights, they need not add up to
anything; hours are those of the site's clock. `scenarios/` has files to begin with, in which every
key is explained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from admin.simulation.distribution import Duration, Patience, fixed
from hotline.events import Priority
from queueing.routing.skills import HIGHEST, LOWEST, CounselorKind

DAY = 24 * 60
"""Minutes."""
MOST_COUNSELORS = 9000
"""Who get the extensions 1000 to 9999."""

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
PerHour = Annotated[float, Field(ge=0, le=100_000)]
Node = Annotated[str, Field(pattern=r"^[^/\s]{1,60}(/[^/\s]{1,60}){0,3}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,8}$")]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Level = Annotated[int, Field(ge=LOWEST, le=HIGHEST)]
SkillName = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Threshold = Annotated[int, Field(ge=1, le=3600)]
RequiredSkill = Annotated[str, Field(pattern=rf"^[a-z0-9_-]{{1,40}}(:[{LOWEST}-{HIGHEST}])?$")]


def minute_of_day(text: object) -> int:
    """Return ``20:30`` as minutes since midnight; ``24:00`` is the midnight that ends a day."""
    found = re.fullmatch(r"(\d{2}):(\d{2})", text) if isinstance(text, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else DAY + 1
    if minute > DAY:
        raise ValueError("must be a time of day such as 20:30")
    return minute


TimeOfDay = Annotated[int, BeforeValidator(minute_of_day)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shift(_Section):
    """A daily time on duty, in minutes of the day; `until` below `since` goes past midnight."""

    since: int
    until: int

    @property
    def minutes(self) -> int:
        return (self.until - self.since) % DAY or DAY


def _shift(text: object) -> Shift:
    ends = text.split("-") if isinstance(text, str) else []
    try:
        since, until = (minute_of_day(end) for end in ends)
    except ValueError:
        raise ValueError("must be a daily time on duty such as 20:00-02:00") from None
    return Shift(since=since, until=until)


DailyShift = Annotated[Shift, BeforeValidator(_shift)]


def _every_hour(given: object) -> object:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return (given,) * 24
    return given


class Arrivals(_Section):
    """First calls, as a Poisson process; redials come on top."""

    per_hour: Annotated[
        tuple[PerHour, ...], Field(min_length=24, max_length=24), BeforeValidator(_every_hour)
    ]
    """24 figures, from midnight on; or one for every hour."""


class Redial(_Section):
    """What those do who gave up."""

    share: Share = 0
    after: Duration = fixed(120)
    times: Annotated[int, Field(ge=1, le=20)] = 3
    """How often at most."""


class Frequent(_Section):
    """Few people who call often: routing knows them, and who took them last."""

    share: Share = 0
    people: Annotated[int, Field(ge=1)] = 20


class Callers(_Section):
    """How long callers wait and talk."""

    patience: Patience
    talk: Duration
    """The conversation; ringing and wrap-up come on top."""
    redial: Redial = Redial()
    frequent: Frequent = Frequent()


class Topic(_Section):
    """What a share of the callers want."""

    name: Name
    share: Weight
    priority: Priority = Priority.NORMAL
    skills: tuple[RequiredSkill, ...] = ()
    preferred: tuple[RequiredSkill, ...] = ()
    talk: Duration | None = None
    """In place of the callers'."""
    patience: Patience | None = None
    """In place of the callers'."""


class SpokenLanguage(_Section):
    name: Language
    share: Weight


class CallerNode(_Section):
    """Where a share of the callers belong."""

    name: Node
    share: Weight


class DialledNumber(_Section):
    number: Annotated[str, Field(pattern=r"^[0-9+]{2,15}$")]
    share: Weight


class Service(_Section):
    """What takes a counselor's time beside the conversation."""

    ring: Duration = fixed(6)
    """From the offer to the first word."""
    wrap_up: Duration = fixed(120)
    missed: Share = 0
    """The share of offers that nobody answers."""
    ring_timeout: Annotated[float, Field(gt=0, le=600)] = 20
    away: Duration = fixed(300)
    """How long a counselor is not ready who missed one."""


class Counselors(_Section):
    """Some counselors who are alike."""

    name: Name
    count: Annotated[int, Field(ge=1, le=5000)]
    kind: CounselorKind
    node: Node
    skills: Mapping[SkillName, Level] = Field(default_factory=dict)
    shifts: Annotated[tuple[DailyShift, ...], Field(min_length=1)] = (Shift(since=0, until=DAY),)


class Target(_Section):
    """The service level that is aimed at."""

    within: Threshold = 20
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95


class Measures(_Section):
    """By what the service is measured."""

    within: Annotated[tuple[Threshold, ...], Field(min_length=1)] = (15, 20, 30)
    short_abandon: Annotated[float, Field(ge=0)] = 5
    target: Target = Target()

    @property
    def levels(self) -> tuple[int, ...]:
        """Every threshold there is a service level for, in order."""
        return tuple(sorted({*self.within, self.target.within}))


Shared = TypeVar("Shared", bound=Topic | SpokenLanguage | CallerNode | DialledNumber)


def _has_weight(choices: Sequence[Shared]) -> Sequence[Shared]:
    if not choices:
        raise ValueError("must have at least one entry; leave the key out for the default")
    if not any(choice.share for choice in choices):
        raise ValueError("all shares are 0; at least one must be greater")
    return choices


_Weighted = AfterValidator(_has_weight)


class Scenario(_Section):
    """Everything that a run needs beside the routing plan."""

    format: Literal[1]
    name: Name
    begins: TimeOfDay = 0
    hours: Annotated[int, Field(ge=1, le=24 * 31)] = 24
    """How many are counted; who came in them is served to the end."""
    warm_up: Annotated[float, Field(ge=0, le=86400)] = 3600
    """Before that, not counted, so that the first hour does not begin with an empty line."""
    arrivals: Arrivals
    callers: Callers
    topics: Annotated[tuple[Topic, ...], _Weighted] = (Topic(name="any", share=1),)
    languages: Annotated[tuple[SpokenLanguage, ...], _Weighted] = (
        SpokenLanguage(name="zh", share=1),
    )
    nodes: Annotated[tuple[CallerNode, ...], _Weighted] = (CallerNode(name="city", share=1),)
    numbers: Annotated[tuple[DialledNumber, ...], _Weighted] = (
        DialledNumber(number="12356", share=1),
    )
    service: Service = Service()
    measures: Measures = Measures()
    counselors: Annotated[tuple[Counselors, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _extensions_suffice(self) -> Scenario:
        total = sum(group.count for group in self.counselors)
        if total > MOST_COUNSELORS:
            raise ValueError(f"there are {total} counselors; at most {MOST_COUNSELORS} are allowed")
        return self
