"""Reads a scenario file and says everything that is wrong with it, each fault with its place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from admin.simulation.scenario import Scenario
from hotline.errors import HotlineError

SUFFIX = ".toml"


class ScenarioError(HotlineError):
    """A scenario is wrong: one sentence per fault names file, key, and what is allowed."""

    code = "scenario"


def shipped() -> dict[str, str]:
    """Return the scenarios that come with the platform: name -> text."""
    folder = files("admin.simulation") / "scenarios"
    found = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return {
        entry.name.removesuffix(SUFFIX): entry.read_text(encoding="utf-8")
        for entry in found
        if entry.name.endswith(SUFFIX)
    }


def load_scenario(name: str) -> Scenario:
    """Read a scenario file, or a shipped one by its name. Raises ScenarioError."""
    texts = shipped()
    if name in texts:
        return read_scenario(texts[name], origin=name)
    try:
        text = Path(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ScenarioError(
            f"{name}: no such file; shipped scenarios are {', '.join(texts)}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{name}: cannot be read: {error}") from None
    return read_scenario(text, origin=name)


def read_scenario(text: str, *, origin: str) -> Scenario:
    """Read and check a scenario's text; `origin` is its place in messages. Raises ScenarioError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{origin}: is not TOML: {error}") from None
    try:
        return Scenario.model_validate(raw)
    except ValidationError as error:
        raise ScenarioError("\n".join(_sentences(error, raw, origin))) from None


def _sentences(error: ValidationError, raw: Mapping[str, Any], origin: str) -> Iterator[str]:
    faults = error.errors()
    places = [fault["loc"] for fault in faults]
    for fault in faults:
        loc = fault["loc"]
        # A list without its wrong item may be too short as well: only the item is said.
        if loc and any(place != loc == place[: len(loc)] for place in places):
            continue
        yield f"{origin}: {_place(loc, raw)}: {_said(fault)}"


def _said(fault: ErrorDetails) -> str:
    """Return what is allowed and what was given."""
    what, given, context = fault["msg"], fault["input"], fault.get("ctx", {})
    if fault["type"] == "extra_forbidden":
        return f"no such key; there are {', '.join(_keys(fault['loc'][:-1]))}"
    if fault["type"] == "union_tag_invalid":
        return f"kind must be one of {context['expected_tags']}, not {context['tag']!r}"
    if fault["type"] in ("union_tag_not_found", "model_attributes_type"):
        what = 'must be a number of seconds, or a table such as { kind = "fixed", seconds = 20 }'
    what = what.removeprefix("Value error, ")
    if fault["type"] != "missing" and not isinstance(given, dict | list | BaseModel):
        what += f", not {given!r}"
    return what[0].lower() + what[1:]


def _place(loc: tuple[int | str, ...], raw: Any) -> str:
    """Return the place as the file has it: pydantic also names the kind of a duration there."""
    parts: list[str] = []
    here = raw
    for part in loc:
        if not isinstance(here, dict | list):
            break  # a bare number: what pydantic made of it does not stand in the file
        if isinstance(here, dict) and part == here.get("kind"):
            continue
        parts.append(str(part))
        here = _inside(here, part)
    return ".".join(parts) or "the file"


def _inside(here: Any, part: int | str) -> Any:
    try:
        return here[part]
    except (KeyError, IndexError, TypeError):
        return None


def _keys(loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the section at `loc` can have."""
    sections: list[type[BaseModel]] = [Scenario]
    for part in loc:
        if isinstance(part, int):
            continue
        inner = [s.model_fields[part].annotation for s in sections if part in s.model_fields]
        tagged = [s for s in sections if part in get_args(_annotation(s, "kind"))]
        sections = tagged or [model for annotation in inner for model in _models(annotation)]
    return list(dict.fromkeys(key for section in sections for key in section.model_fields))


def _annotation(section: type[BaseModel], key: str) -> Any:
    return section.model_fields[key].annotation if key in section.model_fields else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections that an annotation speaks of, through tuples, unions and notes."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
