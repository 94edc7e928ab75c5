"""The menu: a pure stepper over a `Flow`. The gateway carries out what `step` commands.

    Entered -> Play -> PlaybackFinished -> StartTimer -> DigitPressed | TimedOut -> Play ... Finish

Three promises hold for every flow and every sequence of inputs. `step` never raises. It finishes
after at most MAX_STEPS inputs (a storm of keys, or a flow that goes in circles, gets a human). And
the danger key finishes at once, in every state before the end.

Consent: GiveConsent is commanded when the caller goes on from the notice, by silence after its end
or by a key that chooses to pass it over. The danger key is no such choice: whoever presses it
during the notice has not been told, and is not recorded. Nor is anybody to whom the notice could
not be played. Refusing is possible until the menu is over, and is final.

What keys ask for (`Choices`) is kept from node to node, and Finish has all of it. A caller whom the
menu lost goes to whoever is free: then the skills asked for on the way are preferred, not required.
One in danger goes to whoever is certified: of the way, the tier node and the preferred skills stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from hotline.events import Priority
from hotline.ids import NodeId
from hotline.menu.choices import Choices, united
from hotline.menu.flow import Choice, Danger, Flow, Human, Node

MAX_STEPS = 100


class Outcome(StrEnum):
    """How a menu ended. All but `ENDED` and `MESSAGE` lead to a human."""

    CHOSEN = "chosen"
    SILENCE = "silence"
    WRONG_KEYS = "wrong_keys"
    PROMPT_MISSING = "prompt_missing"
    FAULT = "fault"
    MESSAGE = "message"
    """The caller wants to leave a message."""
    ENDED = "ended"
    """The contact is over, as the flow says: hang up."""


# --- inputs ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entered:
    """The caller hears us."""


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """One DTMF key; it may interrupt what is being said."""

    digit: str


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """What the last Play named was heard to its end."""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The timer that was started last ran out."""


@dataclass(frozen=True, slots=True)
class PromptFailed:
    """What the last Play named could not be played."""


Input = Entered | DigitPressed | PlaybackFinished | TimedOut | PromptFailed

# --- commands --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Play:
    """Play these prompts in order, in place of whatever is being said."""

    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Give TimedOut after `seconds`; replaces a timer that runs."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """No TimedOut any more."""


@dataclass(frozen=True, slots=True)
class RefuseRecording:
    """Nothing of this contact may be recorded; replaces a consent given earlier."""


@dataclass(frozen=True, slots=True)
class GiveConsent:
    """The conversation may be recorded."""


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """Prompts are spoken in `language` from here on (the next Play included)."""

    language: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The menu is over. Nothing follows."""

    outcome: Outcome
    topic: str
    skills: tuple[str, ...]
    priority: Priority
    preferred: tuple[str, ...] = ()
    node: NodeId | None = None
    """Of the tiers, if the caller chose one."""


Command = Play | StartTimer | StopTimer | RefuseRecording | GiveConsent | SetLanguage | Finish
Step = tuple["MenuState", tuple[Command, ...]]

# --- the stepper -----------------------------------------------------------------


class Consent(StrEnum):
    """What the caller said to being recorded."""

    UNKNOWN = "unknown"
    GIVEN = "given"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class MenuState:
    """Where a caller is. A new one is ``MenuState()``."""

    node: str | None = None
    """None before Entered."""
    spoken: int = 0
    """How often this node was said, repeats by key not counted."""
    repeats: int = 0
    speaking: bool = False
    waiting: bool = False
    """The timer runs."""
    consent: Consent = Consent.UNKNOWN
    chosen: Choices = field(default_factory=Choices)
    steps: int = 0
    finished: bool = False


def step(flow: Flow, state: MenuState, given: Input) -> Step:
    """Return the state after `given`, and what is to be done now, in order.

    After Finish every input is without effect.
    """
    if state.finished:
        return state, ()
    state = replace(state, steps=state.steps + 1)
    node = flow.nodes.get(state.node) if state.node is not None else None
    digit = given.digit if isinstance(given, DigitPressed) else ""
    if (crisis := danger_by(flow.danger, digit, state.chosen)) is not None:
        return _end(state, (), crisis)
    if state.steps >= MAX_STEPS or (node is None and state.node is not None):
        return _to_human(flow, state, Outcome.FAULT)
    if isinstance(given, PromptFailed):
        return _to_human(flow, state, Outcome.PROMPT_MISSING)
    if node is None:
        return _enter(flow, state, flow.start) if isinstance(given, Entered) else (state, ())
    return _at_node(flow, state, node, given)


def danger_by(known: Danger, digit: str, chosen: Choices) -> Finish | None:
    """Return the Finish that `digit` stands for when it is the danger key, else None.

    Also for a caller who has left the menu and waits: the key works there too.
    """
    if digit != known.key:
        return None
    return Finish(
        Outcome.CHOSEN,
        known.topic,
        known.skills,
        Priority.CRISIS,
        preferred=chosen.preferred,
        node=chosen.node,
    )


