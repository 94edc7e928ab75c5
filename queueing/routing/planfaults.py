"""What is wrong with a plan's file, one sentence per fault: place, what was given, what is allowed.

The checks of single values stand here too, for their words are the sentences' words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import AfterValidator
from pydantic_core import ErrorDetails, PydanticCustomError

T = TypeVar("T")
N = TypeVar("N", int, float)
Place = tuple[int | str, ...]

SHOWN = 60
"""Characters of a wrong value that are shown."""

_SHAPES: Mapping[str, str] = {
    "string_type": "a text",
    "float_type": "a number",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "dataclass_type": "a table",
    "model_type": "a table",
    "dict_type": "a table",
}
"""pydantic's name of a fault -> what the value must be."""

_WRITE: Mapping[str, str] = {
    "format": "format = 1",
    "name": 'name = "..."',
    "routes": "[[routes]], at least one",
    "steps": "[[routes.steps]] below its route, at least one",
    "escalation.steps": "[[escalation.steps]], at least one",
}
"""A key that must be there -> what to write."""


def wording(pattern: str, allowed: str) -> AfterValidator:
    """Check that a text matches `pattern` as a whole; `allowed` says which ones do."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise _fault(f"must be {allowed}")
        return text

    return AfterValidator(check)


def between(least: N, most: N) -> AfterValidator:
    """Check that a number is in a range, both ends included."""

    def check(number: N) -> N:
        if not least <= number <= most:  # said this way round it refuses nan too
            raise _fault(f"must be from {least} to {most}" if least < most else f"must be {most}")
        return number

    return AfterValidator(check)


def counted(least: int, most: int) -> AfterValidator:
    """Check how many items a list has."""

    def check(items: tuple[T, ...]) -> tuple[T, ...]:
        if not least <= len(items) <= most:
            raise _fault(f"must have {least} to {most} items, not {len(items)}")
        return items

    return AfterValidator(check)


def _fault(words: str) -> PydanticCustomError:
    return PydanticCustomError("plan", "{words}", {"words": words})


def shape_faults(
    errors: Sequence[ErrorDetails], keys: Callable[[Place], Sequence[str]]
) -> list[str]:
    """Return a sentence for each of pydantic's faults; `keys` knows which keys a table may have."""
    return [f"{place_name(error['loc'])}: {_sentence(error, keys)}" for error in errors]


def _sentence(error: ErrorDetails, keys: Callable[[Place], Sequence[str]]) -> str:
    kind, given = error["type"], error["input"]
    if kind == "missing":
        place = place_name(error["loc"])
        return f"is missing; write {_WRITE.get(place) or _WRITE.get(str(error['loc'][-1]), 'it')}"
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"no such key; there are {', '.join(keys(error['loc'][:-1]))}"
    if kind == "plan":
        words = error["msg"]
        return words if isinstance(given, list) else f"{words}, not {_shown(given)}"
    if kind in ("enum", "literal_error"):
        allowed = error["ctx"]["expected"].replace("'", '"')
        return f"must be {allowed}, not {_shown(given)}"
    must_be = _SHAPES.get(kind)
    said = f"must be {must_be}" if must_be else error["msg"][0].lower() + error["msg"][1:]
    return f"{said}, not {_shown(given)}"


def _shown(given: object) -> str:
    if isinstance(given, dict):
        return "a table"
    if isinstance(given, list | tuple):
        return "a list"
    if isinstance(given, bool):
        return str(given).lower()
    text = f'"{given}"' if isinstance(given, str) else str(given)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def place_name(place: Place) -> str:
    """Return a place as it is said: ``routes[1].steps[0].reach``."""
    name = ""
    for part in place:
        name += f"[{part}]" if isinstance(part, int) else f".{part}"
    return name.removeprefix(".") or "the file"


# --- faults between several values, seen in what the file says, whatever else is wrong with it


def order_faults(raw: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each fault between values that may be right each for itself."""
    return [f"{place_name(place)}: {words}" for place, words in _order_faults(raw)]


def _order_faults(raw: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    routes = _tables(raw.get("routes"), ("routes",))
    yield from _twice(routes, "route")
    yield from _fors(routes)
    partners = raw.get("partners")
    escalation = raw.get("escalation")
    if isinstance(escalation, dict):
        routes = [*routes, (("escalation",), escalation)]
    for place, route in routes:
        steps = _tables(route.get("steps"), (*place, "steps"))
        yield from _twice(steps, "step of its route")
        for step_place, step in steps:
            if step.get("reach") == "partner" and not partners:
                yield (
                    (*step_place, "reach"),
                    'must not be "partner" while partners, at the top of the file, names no city',
                )


def _twice(
    tables: Sequence[tuple[Place, Mapping[str, Any]]], kind: str
) -> Iterator[tuple[Place, str]]:
    names = [table.get("name") for _, table in tables]
    many = Counter(name for name in names if isinstance(name, str))
    seen = set()
    for (place, _), name in zip(tables, names, strict=True):
        if isinstance(name, str) and many[name] > 1:
            if name in seen:
                yield (
                    (*place, "name"),
                    f"must differ from every other {kind}, not {_shown(name)} again",
                )
            seen.add(name)


def _fors(routes: Sequence[tuple[Place, Mapping[str, Any]]]) -> Iterator[tuple[Place, str]]:
    for number, (place, route) in enumerate(routes, start=1):
        asked = route.get("for")
        if number == len(routes):
            if "for" in route:
                yield (*place, "for"), "must be left out: the last route is for all who are left"
        elif "for" not in route or (isinstance(asked, dict) and not any(asked.values())):
            yield (
                (*place, "for"),
                "must name priorities, topics or numbers; the last route alone is for all",
            )


def _tables(value: object, place: Place) -> list[tuple[Place, Mapping[str, Any]]]:
    if not isinstance(value, list):
        return []
    return [((*place, n), item) for n, item in enumerate(value) if isinstance(item, dict)]
