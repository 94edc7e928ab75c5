"""A menu as data: the nodes of a flow file, checked before any caller meets them.

A flow is one TOML file: where it starts, the keys that work everywhere (danger, repeat, refusal of
recording), where a caller goes whom the menu did not understand, and its nodes. Each node is spoken
(`prompts`), then waits `timeout` seconds for a key, and is spoken at most `tries` times.

What follows a node depends on three keys, of which a node has at most one:

- ``next``: silence and unknown keys lead on to that node (a notice, a choice that has a default);
- ``end``: silence ends the contact (`ended`), as an unknown key does after `tries`;
- neither: silence or unknown keys, after `tries`, lead to a human.

Keys also say who is asked for: `skills`, `preferred`, `priority`, and the caller's place in the
tiers, `node`. A key with `next` says so as well, and what all keys of a caller's way say counts
together: every skill, the most urgent priority, the last node.

An operator's own flow of the same name wins over the shipped one, without a restart.
"""

from __future__ import annotations

import logging
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from hotline.config import Language
from hotline.errors import FlowError
from hotline.events import Priority
from hotline.menu.flowfiles import FALLBACK, SHIPPED, line_of
from hotline.tier import TierNode, is_below, must_be_below

log = logging.getLogger(__name__)

Name = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
_SKILL = re.compile(r"[a-z0-9_]{1,40}(:[1-5])?")


def _skill(text: str) -> str:
    if not _SKILL.fullmatch(text):
        raise ValueError(
            f"{text!r} is no skill: write name or name:level, in small letters, digits and _, with "
            "a level from 1 to 5"
        )
    return text


Skill = Annotated[str, AfterValidator(_skill)]
"""A bare name asks for any level, ``name:level`` for that one or a higher one."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Part):
    """What one key does: it leads on to `next`; or it ends the menu, by choosing a `topic`, or with
    a `message` (where voicemail is on; else it leads to a human)."""

    next: Name | None = None
    language: Language | None = None
    """Spoken from here on."""
    topic: Name | None = None
    message: bool = False
    skills: tuple[Skill, ...] = ()
    """Required of a counselor."""
    preferred: tuple[Skill, ...] = ()
    """Of several who may take the caller, who holds more of these is asked first."""
    priority: Priority = Priority.NORMAL
    node: TierNode | None = None
    """The caller's place in the tiers, such as ``city/east``; none: see `Arrival.node_for`."""

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Choice:
        if (self.next is not None) + (self.topic is not None) + self.message != 1:
            raise ValueError("a key needs one of next (a node), topic and message = true")
        return self


class Node(_Part):
    """One place of the menu."""

    prompts: tuple[Name, ...] = Field(min_length=1)
    keys: dict[Key, Choice] = {}
    timeout: Annotated[float, Field(gt=0, le=60)] = 5.0
    """Seconds of silence after the prompts before the caller counts as silent."""
    tries: Annotated[int, Field(ge=1, le=9)] = 2
    next: Name | None = None
    end: bool = False
    consent: bool = False
    """This is the notice of recording: whoever goes on from here has agreed, unless refusing."""

    @model_validator(mode="after")
    def _one_way_on(self) -> Node:
        if self.next is not None and self.end:
            raise ValueError("a node has next or end, not both")
        if self.consent and self.next is None:
            raise ValueError("a node with consent needs next: the notice never holds anybody up")
        return self


class Danger(_Part):
    """'I am in danger': straight to a human, from every node, at every moment."""

    key: Key = "0"
    topic: Name = "crisis"
    skills: tuple[Skill, ...] = ("crisis",)


class Repeat(_Part):
    """Say that again. After `limit` times in one node the caller gets a human instead."""

    key: Key = "9"
    limit: Annotated[int, Field(ge=1, le=20)] = 3


class Refuse(_Part):
    """Refuse recording: works in every node, since a key may come a moment after the notice."""

    key: Key = "8"
    prompts: tuple[Name, ...] = ("recording_refused",)


class Human(_Part):
    """What a caller is given whom the menu did not understand."""

    topic: Name = "other"
    skills: tuple[Skill, ...] = ()


class Flow(_Part):
    """One menu. `start` and every `next` name a node; no node uses a key that works everywhere."""

    start: Name
    danger: Danger = Danger()
    repeat: Repeat = Repeat()
    refuse: Refuse | None = None
    unknown_key: tuple[Name, ...] = ("unknown_key",)
    """Said before a node is repeated because its key was unknown."""
    human: Human = Human()
    nodes: dict[Name, Node] = Field(min_length=1)

    @property
    def prompts(self) -> frozenset[str]:
        """Every prompt that this flow can ask for."""
        refusal = self.refuse.prompts if self.refuse else ()
        spoken = [prompt for node in self.nodes.values() for prompt in node.prompts]
        return frozenset({*spoken, *refusal, *self.unknown_key})


