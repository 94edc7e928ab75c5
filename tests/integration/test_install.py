"""Set-up: complete, silent and fast the second time, and free of this machine's particulars."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL = ROOT / "admin" / "install"
FAST = 2.0
"""Seconds of the processor, which a busy machine does not lengthen."""
SCRIPTS = sorted([*INSTALL.glob("*.sh"), ROOT / ".ci" / "run"])


def worked() -> float:
    """For how many seconds of the processor the programs worked that this process has run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def packages(kind: str) -> set[str]:
    rows = [line.split() for line in (INSTALL / "packages.txt").read_text().splitlines()]
    return {row[1] for row in rows if len(row) == 2 and row[0] == kind}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_sound_shell(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert script.name == "step.sh" or os.access(script, os.X_OK)


def test_installed_packages_are_passed_over_silently_and_fast() -> None:
    before = worked()
    done = subprocess.run(
        [str(INSTALL / "packages.sh"), "run", "build", "test"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout + done.stderr == ""
    assert worked() - before < FAST


def test_missing_package_is_asked_for(tmp_path: Path) -> None:
    """With an apt-get of our own in front, and a dpkg-query that knows nothing."""
    for name, text in {
        "dpkg-query": "#!/bin/sh\nexit 1\n",
        "apt-get": f'#!/bin/sh\nsh {tmp_path}/policy; echo "$@" $? >> {tmp_path}/asked\n',
        "sudo": '#!/bin/sh\n[ "$1" = -v ] || exec "$@"\n',
        "systemctl": f'#!/bin/sh\necho "$@" >> {tmp_path}/services\n',
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [str(INSTALL / "packages.sh"), "run"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(tmp_path / "log"),
             "POLICY": str(tmp_path / "policy")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    asked = (tmp_path / "asked").read_text().splitlines()[-1].split()
    assert packages("run") <= set(asked)
    assert re.search(r"packages: install: done in \d+ s", done.stdout)
    services = (tmp_path / "services").read_text()
    assert "disable --quiet redis-server" in services
    assert "disable --quiet kamailio" in services
    assert asked[-1] == "101", "while packages are installed, no service may be started"
    assert not (tmp_path / "policy").exists()


def test_failed_step_shows_the_end_of_its_log(tmp_path: Path) -> None:
    script = f". {INSTALL}/step.sh; step 'brew tea' sh -c 'echo no water; exit 7'"
    done = subprocess.run(
        ["bash", "-euc", script],
        env={**os.environ, "LOG": str(tmp_path / "log")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 7
    assert "brew tea failed" in done.stderr
    assert "no water" in done.stderr


def test_run_packages_need_no_compiler() -> None:
    assert packages("run")
    assert not {name for name in packages("run") if name.endswith("-dev") or "build" in name}
    assert not packages("run") & packages("build")


def test_locks_have_a_hash_for_each_package_and_name_no_host() -> None:
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        assert not re.search(r"(?m)^--", text)
        pins = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]
        assert pins
        assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_every_make_target_is_explained() -> None:
    text = (ROOT / "Makefile").read_text()
    [phony] = re.findall(r"(?m)^\.PHONY: (.*)$", text)
    shown = subprocess.run(
        ["make", "-s", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True
    ).stdout
    assert [target for target in phony.split() if f"make {target} " not in shown] == []
