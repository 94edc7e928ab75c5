"""Plan files: what is refused, in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.errors import PlanError
from hotline.events import Priority
from hotline.ids import request_id
from queueing.routing.plan import (
    Condition,
    Route,
    SkillRule,
    cautions,
    default_plan,
    read_plan,
)
from queueing.routing.skills import CounselorKind
from tests.plan_scene import a_contact
from tests.queue_scene import a_waiting

GOOD = """
format = 1
partners = ["othercity"]
[sticky]
seconds = 20
days = 30
[[routes]]
name = "crisis"
for = { priorities = ["crisis"], topics = ["crisis"], numbers = ["12356"] }
[[routes.steps]]
name = "certified"
seconds = 0
reach = "district"
skills = "all"
also = ["crisis:3"]
level = 2
kinds = ["professional"]
[[routes]]
name = "others"
[[routes.steps]]
name = "all"
"""


def faults_of(text: str) -> list[str]:
    """What is said of a plan that is refused, without the file's name, which must be there."""
    with pytest.raises(PlanError) as caught:
        read_plan(text, origin="plan.toml")
    lines = str(caught.value).splitlines()
    assert all(line.startswith("plan.toml: ") for line in lines)
    return [line.removeprefix("plan.toml: ") for line in lines]


ESCALATION = """
[[escalation.steps]]
name = "supervisors first"
seconds = 5
kinds = ["supervisor"]
level = 3
[[escalation.steps]]
name = "whoever there is"
"""


