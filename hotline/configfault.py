"""What is wrong with the configuration, in sentences: file, key, what was given, what is allowed.

What was given is left out where it may be a secret: these sentences go to terminals and logs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

Where = tuple[int | str, ...]
_SECRET_SECTIONS = frozenset({"redis", "database"})
_SECRET_KEY = re.compile(r"pass|secret|token|url", re.IGNORECASE)


def sentences(path: Path, error: ValidationError, settings: type[BaseModel]) -> list[str]:
    """Return one sentence per fault of the file `path`, which was to be read as `settings`."""
    faults = error.errors()
    places = [fault["loc"] for fault in faults]
    return [
        sentence(path, fault["loc"], _said(fault["loc"], fault["msg"], settings), fault["input"])
        for fault in faults
        # A list without its wrong item may be too short as well: only the item is said.
        if not any(p != fault["loc"] == p[: len(fault["loc"])] for p in places if fault["loc"])
    ]


def sentence(path: Path, where: Where, what: str, given: object) -> str:
    """Return the sentence about the key `where`; `what` says what is allowed."""
    key = ".".join(str(part) for part in where) or "the file"
    shown = "" if _is_hidden(where, given) else f", not {given!r}"
    what = what.removeprefix("Value error, ")
    return f"{path}: {key}: {what[0].lower()}{what[1:]}{shown}"


def _said(where: Where, what: str, settings: type[BaseModel]) -> str:
    """Name the keys there are, where one was given that is none."""
    if what != "Extra inputs are not permitted":
        return what
    section: Any = settings
    for part in where[:-1]:
        if isinstance(part, str):
            section = section.model_fields[part].annotation
            section = next((a for a in get_args(section) if a is not Ellipsis), section)
    return f"no such key; there are {', '.join(section.model_fields)}"


def _is_hidden(where: Where, given: object) -> bool:
    """Whether `given` is too much to show, or may be a secret: in a section that has secrets, for a
    key that sounds like one, or by its looks, for a secret may stand in the wrong place."""
    if isinstance(given, dict | list | BaseModel):
        return True
    section, key = (str(where[0]), str(where[-1])) if where else ("", "")
    if section in _SECRET_SECTIONS and key != "port":
        return True
    looks_secret = isinstance(given, str) and ("://" in given or "@" in given)
    return looks_secret or _SECRET_KEY.search(key) is not None
