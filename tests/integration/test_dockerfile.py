"""Dockerfile: what it copies is there, nothing is left out, the scripts get words they know."""

from __future__ import annotations

import fnmatch
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL = ROOT / "admin" / "install"
PRIVATE = {"state", "demo", "hotline.toml", "secrets"}
"""What a clone has of callers and keys."""

Instruction = tuple[str, str]


@pytest.fixture(scope="module")
def stages() -> list[list[Instruction]]:
    """The instructions of each stage: their word and the rest, lines joined."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found: list[list[Instruction]] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def copied(stage: list[Instruction]) -> list[str]:
    """What the stage copies from the clone."""
    rows = [shlex.split(rest) for word, rest in stage if word == "COPY" and "--from" not in rest]
    return [source for row in rows for source in row[:-1]]


def calls(stages: list[list[Instruction]], script: str) -> list[tuple[int, list[str]]]:
    """Each call of an install script: its stage and the words that it is given."""
    return [
        (n, shlex.split(words))
        for n, stage in enumerate(stages)
        for word, rest in stage
        if word == "RUN"
        for words in re.findall(rf"admin/install/{re.escape(script)}([^&|;]*)", rest)
    ]


def ignored() -> list[str]:
    return (ROOT / ".dockerignore").read_text("utf-8").split()


def packages() -> set[str]:
    """Every package of the project that is installed, by what is there."""
    return {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}


def test_everything_that_is_copied_is_there_and_not_ignored(
    stages: list[list[Instruction]],
) -> None:
    sources = [source for stage in stages for source in copied(stage)]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [s for s in sources for rule in ignored() if fnmatch.fnmatch(s, rule)] == []


def test_every_package_of_the_project_is_copied_before_it_is_installed(
    stages: list[list[Instruction]],
) -> None:
    [(build, _)] = calls(stages, "environment.sh")
    stage = stages[build]
    installs = next(n for n, (_, rest) in enumerate(stage) if "environment.sh" in rest)
    before = set(copied(stage[:installs]))
    assert packages() == {"admin", "consult", "hotline", "queueing", "recordings"}
    assert packages() <= before
    named = re.findall(r"\$root/([\w.-]+)", (INSTALL / "environment.sh").read_text())
    needed = {name for name in named if name != "requirements-dev.txt"}  # of the tests
    assert needed | {"requirements.in"} <= before


def test_install_scripts_are_given_words_that_they_know(stages: list[list[Instruction]]) -> None:
    rows = [line.split() for line in (INSTALL / "packages.txt").read_text().splitlines()]
    kinds = {row[0] for row in rows if len(row) == 2}
    asked = calls(stages, "packages.sh")
    assert [words for _, words in asked if not words or not set(words) <= kinds] == []
    assert (0, ["run"]) in asked, "what the last stage begins with"
    [(build, (folder, kind))] = calls(stages, "environment.sh")
    assert kind == "run"
    assert (build, ["build"]) in asked
    [(engine, (python, _))] = calls(stages, "engine.sh")
    assert engine == build
    assert python == f"{folder}/bin/python"


def test_image_holds_the_platform_without_its_compilers(stages: list[list[Instruction]]) -> None:
    last = stages[-1]
    assert last[0] == ("FROM", "run")
    assert ("COPY", "--from=build /opt/hotline /opt/hotline") in last
    assert not [rest for word, rest in last if word == "RUN" and "admin/install" in rest]
    assert [rest for word, rest in last if word == "USER"] == ["hotline"]
    environment = " ".join(rest for word, rest in last if word == "ENV")
    [(_, (folder, _))] = calls(stages, "environment.sh")
    assert f"/opt/hotline/{folder}/bin:" in environment


def test_nothing_of_callers_and_no_key_is_sent_to_whoever_builds() -> None:
    lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    own = {line.strip("/") for line in lines if line.startswith("/")}
    assert own >= PRIVATE
    assert own - set(ignored()) == set()
