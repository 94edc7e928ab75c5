"""A wrong configuration ends `hotline up` at once, with a sentence that says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from admin.demo.cast import CONFIG as DEMO_CONFIG
from admin.initialize import write_config
from admin.supervision.sockets import machine_addresses
from hotline.configfile import load


@pytest.mark.parametrize(
    ("section", "line", "key", "allowed"),
    [
        ("[queueing]", 'after_wrap_up = "lunch"', "queueing.after_wrap_up", "'not_ready'"),
        ("[gateway]", "max_contacts = 0", "gateway.max_contacts", "1"),
        ("[site]", 'colour = "blue"', "site.colour", "no such key"),
        ("[redis]", 'url = "http://there"', "redis.url", "redis://HOST:PORT/NUMBER"),
        (
            "[[lines]]",
            'flow = "mian"',
            "lines.0.flow",
            "blocked, care, closed, closed_message, main",
        ),
        ("[[lines]]", 'node = "town"', "lines.0.node", "city/east"),
        ("[[lines]]", 'notice = "a b"', "lines.0.notice", "[a-z0-9_]"),
    ],
)
def test_wrong_setting_is_named_with_its_file_and_what_is_allowed(
    tmp_path: Path, section: str, line: str, key: str, allowed: str
) -> None:
    config = wrongly_configured(tmp_path, section, line)
    [sentence] = refused("up", config)
    assert sentence.startswith(f"{config}: {key}: ")
    assert allowed in sentence
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("command", ["up", "demo"])
@pytest.mark.parametrize("section", ["edge", "gateway"])
def test_address_of_another_machine_is_named_with_those_of_this_one(
    tmp_path: Path, command: str, section: str
) -> None:
    config = wrongly_configured(tmp_path, f"[{section}]", 'address = "203.0.113.9"')
    config.write_text(config.read_text("utf-8") + DEMO_CONFIG, "utf-8")
    [sentence] = refused(command, config)
    ours = ", ".join(machine_addresses())
    assert sentence == (
        f"{config}: {section}.address: must be one of this machine's: {ours}, not '203.0.113.9'"
    )
    assert not (tmp_path / "state").exists()
    load(config)  # where each process has a machine of its own, it is right


def wrongly_configured(folder: Path, section: str, line: str) -> Path:
    """Write a configuration that is wrong in one line alone."""
    config = folder / "hotline.toml"
    write_config(config)
    text = config.read_text("utf-8")
    assert text.count(section) == 1
    config.write_text(text.replace(section, f"{section}\n{line} #", 1), "utf-8")
    return config


def refused(command: str, config: Path) -> list[str]:
    """Return what is said, line by line, when `command` is not carried out."""
    done = subprocess.run(
        [sys.executable, "-m", "admin", command, "--config", str(config)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    return (done.stdout + done.stderr).strip().splitlines()
