"""The supervisor is killed: its children go with it, and the next one ends what was left."""

# ruff: noqa: ASYNC220, ASYNC240 - nobody else is on these loops
from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from admin.supervision.supervisor import Supervisor
from hotline.clock import SystemClock
from tests.integration.children import FORKER, SLEEPER, program, runs, session_size
from tests.servers import wait_until

VICTIM = """
import asyncio, sys
from pathlib import Path
from admin.supervision.supervisor import Supervisor
from hotline.clock import SystemClock
from tests.integration.children import FORKER, SLEEPER, program

async def main(folder):
    specs = [program("edge", FORKER, folder), program("scribe", SLEEPER, folder)]
    async with Supervisor(specs, run_dir=folder / "run", log_dir=folder / "log",
                          clock=SystemClock()) as watched:
        await watched.wait_up(10)
        (folder / "up").touch()
        await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor in a process of its own, with all its children up."""
    process = subprocess.Popen([sys.executable, "-c", VICTIM, str(tmp_path)])
    try:
        wait_until((tmp_path / "up").exists, what="the supervisor")
        wait_until(lambda: session_size(pid_in(tmp_path / "edge")) == 4, what="the workers")
        yield process
    finally:
        process.kill()
        process.wait()
        for name in ("edge", "scribe"):
            with suppress(ProcessLookupError):
                os.killpg(pid_in(tmp_path / name), signal.SIGKILL)


def pid_in(path: Path) -> int:
    return int(path.read_text())


def test_children_of_a_killed_supervisor_die(
    victim: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    victim.kill()
    wait_until(lambda: not runs(pid_in(tmp_path / "scribe")), what="the end of the scribe")
    wait_until(lambda: not runs(pid_in(tmp_path / "edge")), what="the end of the edge's main")


async def test_next_supervisor_ends_the_orphans_and_starts_anew(
    victim: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    victim.kill()
    victim.wait()
    old = pid_in(tmp_path / "edge")
    wait_until(lambda: not runs(old), what="the end of the edge's main")
    assert session_size(old) == 3, "the workers outlive their main, else this test proves nothing"
    specs = [program("edge", FORKER, tmp_path)]
    async with Supervisor(
        specs, run_dir=tmp_path / "run", log_dir=tmp_path / "log", clock=SystemClock()
    ) as watched:
        assert session_size(old) == 0
        await watched.wait_up(10)


async def test_stranger_with_a_recorded_pid_is_spared(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        pids = tmp_path / "run" / "pids"
        pids.mkdir(parents=True)
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        (pids / "edge.json").write_text(
            f'{{"session": {stranger.pid}, "started": 1, "boot": "{boot}"}}'
        )
        async with Supervisor(
            [program("one", SLEEPER, tmp_path)],
            run_dir=tmp_path / "run",
            log_dir=tmp_path / "log",
            clock=SystemClock(),
        ) as watched:
            await watched.wait_up(10)
            assert runs(stranger.pid)
            assert not (pids / "edge.json").exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_sigterm_child_gets_the_signal_it_asked_for(tmp_path: Path) -> None:
    """Kamailio must hear SIGTERM, for it then ends its workers; SIGKILL would leave them."""
    script = f"""
import asyncio, signal, sys
from pathlib import Path
from dataclasses import replace
from admin.supervision.supervisor import Supervisor
from hotline.clock import SystemClock
from tests.integration.children import NOTE_START, program
folder = Path({str(tmp_path)!r})
TELLS = ("import signal, pathlib, sys\\n"
  "def told(*_): (pathlib.Path(sys.argv[1]) / 'told').touch(); sys.exit()\\n"
  "signal.signal(signal.SIGTERM, told)\\n" + NOTE_START + "time.sleep(300)")
async def main():
    spec = replace(program("edge", TELLS, folder), orphan_signal=signal.SIGTERM)
    async with Supervisor([spec], run_dir=folder / "run", log_dir=folder / "log",
                          clock=SystemClock()) as watched:
        await watched.wait_up(10)
        (folder / "up").touch()
        await asyncio.Event().wait()
asyncio.run(main())
"""
    process = subprocess.Popen([sys.executable, "-c", script])
    try:
        wait_until((tmp_path / "up").exists, what="the supervisor")
    finally:
        process.kill()
        process.wait()
    wait_until((tmp_path / "told").exists, what="SIGTERM")
