"""The routing plan: who may be asked for whom, how soon, and who rather than whom.

A plan is one TOML file. The first route whose `for` matches a contact is the contact's route; the
last route has no `for`. How a route works stands at the top of `queueing.routing.route`.
"""

from __future__ import annotations

import hashlib
import logging
import tomllib
from dataclasses import dataclass, fields
from importlib.resources import files
from itertools import combinations
from typing import Annotated, ClassVar

from pydantic import BaseModel, Strict, ValidationError

from hotline.errors import PlanError
from hotline.ids import requested_for
from hotline.ports import Waiting
from queueing.routing.planfaults import (
    Place,
    between,
    counted,
    order_faults,
    shape_faults,
    wording,
)
from queueing.routing.route import (
    KINDS,
    NO_OTHER_KEYS,
    PARTNER_TOKEN,
    Condition,
    Reach,
    Route,
    SkillRule,
    Step,
    kinds_token,
    opens_after,
    skill_token,
    speaks_token,
    under_token,
)
from queueing.routing.skills import LANGUAGE, LOWEST, CounselorKind, CounselorProfile

log = logging.getLogger(__name__)

__all__ = [
    "Condition", "Plan", "Reach", "Route", "SkillRule", "Step", "Sticky", "cautions",
    "default_plan", "opens_after", "plan_or_default", "read_plan", "tokens_of",
]  # fmt: skip

DEFAULT = "queueing/routing/plans/main.toml"