def parse_flow(raw: dict[str, Any], *, file: str, text: str = "", root: str | None = None) -> Flow:
    """Check `raw`; raise FlowError, one sentence per fault: file, node and key, what is allowed.

    With the `text` that it was read from, each sentence names the line as well. With the `root` of
    the site's tiers, no key may lead outside of them.
    """
    try:
        flow = Flow.model_validate(raw)
    except ValidationError as error:
        faults = [_said(fault["loc"], fault["msg"]) for fault in error.errors()]
    else:
        faults = [*_lost_ends(flow), *_taken_keys(flow), *_strange_nodes(flow, root)]
        if not faults:
            return flow
    told = []
    for fault in faults:
        line = line_of(text, fault.partition(":")[0].split("."))
        told.append(f"{file}: line {line}: {fault}" if line else f"{file}: {fault}")
    raise FlowError("\n".join(told))


def read_flow(path: Path, *, root: str | None = None) -> Flow:
    """Read and check the flow in `path`, see `parse_flow`. Raises FlowError."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise FlowError(f"{path}: cannot be read: {error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FlowError(f"{path}: is not TOML: {error}") from None
    return parse_flow(raw, file=str(path), text=text, root=root)


def _said(where: tuple[int | str, ...], what: str) -> str:
    # pydantic marks a fault in a key itself, not in its value, with the part "[key]"
    place = ".".join(str(part) for part in where if part != "[key]") or "the file"
    what = what.removeprefix("Value error, ")
    return f"{place}: {what[0].lower()}{what[1:]}"


def _lost_ends(flow: Flow) -> list[str]:
    allowed = ", ".join(flow.nodes)
    targets = [("start", flow.start)]
    for name, node in flow.nodes.items():
        targets.append((f"nodes.{name}.next", node.next or name))
        targets += [(f"nodes.{name}.keys.{k}.next", c.next or name) for k, c in node.keys.items()]
    return [
        f"{place}: there is no node {target!r}; the nodes are {allowed}"
        for place, target in targets
        if target not in flow.nodes
    ]


def _taken_keys(flow: Flow) -> list[str]:
    taken = {flow.danger.key: "danger"}
    everywhere = [("repeat", flow.repeat.key)]
    everywhere += [("refuse", flow.refuse.key)] if flow.refuse else []
    faults = []
    for name, key in everywhere:
        if key in taken:
            faults.append(f"{name}.key: {key} is already the key of {taken[key]}; use another")
        taken[key] = name
    faults += [
        f"nodes.{name}.keys.{key}: works everywhere as {taken[key]}; use another key"
        for name, node in flow.nodes.items()
        for key in node.keys
        if key in taken
    ]
    return faults


def _strange_nodes(flow: Flow, root: str | None) -> list[str]:
    return [
        f"nodes.{name}.keys.{key}.node: {must_be_below(root)}, not {choice.node!r}"
        for name, node in flow.nodes.items()
        for key, choice in node.keys.items()
        if root is not None and choice.node is not None and not is_below(root, choice.node)
    ]


class Flows:
    """Finds flows by name: the operator's, read again when the file changes, else the shipped. With
    `root`, that of the site's tiers, an operator's flow that leads outside of them is broken."""

    def __init__(self, folder: Path, *, root: str | None = None) -> None:
        self._folder = folder
        self._root = root
        self._read: dict[str, tuple[tuple[int, int], Flow | None]] = {}
        """By name: what the file looked like, and its flow; None when it was broken."""
        self._shipped: dict[Path, Flow] = {}

    def find(self, name: str) -> Flow:
        """Return the flow called `name`.

        Never fails: a broken operator's file is logged once per change and the shipped flow of
        that name serves instead; a name that nobody knows is logged and ``main`` serves.
        """
        flow = self._operators(name)
        if flow is not None:
            return flow
        path = SHIPPED / f"{name}.toml"
        if not path.is_file():
            log.error("no usable flow %r; the shipped flow %r serves instead", name, FALLBACK)
            path = SHIPPED / f"{FALLBACK}.toml"
        if path not in self._shipped:  # part of the program: it does not change while we run
            self._shipped[path] = read_flow(path)
        return self._shipped[path]

    def _operators(self, name: str) -> Flow | None:
        path = self._folder / f"{name}.toml"
        try:
            stat = path.stat()
        except OSError:
            return None
        look = (stat.st_mtime_ns, stat.st_size)
        known = self._read.get(name)
        if known is not None and known[0] == look:
            return known[1]
        flow: Flow | None = None
        try:
            flow = read_flow(path, root=self._root)
        except FlowError as error:
            log.error("the operator's flow %s is not used: %s", name, error)
        self._read[name] = (look, flow)
        return flow
