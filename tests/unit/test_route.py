"""Steps: whom each one reaches, and when it opens."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.events import Priority
from hotline.ports import Waiting
from queueing.routing.plan import Plan, Reach, Route, SkillRule, Step, opens_after, tokens_of
from queueing.routing.skills import CounselorKind, CounselorProfile
from tests.plan_scene import a_contact, a_counselor, contacts, counselors, fits, steps

PLAN = Plan(
    version="", routes=(Route(name="all", steps=(Step(name="all"),)),), partners=("othercity",)
)


@settings(max_examples=400)
@given(counselors(), steps, contacts())
def test_tokens_say_who_fits(counselor: CounselorProfile, step: Step, waiting: Waiting) -> None:
    wanted = step.tokens(waiting)
    by_tokens = wanted is not None and wanted <= tokens_of(counselor, PLAN)
    assert by_tokens is fits(counselor, step, waiting, PLAN)


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        (Step(name="s"),
         {"skill:grief:1", "skill:grief:4", "skill:youth:3", "speaks:zh", "under:city"}),
        (Step(name="s", skills=SkillRule.WITHOUT_TOPIC),
         {"skill:youth:3", "speaks:zh", "under:city"}),
        (Step(name="s", skills=SkillRule.LANGUAGE), {"speaks:zh", "under:city"}),
        (Step(name="s", skills=SkillRule.NONE), {"under:city"}),
        (Step(name="s", skills=SkillRule.NONE, reach=Reach.ANYWHERE), set()),
        (Step(name="s", skills=SkillRule.NONE, reach=Reach.DISTRICT), {"under:city/east"}),
        (Step(name="s", skills=SkillRule.NONE, reach=Reach.PARTNER), {"partner"}),
        (Step(name="s", level=2),
         {"skill:grief:2", "skill:grief:4", "skill:youth:3", "speaks:zh", "under:city"}),
        (Step(name="s", skills=SkillRule.NONE, also=("crisis:4",)),
         {"skill:crisis:4", "under:city"}),
        (Step(name="s", skills=SkillRule.NONE, also=("crisis",), level=5),
         {"skill:crisis:5", "under:city"}),
        (Step(name="s", skills=SkillRule.NONE,
              kinds=(CounselorKind.SUPERVISOR, CounselorKind.PROFESSIONAL)),
         {"kind:professional+supervisor", "under:city"}),
    ],
)  # fmt: skip
def test_a_step_asks_for_tokens(step: Step, wanted: set[str]) -> None:
    waiting = a_contact("grief", "grief:4", "youth:3", node="city/east")  # about grief, in Mandarin
    assert step.tokens(waiting) == frozenset(wanted)


def test_a_contact_that_belongs_to_no_street_has_nobody_in_its_street() -> None:
    assert Step(name="s", reach=Reach.STREET).tokens(a_contact(node="city/east")) is None
    assert Step(name="s", reach=Reach.DISTRICT).tokens(a_contact(node="city")) is None


def test_a_counselor_holds_every_level_kind_and_node_that_is_theirs() -> None:
    counselor = a_counselor("1001", node="city/east", grief=2, lang_yue=1)
    assert tokens_of(counselor, PLAN) == {
        "skill:grief:1", "skill:grief:2", "skill:lang-yue:1", "speaks:yue",
        "under:city", "under:city/east",
        "kind:volunteer", "kind:professional+volunteer", "kind:supervisor+volunteer",
    }  # fmt: skip


def test_whoever_names_no_language_speaks_those_of_the_plan() -> None:
    def spoken(counselor: CounselorProfile, plan: Plan) -> set[str]:
        return {token for token in tokens_of(counselor, plan) if token.startswith("speaks:")}

    assert spoken(a_counselor("1001"), PLAN) == {"speaks:zh", "speaks:en"}
    assert spoken(a_counselor("1001"), replace(PLAN, languages=("ug",))) == {"speaks:ug"}
    assert spoken(a_counselor("1001", lang_en=3), PLAN) == {"speaks:en"}


@pytest.mark.parametrize("asked", ["grief:0", "grief:9", "grief:x", "grief:²", "grief:3:1"])
def test_a_level_that_is_none_does_no_harm(asked: str) -> None:
    tokens = Step(name="s").tokens(a_contact(asked))
    assert tokens is not None
    able = tokens_of(a_counselor("1001", grief=5), PLAN)
    assert (tokens <= able) is (asked == "grief:0")


# --- when a step opens


def route(*seconds: float) -> Route:
    return Route(name="r", steps=tuple(Step(name=str(n), seconds=s) for n, s in enumerate(seconds)))


@pytest.mark.parametrize(
    ("seconds", "staffed", "opens"),
    [
        ((0, 60, 120, 5), "0123", (0, 0, 60_000, 180_000)),
        ((0, 60, 120, 5), "023", (0, None, 0, 120_000)),
        ((30, 60, 5), "12", (None, 0, 60_000)),
        ((30, 60, 5), "02", (0, None, 30_000)),
        ((30, 60, 5), "", (None, None, None)),
        ((0.25, 1), "01", (0, 250)),
    ],
)
def test_an_unstaffed_step_is_skipped_at_once(
    seconds: tuple[float, ...], staffed: str, opens: tuple[int | None, ...]
) -> None:
    assert opens_after(route(*seconds), lambda step: step.name in staffed) == opens


durations = st.lists(st.sampled_from([0.0, 0.5, 10.0, 60.0]), min_size=1, max_size=6)


@given(durations, st.data())
def test_steps_once_open_stay_open_and_open_in_order(
    seconds: list[float], data: st.DataObject
) -> None:
    on_duty = data.draw(st.sets(st.sampled_from([str(n) for n in range(len(seconds))])))
    opens = opens_after(route(*seconds), lambda step: step.name in on_duty)

    def open_at(now: int) -> set[int]:
        return {n for n, ms in enumerate(opens) if ms is not None and ms <= now}

    instants = sorted(data.draw(st.lists(st.integers(0, 400_000), min_size=2)))
    for earlier, later in pairwise(instants):
        assert open_at(earlier) <= open_at(later)
    reached = [ms for ms in opens if ms is not None]
    assert reached == sorted(reached)
    assert reached[:1] == [0][: len(on_duty)]


@given(counselors(), contacts(), st.sampled_from(list(Priority)))
def test_a_wider_rule_of_skills_lets_nobody_go(
    counselor: CounselorProfile, waiting: Waiting, priority: Priority
) -> None:
    held = tokens_of(counselor, PLAN)
    fitting = []
    for rule in SkillRule:  # from the narrowest to the widest
        wanted = Step(name="s", reach=Reach.ANYWHERE, skills=rule).tokens(waiting)
        assert wanted is not None
        fitting.append(wanted <= held)
    assert fitting == sorted(fitting)