def human_by(known: Human, outcome: Outcome, chosen: Choices) -> Finish:
    """Return the Finish of a caller whom the menu lost, by `outcome`."""
    return Finish(
        outcome,
        known.topic,
        known.skills,
        chosen.priority,
        preferred=united([*chosen.preferred, *chosen.skills]),
        node=chosen.node,
    )


def _at_node(flow: Flow, state: MenuState, node: Node, given: Input) -> Step:
    match given:
        case PlaybackFinished() if state.speaking:
            return replace(state, speaking=False, waiting=True), (StartTimer(node.timeout),)
        case TimedOut() if state.waiting:
            return _silence(flow, replace(state, waiting=False), node)
        case DigitPressed(digit):
            return _key(flow, state, node, digit)
        case _:  # late news of something that was replaced
            return state, ()


def _key(flow: Flow, state: MenuState, node: Node, digit: str) -> Step:
    if digit == flow.repeat.key:
        if state.repeats >= flow.repeat.limit:
            return _to_human(flow, state, Outcome.WRONG_KEYS)
        return _speak(replace(state, repeats=state.repeats + 1), node.prompts)
    if flow.refuse and digit == flow.refuse.key and state.consent is not Consent.REFUSED:
        return _refuse(flow, state, node, flow.refuse.prompts)
    choice = node.keys.get(digit)
    if choice is not None:
        return _choose(flow, state, node, choice)
    if node.next is not None:
        return _go_on(flow, state, node, node.next)
    if state.spoken < node.tries:
        again = replace(state, spoken=state.spoken + 1)
        return _speak(again, (*flow.unknown_key, *node.prompts))
    return _to_human(flow, state, Outcome.ENDED if node.end else Outcome.WRONG_KEYS)


def _silence(flow: Flow, state: MenuState, node: Node) -> Step:
    if node.next is not None:
        return _go_on(flow, state, node, node.next)
    if node.end:
        return _to_human(flow, state, Outcome.ENDED)
    if state.spoken < node.tries:
        return _speak(replace(state, spoken=state.spoken + 1), node.prompts)
    return _to_human(flow, state, Outcome.SILENCE)


def _choose(flow: Flow, state: MenuState, node: Node, choice: Choice) -> Step:
    first: list[Command] = []
    if choice.language is not None:
        first.append(SetLanguage(choice.language))
    state = replace(state, chosen=state.chosen.at(state.node or flow.start, choice))
    if choice.next is not None:
        return _go_on(flow, state, node, choice.next, first=first)
    state, consent = _leave(state, node)
    outcome = Outcome.MESSAGE if choice.message else Outcome.CHOSEN
    topic = choice.topic or flow.human.topic
    asked = state.chosen
    finish = Finish(
        outcome,
        topic,
        asked.skills,
        asked.priority,
        preferred=asked.preferred,
        node=asked.node,
    )
    return _end(state, [*first, *consent], finish)


def _refuse(flow: Flow, state: MenuState, node: Node, said: tuple[str, ...]) -> Step:
    first = (RefuseRecording(),)
    state = replace(state, consent=Consent.REFUSED)
    if node.consent and node.next is not None:
        return _go_on(flow, state, node, node.next, first=first, said=said)
    return _speak(state, (*said, *node.prompts), first=first)


def _go_on(
    flow: Flow,
    state: MenuState,
    node: Node,
    target: str,
    *,
    first: Sequence[Command] = (),
    said: tuple[str, ...] = (),
) -> Step:
    state, consent = _leave(state, node)
    return _enter(flow, state, target, first=[*first, *consent], said=said)


def _enter(
    flow: Flow,
    state: MenuState,
    target: str,
    *,
    first: Sequence[Command] = (),
    said: tuple[str, ...] = (),
) -> Step:
    node = flow.nodes.get(target)
    if node is None:  # `read_flow` does not let this happen; a caller must not pay for it
        return _to_human(flow, state, Outcome.FAULT, first=first)
    state = replace(state, node=target, spoken=1, repeats=0)
    return _speak(state, (*said, *node.prompts), first=first)


def _leave(state: MenuState, node: Node | None) -> tuple[MenuState, tuple[Command, ...]]:
    if node is not None and node.consent and state.consent is Consent.UNKNOWN:
        return replace(state, consent=Consent.GIVEN), (GiveConsent(),)
    return state, ()


def _speak(state: MenuState, prompts: tuple[str, ...], *, first: Sequence[Command] = ()) -> Step:
    stop = (StopTimer(),) if state.waiting else ()
    return replace(state, speaking=True, waiting=False), (*stop, *first, Play(prompts))


def _to_human(
    flow: Flow, state: MenuState, outcome: Outcome, *, first: Sequence[Command] = ()
) -> Step:
    return _end(state, first, human_by(flow.human, outcome, state.chosen))


def _end(state: MenuState, first: Sequence[Command], finish: Finish) -> Step:
    stop = (StopTimer(),) if state.waiting else ()
    return replace(state, finished=True, speaking=False, waiting=False), (*stop, *first, finish)
