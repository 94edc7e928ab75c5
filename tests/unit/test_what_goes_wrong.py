"""What `docs/what-goes-wrong.md` says of the twelve points is backed by tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TABLE = ROOT / "docs" / "what-goes-wrong.md"
POINTS = 12


def points() -> dict[int, str]:
    """Return what is written under each heading."""
    parts = re.split(r"^## (\d+)\. ", TABLE.read_text(encoding="utf-8"), flags=re.M)
    return {int(n): text for n, text in zip(parts[1::2], parts[2::2], strict=True)}


def existing_tests() -> set[str]:
    return {
        node.name
        for path in (ROOT / "tests").glob("*/test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_point_is_there_with_its_sentence_and_its_tests() -> None:
    assert list(points()) == list(range(1, POINTS + 1))
    for number, text in points().items():
        _, sentence, *rest = text.split("\n", 2)
        assert sentence, f"point {number} says nothing"
        assert re.findall(r"^- `test_\w+`$", "\n".join(rest), re.M), f"point {number} has no test"


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", TABLE.read_text(encoding="utf-8")))
    assert named - existing_tests() == set()
