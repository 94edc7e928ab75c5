"""``tests/streams.sh``: every folder of tests is run, and no failure is lost."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ONE_THAT_IS_TOLD = """#!/usr/bin/env bash
echo "$*" >> "$TOLD"
echo one line
case "$*" in *"tests/sip "*) exit "$CALLS" ;; *) exit "$REST" ;; esac
"""
"""In place of pytest: writes down what it is asked for, ends as it is told."""


def streams(folder: Path, *, calls: int = 0, rest: int = 0) -> tuple[int, list[list[str]], str]:
    """Return the status, what was asked for of each stream, and what was shown."""
    program, told = folder / "pytest", folder / "told"
    program.write_text(ONE_THAT_IS_TOLD)
    program.chmod(0o755)
    environment = {"TOLD": str(told), "CALLS": str(calls), "REST": str(rest)}
    ended = subprocess.run(
        ["tests/streams.sh", str(program), "-k", "word"],
        cwd=ROOT,
        env={**os.environ, "HOTLINE_CI": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, [line.split() for line in told.read_text().splitlines()], ended.stdout


def test_every_folder_is_run_once_and_unit_tests_come_first(tmp_path: Path) -> None:
    status, asked, shown = streams(tmp_path)
    assert status == 0
    run = [word for words in asked for word in words if word.startswith("tests/")]
    there = {f"tests/{path.parent.name}" for path in (ROOT / "tests").glob("*/__init__.py")}
    demonstration = "tests/sip/test_demo.py"
    assert sorted(run) == sorted((there - {"tests/bench"}) | {demonstration})
    assert sum(f"--ignore={demonstration}" in words for words in asked) == 1
    assert any("tests/unit" in words[:3] for words in asked)
    assert all(words[-2:] == ["-k", "word"] for words in asked)
    assert sorted(shown.splitlines()) == ["calls  one line", "rest  one line"]


def test_streams_have_folders_of_their_own(tmp_path: Path) -> None:
    _, asked, _ = streams(tmp_path)
    temporary = {word for words in asked for word in words if word.startswith("--basetemp=")}
    assert len(temporary) == len(asked) == 2


@pytest.mark.parametrize(
    ("calls", "rest", "status"),
    [(1, 0, 1), (0, 1, 1), (2, 1, 1), (0, 3, 3), (5, 0, 0), (0, 5, 0), (5, 1, 1), (5, 5, 5)],
)
def test_status_is_of_one_that_failed(tmp_path: Path, calls: int, rest: int, status: int) -> None:
    assert streams(tmp_path, calls=calls, rest=rest)[0] == status
