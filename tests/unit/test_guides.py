"""README and docs: every link leads somewhere, every command that they name is one."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from admin.__main__ import app

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
guides = pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)


@guides
def test_every_link_leads_to_a_file_and_a_place_in_it(guide: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", guide.read_text("utf-8")):
        name, _, place = target.partition("#")
        file = guide.parent / name if name else guide
        assert file.is_file(), target
        assert not place or f'<a name="{place}">' in file.read_text("utf-8"), target


@guides
def test_every_command_exists(guide: Path) -> None:
    whole = typer.main.get_command(app)
    blocks = re.findall(r"(?s)```sh\n(.*?)```", guide.read_text("utf-8"))
    for words in re.findall(
        r"(?:^|[ /])hotline ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", "\n".join(blocks), re.M
    ):
        first, _, second = words.partition(" ")
        assert isinstance(whole, TyperGroup)
        command = whole.commands.get(first)
        assert command is not None, words
        assert not isinstance(command, TyperGroup) or second in command.commands, words


def test_service_starts_the_platform_and_lets_it_end_its_own_processes() -> None:
    unit = configparser.ConfigParser(strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    unit.read(ROOT / "docs" / "hotline.service", "utf-8")
    service = unit["Service"]
    assert service["ExecStart"].split()[1:] == ["up", "--config", "/opt/hotline/hotline.toml"]
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > 30
    assert service["User"] != "root"
