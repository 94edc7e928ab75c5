"""What the keys on one way through a menu ask for together, up to its end."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hotline.events import Priority
from hotline.ids import NodeId
from hotline.menu.choices import Choices
from hotline.menu.flow import Choice, Flow, parse_flow
from hotline.menu.ivr import (
    DigitPressed,
    Entered,
    Finish,
    Input,
    MenuState,
    Outcome,
    PlaybackFinished,
    PromptFailed,
    TimedOut,
    step,
)

SILENCE = [PlaybackFinished(), TimedOut()]


def a_flow(**last: Any) -> Flow:
    """District, then age, then topic; `*` in the last leads back to the first."""
    nodes = {
        "district": {
            "prompts": ["a"],
            "keys": {
                "1": {"next": "age", "node": "city/east"},
                "2": {"next": "age", "node": "city/west"},
                "3": {"next": "age"},
            },
        },
        "age": {
            "prompts": ["b"],
            "next": "topic",
            "keys": {
                "1": {
                    "next": "topic",
                    "skills": ["youth:3"],
                    "preferred": ["school", "youth:4"],
                    "priority": "high_risk",
                },
                "2": {"next": "topic", "preferred": ["elderly"]},
            },
        },
        "topic": {
            "prompts": ["c"],
            "tries": 1,
            "keys": {
                "1": {"topic": "emotion", "skills": ["emotion:2", "youth"], "preferred": ["grief"]},
                "2": {"topic": "family", "priority": "callback"},
                "3": {"topic": "home", "node": "city/east/riverside"},
                "4": {"message": True},
                "*": {"next": "district"},
            },
        },
    }
    return parse_flow({"start": "district", "nodes": nodes, **last}, file="drawn")


FLOW = a_flow()


def end_of(script: str | list[Input], flow: Flow = FLOW) -> Finish:
    given: list[Input] = [DigitPressed(k) for k in script] if isinstance(script, str) else script
    state = MenuState()
    for one in [Entered(), *given]:
        state, commands = step(flow, state, one)
    assert state.finished
    assert isinstance(commands[-1], Finish)
    return commands[-1]


def test_skills_preferred_priority_and_node_survive_every_next_up_to_the_end() -> None:
    assert end_of("111") == Finish(
        Outcome.CHOSEN,
        "emotion",
        ("youth:3", "emotion:2"),
        Priority.HIGH_RISK,
        preferred=("school", "youth:4", "grief"),
        node=NodeId("city/east"),
    )


def test_who_names_no_district_has_no_node_of_the_menu() -> None:
    assert end_of("322").node is None


def test_most_urgent_priority_counts_and_the_last_node() -> None:
    assert end_of("112").priority is Priority.HIGH_RISK
    assert end_of("122").priority is Priority.CALLBACK
    assert end_of("213").node == "city/east/riverside"


def test_who_goes_back_and_chooses_otherwise_has_thought_better_of_it() -> None:
    finish = end_of("11*221")
    assert finish.node == "city/west"
    assert finish.skills == ("emotion:2", "youth")
    assert finish.preferred == ("elderly", "grief")
    assert finish.priority is Priority.NORMAL


def test_message_knows_what_was_chosen_before() -> None:
    finish = end_of("114")
    assert finish.outcome is Outcome.MESSAGE
    assert (finish.node, finish.skills) == ("city/east", ("youth:3",))


def test_caller_whom_the_menu_lost_goes_to_whoever_is_free_and_rather_to_who_was_asked_for() -> (
    None
):
    keys: list[Input] = [DigitPressed("1"), DigitPressed("1")]
    for lost, outcome in (
        ([*keys, *SILENCE], Outcome.SILENCE),
        ([*keys, DigitPressed("7")], Outcome.WRONG_KEYS),
        ([*keys, PromptFailed()], Outcome.PROMPT_MISSING),
    ):
        assert end_of(lost) == Finish(
            outcome,
            "other",
            (),
            Priority.HIGH_RISK,
            preferred=("school", "youth:4"),
            node=NodeId("city/east"),
        )
    plain = a_flow(human={"topic": "lost", "skills": ["triage:2"]})
    assert end_of([*keys, *SILENCE], plain).skills == ("triage:2",)


def test_caller_in_danger_is_asked_for_in_the_chosen_district() -> None:
    assert end_of("110") == Finish(
        Outcome.CHOSEN,
        "crisis",
        ("crisis",),
        Priority.CRISIS,
        preferred=("school", "youth:4"),
        node=NodeId("city/east"),
    )


SOME = st.builds(
    Choice,
    topic=st.just("x"),
    skills=st.lists(st.sampled_from(["a", "a:1", "a:5", "b:2", "b"]), max_size=3).map(tuple),
    node=st.sampled_from([None, "city", "city/east"]),
    priority=st.sampled_from(Priority),
)


@given(made=st.lists(st.tuples(st.sampled_from("pqr"), SOME), max_size=8))
def test_nothing_that_counts_is_lost_and_nothing_else_is_asked_for(
    made: list[tuple[str, Choice]],
) -> None:
    choices = Choices()
    for node, choice in made:
        choices = choices.at(node, choice)
    last = dict(made)
    wanted: dict[str, int] = {}
    for choice in last.values():
        for skill in choice.skills:
            name, _, level = skill.partition(":")
            wanted[name] = max(wanted.get(name, 0), int(level or 0))
    assert {tuple(s.split(":")) for s in choices.skills} == {
        (name, str(level)) if level else (name,) for name, level in wanted.items()
    }
    assert len(choices.made) == len(last)
    named = [c.node for n, c in made if last[n] is c and c.node is not None]
    assert choices.node == (named[-1] if named else None)
