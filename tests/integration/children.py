"""Small real programs for the supervisor's tests, and how to look at processes from outside."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from admin.supervision.group import members
from admin.supervision.health import Probe
from admin.supervision.process import ProcessSpec

NOTE_START = """
import os, pathlib, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
with (folder / "order").open("a") as file: file.write(name + "\\n")
(folder / name).write_text(str(os.getpid()))
print("hello from", name)
"""
SLEEPER = NOTE_START + "time.sleep(300)"
"""Notes its start, then sleeps."""
FORKER = NOTE_START + "os.fork(); os.fork(); time.sleep(300)"
"""As Kamailio does: a main process and workers, three here."""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + SLEEPER
"""Does not listen to SIGTERM."""
SHORT = NOTE_START + "sys.exit(3)"
"""Notes its start, then fails."""


@dataclass(frozen=True, slots=True)
class FileThere:
    """Serves when the file is there."""

    path: Path

    async def serves(self) -> bool:
        return self.path.exists()


def program(
    name: str, source: str, folder: Path, *, needs: tuple[str, ...] = (), ready: Probe | None = None
) -> ProcessSpec:
    """Return a spec that runs `source` in Python; it is up when it has noted its start."""
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-S", "-c", source, str(folder), name),
        ready=ready or FileThere(folder / name),
        needs=frozenset(needs),
        stop_seconds=1.0,
        probe_every=0.05,
        probe_failures=3,
    )


def runs(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def session_size(pid: int) -> int:
    """How many processes run in the session that `pid` leads, or led."""
    return len(members(pid))
