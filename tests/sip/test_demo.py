"""The demonstration, as a newcomer runs it: real calls, one JSON object, an honest exit status."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.configfile import load
from hotline.sip.softphone_client import SoftphoneClient
from tests.servers import free_port, rtp_port, wait_until

ROOT = Path(__file__).parents[2]
WHEEL = ROOT / "build" / "wheel"
"""The PyPI wheel of the engine, unpacked by `make setup-test`."""


BY_HAND = (sys.executable, "-m", "admin", "demo", "--language", "en")
BY_MAKE = ("make", "-s", "-C", str(ROOT), "demo")
EVERYTHING_UP = r"offline -> ready"
"""The first counselor is there: the first scene begins."""
WAITED = ("ringing", "greeted", "queued")
"""Every contact's first states."""

pytestmark = pytest.mark.timeout(240)  # each is a whole platform, from its first start


def speaks(folder: Path, spoken: Path) -> None:
    """Spare the demonstration in `folder` the first start's speaking."""
    shutil.copytree(spoken, folder / "demo" / "state" / "prompts")


def demonstrate(
    folder: Path, *command: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``hotline demo --once``, or `command`, in `folder`."""
    return subprocess.run(
        command or [sys.executable, "-m", "admin", "demo", "--once"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
        env={**os.environ, **in_folder(folder), **environment},
    )


def in_folder(folder: Path) -> dict[str, str]:
    """Where `make demo` finds its configuration, as ``hotline demo`` does in `folder`."""
    return {"HOTLINE_CONFIG": str(folder / "demo" / "hotline.toml")}


def test_demonstration_ends_by_itself_with_every_check_passed(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    done = demonstrate(tmp_path, *BY_MAKE, "ONCE=1")
    ended = datetime.now(UTC)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["ok"] is True
    assert [check for check in report["checks"] if not check["ok"]] == []
    assert [tuple(x["state"] for x in contact["states"]) for contact in report["contacts"]] == [
        (*WAITED, "offered", "talking", "completed"),
        (*WAITED, "offered", "talking", "completed"),
        (*WAITED, "abandoned"),
        (*WAITED, "offered", "talking", "completed"),
        (*WAITED, "offered", "queued", "offered", "talking", "completed"),
        (*WAITED, "abandoned"),
    ]
    for contact in report["contacts"]:
        assert contact["states"][-1]["state"] == contact["result"]
        times = [datetime.fromisoformat(state["at"]) for state in contact["states"]]
        assert times == sorted(times)
        assert began < times[0] < times[-1] < ended
        assert times[-1] - times[0] > timedelta(seconds=1)
    assert statistics_of(report, "city") == {
        "calls": 6, "offered": 6, "answered": 4, "abandoned": 2, "short_abandoned": 0,
        "abandoned_in_menu": 0, "refused": 0, "failed": 0, "open": 0, "handled": 4,
    }  # fmt: skip
    for row in report["statistics"]:
        assert datetime.fromisoformat(row["start"]).tzinfo is not None
        if row["answered"]:
            assert row["asa"] > 0
            assert row["aht"] > 0
            assert 0 < row["service_level"]["20"] <= 1
    assert len(report["recordings"]) == 2
    for recording in report["recordings"]:
        assert min(recording["seconds"].values()) > 2
        assert (tmp_path / "demo" / "state" / "recordings" / recording["file"]).is_file()
    assert "来电者挂断" in done.stderr
    assert not (tmp_path / "demo" / "state" / "run" / "status.json").exists()


COUNTS = (
    "calls", "offered", "answered", "abandoned", "short_abandoned", "abandoned_in_menu", "refused",
    "failed", "open", "handled",
)  # fmt: skip


def statistics_of(report: dict[str, Any], node: str) -> dict[str, int]:
    """The counts of one tier node, over midnight too."""
    rows = [row for row in report["statistics"] if row["node"] == node]
    return {name: sum(row[name] for row in rows) for name in COUNTS}


def test_small_engine_does_the_same_with_more_processes(
    tmp_path: Path, spoken_prompts: Path
) -> None:
    speaks(tmp_path, spoken_prompts)
    path = os.pathsep.join([str(WHEEL), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = demonstrate(tmp_path, PYTHONPATH=path)
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


class Shown:
    """A demonstration that runs; what it shows, as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def await_text(self, pattern: str, *, seconds: float = 170) -> re.Match[str]:
        """Return the first match in what was shown, when it is there."""
        wait_until(
            lambda: bool(re.search(pattern, self.text)) or self.process.poll() is not None,
            what=pattern,
            seconds=seconds,
        )
        found = re.search(pattern, self.text)
        assert found, self.text[-3000:]
        return found

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line


@contextmanager
def demonstration(folder: Path, *words: str, command: Sequence[str] = BY_HAND) -> Iterator[Shown]:
    """Inside the block it runs; it is ended as a terminal would, if it has not ended by then."""
    with subprocess.Popen(
        [*command, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **in_folder(folder)},
        start_new_session=True,
    ) as process:
        try:
            yield Shown(process)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=60)


def test_second_run_of_make_demo_starts_in_seconds(tmp_path: Path, spoken_prompts: Path) -> None:
    speaks(tmp_path, spoken_prompts)
    with demonstration(tmp_path) as shown:
        shown.await_text(EVERYTHING_UP)
    assert "Traceback" not in shown.text
    began = time.monotonic()
    with demonstration(tmp_path, command=BY_MAKE) as shown:
        shown.await_text(EVERYTHING_UP)
        assert time.monotonic() - began < 60  # docs/benchmarks.md: on a machine of its own
    set_up = shown.text[: shown.text.index("redis up")]
    assert re.findall("install|engine|packages|spoken", set_up) == []


async def test_demonstration_stays_up_and_its_accounts_work(
    tmp_path: Path, spoken_prompts: Path
) -> None:
    speaks(tmp_path, spoken_prompts)
    with demonstration(tmp_path) as shown:
        found = shown.await_text(r"sip:8000@(\S+)  realm (\S+)  password (\S+)")
        edge, realm, password = found.groups()
        async with SoftphoneClient(
            address="127.0.0.4", port=free_port(), rtp_port=rtp_port()
        ) as phone:
            await phone.register(account="8000", password=password, registrar=edge, domain=realm)
            await phone.expect("registered", status=200)
            line = load(tmp_path / "demo" / "hotline.toml").lines[0].number
            call = await phone.dial(f"sip:{line}@{edge}")
            await phone.expect("answered", call=call)
            await phone.hang_up(call)
            await phone.expect("ended", call=call)
        shown.process.send_signal(signal.SIGINT)
        assert shown.process.wait(timeout=60) == 0, shown.text[-3000:]
    assert not (tmp_path / "demo" / "state" / "run" / "status.json").exists()


def test_demonstration_that_goes_wrong_says_so_in_its_json_and_exit_status(
    tmp_path: Path, spoken_prompts: Path
) -> None:
    speaks(tmp_path, spoken_prompts)
    with demonstration(tmp_path, "--once") as shown:
        shown.await_text(r"talks")
        status = json.loads((tmp_path / "demo" / "state" / "run" / "status.json").read_text())
        for child in status["children"]:
            if child["name"].startswith("gateway-"):
                os.kill(child["pid"], signal.SIGKILL)
        assert shown.process.wait(timeout=120) == 1
        shown.await_text(r'"ok": false')
    report = json.loads(shown.text.splitlines()[-1])
    assert report["ok"] is False
    assert [check["check"] for check in report["checks"] if not check["ok"]]
