"""A wrong configuration ends `hotline up` at once, with a sentence that says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from admin.initialize import write_config


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
    config = tmp_path / "hotline.toml"
    write_config(config)
    text = config.read_text("utf-8")
    assert text.count(section) == 1
    config.write_text(text.replace(section, f"{section}\n{line} #", 1), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "admin", "up", "--config", str(config)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    said = done.stdout + done.stderr
    [sentence] = said.strip().splitlines()
    assert sentence.startswith(f"{config}: {key}: ")
    assert allowed in sentence
    assert not (tmp_path / "state").exists()
