"""Counselors and contacts of any kind, and who fits whom said without tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from hotline.events import Priority
from hotline.ids import ContactId, CounselorId, GatewayId, NodeId
from hotline.ports import Waiting
from queueing.routing.plan import Plan, Reach, SkillRule, Step
from queueing.routing.skills import CounselorKind, CounselorProfile

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GATEWAY = GatewayId("gateway-1.aaaaaaaa")
SKILLS = ("grief", "youth", "crisis")
LANGUAGES = ("zh", "en", "yue")
NODES = (
    "city", "city/east", "city/east/river", "city/east/river/station", "city/west", "citywide",
    "othercity", "othercity/east", "thirdcity/east/river",
)  # fmt: skip

skill_names = st.sampled_from(SKILLS)
levels = st.integers(1, 5)
required_skills = st.lists(
    skill_names | st.builds(lambda name, level: f"{name}:{level}", skill_names, levels), max_size=3
).map(tuple)
nodes = st.sampled_from(NODES).map(NodeId)


def a_contact(
    *skills: str,
    node: str = "city/east",
    topic: str = "grief",
    priority: Priority = Priority.NORMAL,
    dnis: str = "",
) -> Waiting:
    """One that speaks Mandarin."""
    return Waiting(
        contact=ContactId("c1"),
        gateway=GATEWAY,
        priority=priority,
        arrived_at=NOON,
        topic=topic,
        language="zh",
        skills=skills,
        node=NodeId(node),
        caller_digest="",
        dnis=dnis,
    )


def a_counselor(
    extension: str,
    *,
    node: str = "city",
    kind: CounselorKind = CounselorKind.VOLUNTEER,
    **skills: int,
) -> CounselorProfile:
    return CounselorProfile(
        id=CounselorId(extension),
        name=extension,
        kind=kind,
        node=NodeId(node),
        skills={name.replace("_", "-"): level for name, level in skills.items()},
    )


@st.composite
def counselors(draw: st.DrawFn) -> CounselorProfile:
    spoken = draw(st.lists(st.sampled_from(LANGUAGES), max_size=2))
    skills = draw(st.dictionaries(skill_names, levels))
    return CounselorProfile(
        id=CounselorId(draw(st.integers(1000, 9999).map(str))),
        name="",
        kind=draw(st.sampled_from(list(CounselorKind))),
        node=draw(nodes),
        skills={**skills, **{f"lang-{language}": 1 for language in spoken}},
    )


def contacts(priority: Priority | None = None) -> st.SearchStrategy[Waiting]:
    """Contacts of every kind, or of one priority."""
    return st.builds(
        replace,
        st.just(a_contact()),
        priority=st.sampled_from(list(Priority)) if priority is None else st.just(priority),
        topic=skill_names | st.just("other"),
        language=st.sampled_from([*LANGUAGES, "fr", ""]),
        skills=required_skills,
        node=nodes,
        dnis=st.sampled_from(["", "12356"]),
    )


steps = st.builds(
    Step,
    name=st.just("step"),
    seconds=st.sampled_from([0.0, 0.5, 10.0, 60.0]),
    reach=st.sampled_from(list(Reach)),
    skills=st.sampled_from(list(SkillRule)),
    also=required_skills,
    level=levels,
    kinds=st.lists(st.sampled_from(list(CounselorKind)), min_size=1).map(tuple),
)


def fits(counselor: CounselorProfile, step: Step, waiting: Waiting, plan: Plan) -> bool:
    """Whether `counselor` may serve `waiting` in `step`: what the tokens must come to."""
    return (
        counselor.kind in step.kinds
        and _near_enough(counselor.node, step, waiting, plan)
        and _speaks(counselor, step, waiting, plan)
        and _has_skills(counselor, step, waiting)
    )


def _near_enough(node: str, step: Step, waiting: Waiting, plan: Plan) -> bool:
    theirs, ours = node.split("/"), waiting.node.split("/")
    match step.reach:
        case Reach.STREET:
            return len(ours) > 2 and theirs[:3] == ours[:3]
        case Reach.DISTRICT:
            return len(ours) > 1 and theirs[:2] == ours[:2]
        case Reach.CITY:
            return theirs[0] == ours[0]
        case Reach.PARTNER:
            return theirs[0] in plan.partners
        case Reach.ANYWHERE:
            return True


def _speaks(counselor: CounselorProfile, step: Step, waiting: Waiting, plan: Plan) -> bool:
    if step.skills is SkillRule.NONE or waiting.language == "":
        return True
    named = {skill[5:] for skill in counselor.skills if skill.startswith("lang-")}
    return waiting.language in (named or plan.languages)


def _has_skills(counselor: CounselorProfile, step: Step, waiting: Waiting) -> bool:
    required = list(step.also)
    for skill in waiting.skills:
        is_topic = skill == waiting.topic or skill.startswith(f"{waiting.topic}:")
        if step.skills is SkillRule.ALL or (
            step.skills is SkillRule.WITHOUT_TOPIC and not is_topic
        ):
            required.append(skill)
    for skill in required:
        name, least = skill.split(":") if ":" in skill else (skill, str(step.level))
        if counselor.skills.get(name, 0) < int(least):
            return False
    return True
