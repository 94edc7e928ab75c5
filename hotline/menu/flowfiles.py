"""Which flow files there are, and where in one a fault stands. Pure but for listing a folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

SHIPPED = Path(__file__).parent / "flows"
FALLBACK = "main"
"""Serves in the place of a flow that is nowhere."""

_HEADER = re.compile(r"\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'*# -]+?)\s*=")


def operators_flows(folder: Path) -> list[Path]:
    """Return the operator's own flow files, in the order of their names."""
    return sorted(path for path in folder.glob("*.toml") if path.is_file())


def flow_names(folder: Path) -> list[str]:
    """Return the name of every flow there is: the operator's in `folder`, and the shipped ones."""
    return sorted({path.stem for path in [*operators_flows(folder), *SHIPPED.glob("*.toml")]})


def line_of(text: str, place: Sequence[str]) -> int | None:
    """Return the line of the TOML `text` on which `place` stands, or what it stands in.

    `place` is the path of a key, such as ``nodes, ask, next``. None where no part of it is there.
    """
    table: tuple[str, ...] = ()
    best, found = 0, None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            path = table = _parts(header[1])
        elif key := _KEY.match(line):
            path = (*table, *_parts(key[1]))
        else:
            continue
        if best < len(path) <= len(place) and path == tuple(place[: len(path)]):
            best, found = len(path), number
    return found


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
