"""The demonstration, as a newcomer runs it: real calls, one JSON object, an honest exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

WHEEL = Path(__file__).parents[2] / "build" / "wheel"
"""The PyPI wheel of the engine, unpacked by `make setup-test`."""


def demonstrate(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``hotline demo --once`` in `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "admin", "demo", "--once", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={**os.environ, **environment},
    )


def test_demonstration_ends_by_itself_with_every_check_passed(tmp_path: Path) -> None:
    done = demonstrate(tmp_path, "--language", "en")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["ok"] is True
    assert [check for check in report["checks"] if not check["ok"]] == []
    results = [contact["result"] for contact in report["contacts"]]
    assert results == ["completed"] * 4 + ["abandoned"]
    for contact in report["contacts"]:
        states = [state["state"] for state in contact["states"]]
        assert states[:3] == ["ringing", "greeted", "queued"]
        assert states[-1] == contact["result"]
    assert len(report["recordings"]) == 2
    for recording in report["recordings"]:
        assert min(recording["seconds"].values()) > 2
        assert (tmp_path / "demo" / "state" / "recordings" / recording["file"]).is_file()
    assert "the caller hung up" in done.stderr
    assert not (tmp_path / "demo" / "state" / "run" / "status.json").exists()


def test_small_engine_does_the_same_with_more_processes(tmp_path: Path) -> None:
    done = demonstrate(tmp_path, PYTHONPATH=str(WHEEL))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert json.loads(done.stdout.splitlines()[-1])["ok"] is True
    assert "gateway-8 up" in done.stderr


def test_demonstration_that_cannot_start_says_why_and_fails(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "hotline.toml").write_text("[gateway]\nprocesses = 0\n", "utf-8")
    done = demonstrate(tmp_path)
    assert done.returncode == 1
    assert "gateway.processes" in done.stderr
    assert "Traceback" not in done.stderr
