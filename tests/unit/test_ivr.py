"""The menu: the shipped flows by table, and what holds for every flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.events import Priority
from hotline.menu.choices import Choices
from hotline.menu.flow import SHIPPED, Flow, parse_flow, read_flow
from hotline.menu.ivr import (
    MAX_STEPS,
    Command,
    Consent,
    DigitPressed,
    Entered,
    Finish,
    GiveConsent,
    Input,
    MenuState,
    Outcome,
    Play,
    PlaybackFinished,
    PromptFailed,
    RefuseRecording,
    SetLanguage,
    StartTimer,
    StopTimer,
    TimedOut,
    danger_by,
    step,
)

MAIN = read_flow(SHIPPED / "main.toml")
BLOCKED = read_flow(SHIPPED / "blocked.toml")

CRISIS = Finish(Outcome.CHOSEN, "crisis", ("crisis",), Priority.CRISIS)
ENTER, HEARD, SILENT, BROKEN = Entered(), PlaybackFinished(), TimedOut(), PromptFailed()


def human(outcome: Outcome) -> Finish:
    return Finish(outcome, "other", (), Priority.NORMAL)


def chosen(topic: str, *skills: str) -> Finish:
    return Finish(Outcome.CHOSEN, topic, skills, Priority.NORMAL)


def inputs(script: Sequence[str | Input]) -> list[Input]:
    return [DigitPressed(part) if isinstance(part, str) else part for part in script]


def run(
    flow: Flow, script: Sequence[str | Input], state: MenuState | None = None
) -> tuple[MenuState, list[Command]]:
    state = state or MenuState()
    done: list[Command] = []
    for one in inputs(script):
        state, commands = step(flow, state, one)
        done += commands
    return state, done


def told(commands: Sequence[Command]) -> list[Command]:
    """The commands that are neither sound nor timer."""
    return [c for c in commands if not isinstance(c, Play | StartTimer | StopTimer)]


PASS = [HEARD, SILENT]
"""Hear it to its end, then say nothing."""

MAIN_TABLE: list[tuple[str, list[str | Input], list[Command]]] = [
    ("topic 1", [ENTER, *PASS, "1", "1"],
     [GiveConsent(), SetLanguage("zh"), chosen("emotion", "emotion")]),
    ("topic 2", [ENTER, *PASS, *PASS, "2"], [GiveConsent(), chosen("family", "family")]),
    ("topic 3 in English", [ENTER, *PASS, "2", "3"],
     [GiveConsent(), SetLanguage("en"), chosen("youth", "youth")]),
    ("topic 4", [ENTER, *PASS, *PASS, "4"], [GiveConsent(), chosen("other")]),
    ("pressing on through the notice", [ENTER, "1", "1", "1"],
     [GiveConsent(), SetLanguage("zh"), chosen("emotion", "emotion")]),
    ("refusing", [ENTER, "8", "1", "2"],
     [RefuseRecording(), SetLanguage("zh"), chosen("family", "family")]),
    ("refusing a moment late", [ENTER, *PASS, "8", "1", "2"],
     [GiveConsent(), RefuseRecording(), SetLanguage("zh"), chosen("family", "family")]),
    ("refusing after the notice, before the timer", [ENTER, HEARD, "8", *PASS, "2"],
     [RefuseRecording(), chosen("family", "family")]),
    ("refusing once is enough", [ENTER, "8", *PASS, "8", "8"],
     [RefuseRecording(), human(Outcome.WRONG_KEYS)]),
    ("danger during the notice", [ENTER, "0"], [CRISIS]),
    ("danger after refusing", [ENTER, "8", "0"], [RefuseRecording(), CRISIS]),
    ("danger in the language", [ENTER, *PASS, "0"], [GiveConsent(), CRISIS]),
    ("danger in the topics", [ENTER, *PASS, *PASS, HEARD, "0"], [GiveConsent(), CRISIS]),
    ("danger before anything", ["0"], [CRISIS]),
    ("silence all the way", [ENTER, *PASS, *PASS, *PASS, *PASS],
     [GiveConsent(), human(Outcome.SILENCE)]),
    ("wrong keys", [ENTER, *PASS, *PASS, "5", "#"], [GiveConsent(), human(Outcome.WRONG_KEYS)]),
    ("repeats without end", [ENTER, *PASS, *PASS, "9", "9", "9", "9"],
     [GiveConsent(), human(Outcome.WRONG_KEYS)]),
    ("no notice, no consent", [ENTER, BROKEN], [human(Outcome.PROMPT_MISSING)]),
    ("a prompt is missing later", [ENTER, *PASS, BROKEN],
     [GiveConsent(), human(Outcome.PROMPT_MISSING)]),
    ("a key that is none", [ENTER, *PASS, *PASS, "", "ABC"],
     [GiveConsent(), human(Outcome.WRONG_KEYS)]),
]  # fmt: skip

BLOCKED_TABLE: list[tuple[str, list[str | Input], list[Command]]] = [
    ("heard to the end", [ENTER, *PASS], [human(Outcome.ENDED)]),
    ("danger", [ENTER, "0"], [CRISIS]),
    ("danger after the words", [ENTER, HEARD, "0"], [CRISIS]),
    ("any other key says it again, then ends", [ENTER, "1", "1"], [human(Outcome.ENDED)]),
    ("again, then silence", [ENTER, "9", *PASS], [human(Outcome.ENDED)]),
    ("the words are missing", [ENTER, BROKEN], [human(Outcome.PROMPT_MISSING)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "expected"), [row[1:] for row in MAIN_TABLE], ids=[row[0] for row in MAIN_TABLE]
)
def test_the_main_menu(script: list[str | Input], expected: list[Command]) -> None:
    state, commands = run(MAIN, script)
    assert told(commands) == expected
    assert state.finished


@pytest.mark.parametrize(
    ("script", "expected"),
    [row[1:] for row in BLOCKED_TABLE],
    ids=[row[0] for row in BLOCKED_TABLE],
)
def test_the_blocked_callers_menu(script: list[str | Input], expected: list[Command]) -> None:
    state, commands = run(BLOCKED, script)
    assert told(commands) == expected
    assert state.finished


def test_a_key_interrupts_and_stops_the_timer() -> None:
    state, commands = run(MAIN, [ENTER, HEARD])
    assert commands[-1] == StartTimer(MAIN.nodes["notice"].timeout)
    _, commands = run(MAIN, ["1"], state)
    assert commands == [StopTimer(), GiveConsent(), Play(MAIN.nodes["language"].prompts)]


def test_the_language_is_set_before_it_is_spoken() -> None:
    state, _ = run(MAIN, [ENTER, *PASS])
    _, commands = run(MAIN, ["2"], state)
    assert commands == [SetLanguage("en"), Play(MAIN.nodes["topics"].prompts)]


def test_a_refusal_is_confirmed_before_the_menu_goes_on() -> None:
    _, commands = run(MAIN, [ENTER, "8"])
    assert commands[-1] == Play(("recording_refused", *MAIN.nodes["language"].prompts))


def test_an_unknown_key_is_forgiven_in_words() -> None:
    state, _ = run(MAIN, [ENTER, "1", "1"])
    _, commands = run(MAIN, ["7"], state)
    assert commands == [Play(("unknown_key", *MAIN.nodes["topics"].prompts))]


def test_late_news_of_what_was_interrupted_does_nothing() -> None:
    state, _ = run(MAIN, [ENTER])
    assert step(MAIN, state, SILENT)[1] == ()
    state, _ = run(MAIN, [HEARD], state)
    assert step(MAIN, state, HEARD)[1] == ()


def test_nothing_follows_the_end() -> None:
    state, _ = run(MAIN, [ENTER, "0"])
    for one in inputs([ENTER, "0", "1", HEARD, SILENT, BROKEN]):
        assert step(MAIN, state, one) == (state, ())


def test_the_danger_key_can_be_asked_for_outside_the_menu() -> None:
    assert danger_by(MAIN.danger, "0", Choices()) == CRISIS
    assert danger_by(MAIN.danger, "1", Choices()) is None


def test_a_node_that_is_not_there_leads_to_a_human() -> None:
    _, commands = step(MAIN, MenuState(node="gone"), HEARD)
    assert commands == (human(Outcome.FAULT),)


# --- what holds for every flow ----------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c"])
SKILLS = st.lists(st.sampled_from(["grief", "grief:2", "grief:4", "music"]), max_size=3)
TIERS = st.sampled_from(["city", "city/east", "city/west"])
CHOICES = st.one_of(
    st.fixed_dictionaries({"topic": NAMES, "language": st.sampled_from(["zh", "en"])}),
    st.fixed_dictionaries({"next": NAMES}),
    st.fixed_dictionaries({"next": NAMES, "skills": SKILLS, "node": TIERS}),
)
WAY_ON = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"next": NAMES, "consent": st.booleans()}),
    st.just({"end": True}),
)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    nodes = {
        name: {
            "prompts": [f"say_{name}"],
            "tries": draw(st.integers(1, 4)),
            "keys": draw(st.dictionaries(st.sampled_from("12345#*"), CHOICES, max_size=4)),
            **draw(WAY_ON),
        }
        for name in "abc"
    }
    refuse = draw(st.sampled_from([{}, {"refuse": {}}]))
    return parse_flow({"start": draw(NAMES), "nodes": nodes, **refuse}, file="drawn")


STATES = st.builds(
    MenuState,
    node=st.sampled_from([None, "a", "b", "c", "gone"]),
    spoken=st.integers(0, 5),
    repeats=st.integers(0, 5),
    speaking=st.booleans(),
    waiting=st.booleans(),
    consent=st.sampled_from(Consent),
    steps=st.integers(0, MAX_STEPS),
)
INPUTS = st.one_of(
    st.sampled_from([ENTER, HEARD, SILENT, BROKEN]),
    st.sampled_from("0123456789*#").map(DigitPressed),
    st.text(max_size=3).map(DigitPressed),
)


@given(flow=flows(), state=STATES, script=st.lists(INPUTS, max_size=MAX_STEPS))
def test_any_inputs_from_any_state_end_in_exactly_one_finish(
    flow: Flow, state: MenuState, script: list[Input]
) -> None:
    padded = [*script, *[HEARD] * (MAX_STEPS + 1 - len(script))]
    state, commands = run(flow, padded, state)
    assert state.finished
    assert sum(isinstance(c, Finish) for c in commands) == 1
    assert isinstance(commands[-1], Finish)


@given(flow=flows(), script=st.lists(INPUTS, max_size=40))
def test_a_caller_in_danger_is_heard_at_every_moment(flow: Flow, script: list[Input]) -> None:
    state, _ = run(flow, script)
    if not state.finished:
        _, commands = step(flow, state, DigitPressed("0"))
        assert isinstance(commands[-1], Finish)
        assert replace(commands[-1], node=None) == CRISIS


@given(flow=flows(), script=st.lists(INPUTS, max_size=60))
def test_consent_never_follows_a_refusal_and_needs_a_notice(
    flow: Flow, script: list[Input]
) -> None:
    _, commands = run(flow, [ENTER, *script])
    kinds = [type(c) for c in commands]
    assert kinds.count(GiveConsent) <= 1
    if RefuseRecording in kinds:
        assert GiveConsent not in kinds[kinds.index(RefuseRecording) :]
    if not any(node.consent for node in flow.nodes.values()):
        assert GiveConsent not in kinds


@given(flow=flows(), script=st.lists(INPUTS, max_size=60))
def test_a_timer_never_outlives_what_it_belongs_to(flow: Flow, script: list[Input]) -> None:
    running = False
    state = MenuState()
    for one in [ENTER, *script]:
        running = running and not isinstance(one, TimedOut)
        state, commands = step(flow, state, one)
        for command in commands:
            if isinstance(command, StartTimer | StopTimer):
                running = isinstance(command, StartTimer)
            elif isinstance(command, Play | Finish):
                assert not running
    assert state.waiting == running
