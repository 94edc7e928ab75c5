"""What takes long says when it begins and what came of it; what is done already says nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.test_install import INSTALL, ROOT

PIP = """#!/bin/sh
while [ $# -gt 1 ]; do shift; done
mkdir -p "$1/half" && [ -z "$FAILS" ] && touch "$1/pjsua2.py"
"""
"""In place of Python: its pip unpacks into the folder that is named last."""
LINTER = """#!/bin/sh
echo "$(basename "$0") $*" >>{folder}/asked
case "$0 $*" in *"{fails}"*) seq -f "finding %g" 40; exit 1 ;; esac
"""


def unpack(folder: Path, *, fails: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``wheel.sh``."""
    python = folder / "python"
    python.write_text(PIP)
    python.chmod(0o755)
    return subprocess.run(
        [str(INSTALL / "wheel.sh"), str(python), str(folder / "wheel")],
        env={**os.environ, "LOG": str(folder / "log"), "FAILS": fails},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_unpacking_the_tests_wheel_says_so_once_and_then_nothing(tmp_path: Path) -> None:
    first = unpack(tmp_path)
    assert first.returncode == 0
    assert re.search(r"PyPI wheel for the tests \.\.\.\n.*: done in \d+ s", first.stdout)
    again = unpack(tmp_path)
    assert (again.returncode, again.stdout + again.stderr) == (0, "")


def test_wheel_that_was_unpacked_by_half_is_unpacked_anew(tmp_path: Path) -> None:
    assert unpack(tmp_path, fails="yes").returncode == 1
    assert (tmp_path / "wheel" / "half").is_dir()
    assert unpack(tmp_path).returncode == 0
    assert (tmp_path / "wheel" / "pjsua2.py").exists()


def lint(folder: Path, *, fails: str = "nothing") -> subprocess.CompletedProcess[str]:
    """Run a copy of ``lint.sh`` with programs that find nothing, but for the one that fails."""
    for script in ("tests/lint.sh", "admin/install/step.sh"):
        (folder / script).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / script, folder / script)
    (folder / "bin").mkdir()
    for name in ("ruff", "mypy", "lint-imports"):
        (folder / "bin" / name).write_text(LINTER.format(folder=folder, fails=fails))
        (folder / "bin" / name).chmod(0o755)
    return subprocess.run(
        [str(folder / "tests" / "lint.sh"), str(folder / "bin")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_each_part_of_lint_says_when_it_begins_and_how_long_it_took(tmp_path: Path) -> None:
    done = lint(tmp_path)
    assert done.returncode == 0, done.stderr
    labels = ["format", "rules", "types", "imports"]
    assert re.findall(r"lint: (\w+) \.\.\.", done.stdout) == labels
    assert re.findall(r"lint: (\w+): done in \d+ s", done.stdout) == labels
    asked = [line.split()[:2] for line in (tmp_path / "asked").read_text().splitlines()]
    assert [row[0] for row in asked] == ["ruff", "ruff", "mypy", "lint-imports"]


@pytest.mark.parametrize(
    ("fails", "label"), [("ruff format", "format"), ("ruff check", "rules"), ("mypy", "types")]
)
def test_lint_shows_all_that_it_finds_and_fails(tmp_path: Path, fails: str, label: str) -> None:
    done = lint(tmp_path, fails=fails)
    assert done.returncode == 1
    findings = [line for line in done.stderr.splitlines() if line.startswith("finding")]
    assert findings == [f"finding {n}" for n in range(1, 41)]
    assert done.stderr.endswith(f"lint: {label} failed\n")