def altered(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def step(line: str) -> str:
    """A good plan but for one line more in its last step."""
    return GOOD + line + "\n"


WRONG = {
    "no format": (altered("format = 1\n", ""), "format: is missing; write format = 1"),
    "a later format": (altered("format = 1", "format = 2"), "format: must be 1, not 2"),
    "escalation without steps": (
        GOOD + "[escalation]\n",
        "escalation.steps: is missing; write [[escalation.steps]], at least one",
    ),
    "unknown key of the escalation": (
        GOOD + "[escalation]\nlevel = 3\n" + ESCALATION,
        "escalation.level: no such key; there are steps",
    ),
    "two steps of the escalation with one name": (
        GOOD + ESCALATION.replace("whoever there is", "supervisors first"),
        "escalation.steps[1].name: must differ from every other step of its route, "
        'not "supervisors first" again',
    ),
    "unknown key": (
        "rutes = 1\n" + GOOD,
        "rutes: no such key; there are format, partners, languages, sticky, escalation, routes",
    ),
    "a partner's district": (
        altered('["othercity"]', '["othercity/north"]'),
        'partners[0]: must be the root node of a city, without a /, not "othercity/north"',
    ),
    "no language": (
        "languages = []\n" + GOOD,
        "languages: must have 1 to 40 items, not 0",
    ),
    "negative seconds of sticky": (
        altered("seconds = 20", "seconds = -1"),
        "sticky.seconds: must be from 0 to 3600, not -1",
    ),
    "days of sticky in words": (
        altered("days = 30", 'days = "thirty"'),
        'sticky.days: must be a number, not "thirty"',
    ),
    "unknown key of sticky": (
        altered("days = 30", "weeks = 4"),
        "sticky.weeks: no such key; there are seconds, days",
    ),
    "no route": ("format = 1\nroutes = []", "routes: must have 1 to 50 items, not 0"),
    "routes left out": ("format = 1", "routes: is missing; write [[routes]], at least one"),
    "routes in single brackets": (
        'format = 1\n[routes]\nname = "all"',
        "routes: must be a list, not a table",
    ),
    "unknown priority": (
        altered('priorities = ["crisis"]', 'priorities = ["urgent"]'),
        'routes[0].for.priorities[0]: must be "crisis", "high_risk", "callback" or "normal", '
        'not "urgent"',
    ),
    "topic that no menu can name": (
        altered('topics = ["crisis"]', 'topics = ["In danger"]'),
        "routes[0].for.topics[0]: must be a topic of a menu: small letters, digits and _, "
        'not "In danger"',
    ),
    "number that nobody dials": (
        altered('numbers = ["12356"]', 'numbers = ["the hotline"]'),
        "routes[0].for.numbers[0]: must be a number that callers dial: 2 to 15 digits, "
        'not "the hotline"',
    ),
    "unknown key of for": (
        altered("numbers =", "dnis ="),
        "routes[0].for.dnis: no such key; there are priorities, topics, numbers",
    ),
    "for that names nothing": (
        altered('{ priorities = ["crisis"], topics = ["crisis"], numbers = ["12356"] }', "{}"),
        "routes[0].for: must name priorities, topics or numbers; the last route alone is for all",
    ),
    "for whose lists are empty": (
        altered('{ priorities = ["crisis"], topics = ["crisis"], numbers = ["12356"] }',
                "{ topics = [] }"),
        "routes[0].for: must name priorities, topics or numbers; the last route alone is for all",
    ),
    "last route for some": (
        altered('name = "others"', 'name = "others"\nfor = { topics = ["grief"] }'),
        "routes[1].for: must be left out: the last route is for all who are left",
    ),
    "routes of one name": (
        altered('name = "others"', 'name = "crisis"'),
        'routes[1].name: must differ from every other route, not "crisis" again',
    ),
    "route without a name": (
        altered('name = "others"\n', ""),
        'routes[1].name: is missing; write name = "..."',
    ),
    "route without steps": (
        altered('[[routes.steps]]\nname = "all"', ""),
        "routes[1].steps: is missing; write [[routes.steps]] below its route, at least one",
    ),
    "steps of one name": (
        step('[[routes.steps]]\nname = "all"'),
        'routes[1].steps[1].name: must differ from every other step of its route, not "all" again',
    ),
    "step that is a word": (
        altered('[[routes.steps]]\nname = "all"', 'steps = ["all"]'),
        'routes[1].steps[0]: must be a table, not "all"',
    ),
    "empty name": (
        altered('name = "certified"', 'name = ""'),
        'routes[0].steps[0].name: must be a text of 1 to 60 characters in one line, not ""',
    ),
    "unknown reach": (
        step('reach = "village"'),
        'routes[1].steps[0].reach: must be "street", "district", "city", "partner" or "anywhere", '
        'not "village"',
    ),
    "partners that are none": (
        altered('partners = ["othercity"]', "") + 'reach = "partner"',
        'routes[1].steps[0].reach: must not be "partner" while partners, at the top of the file, '
        "names no city",
    ),
    "unknown rule of skills": (
        step('skills = "some"'),
        'routes[1].steps[0].skills: must be "all", "without_topic", "language" or "none", '
        'not "some"',
    ),
    "skills as a list": (
        step('skills = ["crisis"]'),
        'routes[1].steps[0].skills: must be "all", "without_topic", "language" or "none", '
        "not a list",
    ),
    "a level beyond five": (
        step('also = ["crisis:6"]'),
        "routes[1].steps[0].also[0]: must be name or name:level, with a level from 1 to 5, "
        'not "crisis:6"',
    ),
    "also as a word": (
        step('also = "crisis"'),
        'routes[1].steps[0].also: must be a list, not "crisis"',
    ),
    "level zero": (step("level = 0"), "routes[1].steps[0].level: must be from 1 to 5, not 0"),
    "half a level": (
        step("level = 2.5"),
        "routes[1].steps[0].level: must be a whole number, not 2.5",
    ),
    "unknown kind": (
        step('kinds = ["friend"]'),
        'routes[1].steps[0].kinds[0]: must be "volunteer", "professional" or "supervisor", '
        'not "friend"',
    ),
    "no kind": (step("kinds = []"), "routes[1].steps[0].kinds: must have 1 to 3 items, not 0"),
    "endless seconds": (
        step("seconds = inf"),
        "routes[1].steps[0].seconds: must be from 0 to 86400, not inf",
    ),
    "seconds that are no number": (
        step("seconds = nan"),
        "routes[1].steps[0].seconds: must be from 0 to 86400, not nan",
    ),
    "seconds as yes": (
        step("seconds = true"),
        "routes[1].steps[0].seconds: must be a number, not true",
    ),
    "unknown key of a step": (
        step("second = 5"),
        "routes[1].steps[0].second: no such key; there are name, seconds, reach, skills, also, "
        "level, kinds",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_is_one_sentence_with_place_what_was_given_and_what_is_allowed(fault: str) -> None:
    text, sentence = WRONG[fault]
    assert faults_of(text) == [sentence]


def test_every_fault_of_a_file_is_told_at_once() -> None:
    text = altered('reach = "district"', 'reach = "village"')
    text = text.replace('name = "others"', "for = { numbers = [] }")
    assert [fault.split(":")[0] for fault in faults_of(text + "level = 9\n")] == [
        "routes[0].steps[0].reach",
        "routes[1].name",
        "routes[1].steps[0].level",
        "routes[1].for",
    ]


def test_a_text_that_is_not_toml_is_told_with_its_line() -> None:
    (fault,) = faults_of("format = 1\nroutes = = 2")
    assert fault.startswith("is not TOML: ")
    assert "line 2" in fault


def test_a_long_wrong_value_is_shown_in_part() -> None:
    (fault,) = faults_of(step(f'reach = "{"x" * 500}"'))
    assert fault.endswith("x...")
    assert len(fault) < 200


@given(st.text())
def test_no_text_whatever_is_refused_in_other_ways(text: str) -> None:
    with pytest.raises(PlanError):
        read_plan(text, origin="plan.toml")


def test_a_plan_is_what_its_file_says() -> None:
    plan = read_plan(GOOD, origin="plan.toml")
    assert plan.partners == ("othercity",)
    assert plan.text == GOOD
    assert plan.sticky.milliseconds == 20_000
    assert plan.routes[0] == Route(
        name="crisis",
        condition=Condition(priorities=(Priority.CRISIS,), topics=("crisis",), numbers=("12356",)),
        steps=plan.routes[0].steps,
    )
    (only,) = plan.routes[0].steps
    assert (only.reach, only.skills, only.also) == ("district", SkillRule.ALL, ("crisis:3",))
    assert (only.level, only.kinds) == (2, (CounselorKind.PROFESSIONAL,))


def test_the_version_follows_the_text_and_nothing_else() -> None:
    one = read_plan(GOOD, origin="a")
    assert one.version == read_plan(GOOD, origin="b").version
    assert one.version != read_plan(GOOD + "# seen", origin="a").version
    assert len(one.version) == 12
    assert int(one.version, 16) >= 0


def test_a_contact_takes_the_first_route_that_is_for_it() -> None:
    plan = read_plan(GOOD, origin="plan.toml")

    def route(priority: Priority, topic: str, dnis: str) -> str:
        waiting = a_contact(priority=priority, topic=topic, dnis=dnis)
        return plan.route_of(waiting).name

    assert route(Priority.CRISIS, "crisis", "12356") == "crisis"
    assert route(Priority.NORMAL, "crisis", "12356") == "others"
    assert route(Priority.CRISIS, "grief", "12356") == "others"
    assert route(Priority.CRISIS, "crisis", "4001") == "others"


def test_a_route_whose_last_step_is_not_for_anybody_is_cautioned_of() -> None:
    assert [line.split(":")[0] for line in cautions(read_plan(GOOD, origin="plan.toml"))] == [
        "route 'crisis'",
        "route 'others'",
    ]
    assert cautions(read_plan(step('reach = "anywhere"\nskills = "none"'), origin="x"))[1:] == []


def test_a_request_has_the_route_of_the_escalation_whatever_the_contact() -> None:
    plan = read_plan(GOOD + ESCALATION, origin="plan.toml")
    contact = a_waiting("c1", priority=Priority.CRISIS)
    request = replace(contact, contact=request_id(contact.contact, 1))
    assert [step.name for step in plan.route_of(request).steps] == [
        "supervisors first", "whoever there is",
    ]  # fmt: skip
    assert plan.route_of(contact).name in {route.name for route in plan.routes}
    assert plan.route_of(request).name not in {route.name for route in plan.routes}


def test_a_plan_that_says_nothing_of_it_asks_professionals_alone() -> None:
    steps = read_plan(GOOD, origin="plan.toml").escalation.steps
    assert all(CounselorKind.VOLUNTEER not in step.kinds for step in steps)
    assert default_plan().escalation.steps == steps


def test_an_escalation_that_asks_volunteers_too_is_cautioned() -> None:
    [caution] = [c for c in cautions(read_plan(GOOD + ESCALATION, origin="x")) if "volunteers" in c]
    assert "whoever there is" in caution