Root = Annotated[str, wording(r"[^/\s]{1,60}", "the root node of a city, without a /")]
Language = Annotated[str, wording(r"[a-z0-9-]{2,20}", "a language such as zh")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sticky:
    """The counselor who last took this caller comes first.

    `seconds`: how long a contact is kept for one who is staffed but busy, 0: only if ready;
    `days`: for how long it is remembered, 0: not at all.
    """

    __pydantic_config__: ClassVar = NO_OTHER_KEYS

    seconds: Annotated[float, Strict(), between(0, 3600)] = 10.0
    days: Annotated[float, Strict(), between(0, 3660)] = 30.0

    @property
    def milliseconds(self) -> int:
        """`seconds` as whole milliseconds."""
        return round(self.seconds * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who is asked to join a conversation whose counselor cannot help alone, circle by circle from
    the request on: a route of its own, for whatever the contact."""

    __pydantic_config__: ClassVar = NO_OTHER_KEYS

    steps: Annotated[tuple[Step, ...], counted(1, 20)]

    @property
    def route(self) -> Route:
        return Route(name="", steps=self.steps)  # no route of a file has this name


PROFESSIONALS = (CounselorKind.PROFESSIONAL, CounselorKind.SUPERVISOR)
ESCALATION = Escalation(
    steps=(
        Step(name="professional, own district", reach=Reach.DISTRICT, kinds=PROFESSIONALS),
        Step(name="professional, city-wide", kinds=PROFESSIONALS, seconds=10),
        Step(
            name="professional who speaks the language",
            reach=Reach.ANYWHERE,
            skills=SkillRule.LANGUAGE,
            kinds=PROFESSIONALS,
        ),
    )
)
"""Of a plan that says nothing of it: the skills are preferred, a professional there must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All routes, as read from `text`; `version` is the first 12 hex digits of its SHA-256."""

    version: str
    routes: tuple[Route, ...]
    partners: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("zh", "en")
    """Spoken by every counselor whose profile names no language."""
    sticky: Sticky = Sticky()
    text: str = ""
    escalation: Escalation = ESCALATION

    def route_of(self, waiting: Waiting) -> Route:
        """Return the contact's route: the first one that is for it; of a request, the one."""
        if requested_for(waiting.contact):
            return self.escalation.route
        return next(
            (r for r in self.routes if r.condition is None or r.condition.matches(waiting)),
            self.routes[-1],
        )


def tokens_of(profile: CounselorProfile, plan: Plan) -> frozenset[str]:
    """Return everything that a counselor holds, under `plan`.

    A skill is held at every level up to the counselor's; a kind is held in every set of kinds that
    has it; a node is held with all above it.
    """
    skills = profile.skills
    held = {
        skill_token(f"{name}:{level}", level)
        for name, highest in skills.items()
        for level in range(LOWEST, highest + 1)
    }
    named = [skill.removeprefix(LANGUAGE) for skill in skills if skill.startswith(LANGUAGE)]
    held |= {speaks_token(language) for language in named or plan.languages}
    held |= _kinds_held(profile.kind)
    tiers = profile.node.split("/")
    held |= {under_token(tiers[:depth]) for depth in range(1, len(tiers) + 1)}
    if tiers[0] in plan.partners:
        held.add(PARTNER_TOKEN)
    return frozenset(held)


def _kinds_held(kind: CounselorKind) -> set[str]:
    """All kinds together are no token: then no step asks for one."""
    sizes = range(1, len(KINDS))
    return {
        kinds_token(*some) for size in sizes for some in combinations(KINDS, size) if kind in some
    }


# --- reading


class _File(BaseModel):
    """The plan's file."""

    model_config = {**NO_OTHER_KEYS, "frozen": True}

    format: Annotated[int, Strict(), between(1, 1)]
    partners: tuple[Root, ...] = ()
    languages: Annotated[tuple[Language, ...], counted(1, 40)] = ("zh", "en")
    sticky: Sticky = Sticky()
    escalation: Escalation = ESCALATION
    routes: Annotated[tuple[Route, ...], counted(1, 50)]


def read_plan(text: str, *, origin: str) -> Plan:
    """Read and check a plan; `origin` names it in messages.

    Raises PlanError with one sentence per fault: place, what was given, what is allowed.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{origin}: is not TOML: {error}") from None
    faults, file = order_faults(raw), None
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        faults = [*shape_faults(error.errors(), _keys), *faults]
    if file is None or faults:
        raise PlanError("\n".join(f"{origin}: {fault}" for fault in faults))
    return Plan(
        version=hashlib.sha256(text.encode()).hexdigest()[:12],
        routes=file.routes,
        partners=file.partners,
        languages=file.languages,
        sticky=file.sticky,
        escalation=file.escalation,
        text=text,
    )


def default_plan() -> Plan:
    """Return the plan that is shipped: a good one for a city."""
    path = files("queueing.routing") / "plans" / "main.toml"
    return read_plan(path.read_text(encoding="utf-8"), origin=DEFAULT)


def plan_or_default(text: str | None) -> Plan:
    """Return the plan in force, whose text is `text`, or the shipped one when there is none.

    Never fails, for callers wait: what cannot be read (another version of the program wrote it)
    is logged, and the shipped plan serves.
    """
    if text is None:
        return default_plan()
    try:
        return read_plan(text, origin="the plan in force")
    except PlanError as error:
        log.error("the shipped plan serves instead: %s", error)
        return default_plan()


def cautions(plan: Plan) -> list[str]:
    """Return what a plan may well be and its author should know: one sentence each."""
    volunteers = [s.name for s in plan.escalation.steps if CounselorKind.VOLUNTEER in s.kinds]
    return [
        f"escalation: step {name!r} asks volunteers too; kinds = "
        '["professional", "supervisor"] is for professionals alone'
        for name in volunteers
    ] + [
        f"route {route.name!r}: its last step leaves somebody out, so a caller may find nobody; "
        'reach = "anywhere" with skills = "none" is for anybody'
        for route in plan.routes
        if not any(step.is_for_anybody for step in route.steps)
    ]


def _keys(place: Place) -> list[str]:
    """Return the keys that a table of the file may have."""
    match [part for part in place if isinstance(part, str)]:
        case ["sticky"]:
            return [field.name for field in fields(Sticky)]
        case ["escalation"]:
            return [field.name for field in fields(Escalation)]
        case ["routes"]:
            return ["name", "for", "steps"]
        case ["routes", "for"]:
            return [field.name for field in fields(Condition)]
        case ["routes" | "escalation", "steps"]:
            return [field.name for field in fields(Step)]
        case _:
            return list(_File.model_fields)
