"""The command line: what is parsed, and what is said of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from admin.__main__ import app
from admin.commands.counselor import parse_skills

COMMANDS = ["init", "up", "down", "run", "demo", "migrate", "status", "doctor", "stats"]


def hotline(*words: str) -> tuple[int, str]:
    """Run the command line; return its status and all it printed."""
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


@pytest.mark.parametrize("command", [*COMMANDS, "counselor", "caller", "line", "edge"])
def test_every_command_explains_itself(command: str) -> None:
    status, said = hotline(command, "--help")
    assert status == 0
    assert "Usage" in said


@pytest.mark.parametrize("command", ["up", "status", "stats", "doctor"])
def test_missing_configuration_is_said_in_one_sentence(command: str, tmp_path: Path) -> None:
    status, said = hotline(command, "--config", str(tmp_path / "absent.toml"))
    assert status == 1
    assert "no such file" in said
    assert "hotline init" in said


def test_configuration_is_never_overwritten(tmp_path: Path) -> None:
    config = tmp_path / "hotline.toml"
    config.write_text("# mine", "utf-8")
    status, said = hotline("init", "--config", str(config))
    assert status == 1
    assert "exists already" in said
    assert config.read_text("utf-8") == "# mine"


def test_unknown_process_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    config = tmp_path / "hotline.toml"
    config.write_text("[gateway]\nprocesses = 2\n", "utf-8")
    status, said = hotline("run", "gateway-3", "--config", str(config))
    assert status == 1
    assert "gateway-1, gateway-2" in said


def test_unknown_kind_of_person_is_refused_with_the_kinds_there_are(tmp_path: Path) -> None:
    config = tmp_path / "hotline.toml"
    config.write_text("", "utf-8")
    status, said = hotline(
        "counselor", "add", "1001", "--kind", "wizard", "--generate", "--config", str(config)
    )
    assert status == 1
    assert "volunteer" in said


def test_skills_are_parsed_with_their_levels() -> None:
    assert parse_skills(["emotion:3", "family"]) == {"emotion": 3, "family": 1}


@pytest.mark.parametrize("text", ["emotion:6", "emotion:x", ":3", "emotion:0", ""])
def test_wrong_skill_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="level from 1 to 5") as caught:
        parse_skills([text])
    assert repr(text) in str(caught.value)
