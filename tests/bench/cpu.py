"""CPU time of processes, from ``/proc``: what a window of time cost each part of the platform."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds of CPU each part has used so far (all threads; children that were waited for)."""

    at: float
    used: Mapping[str, float]

    def share_since(self, before: Reading) -> dict[str, float]:
        """Return the share of one core that each part has used since `before`, 1.0 for a core."""
        wall = self.at - before.at
        return {part: (used - before.used[part]) / wall for part, used in self.used.items()}


class Meter:
    """Reads the CPU time of named parts: each a session (a child of the supervisor and all that
    it forked) or a single process."""

    def __init__(self, *, sessions: Mapping[str, int], processes: Mapping[str, int]) -> None:
        self._part_of_session = {session: part for part, session in sessions.items()}
        self._part_of_process = {pid: part for part, pid in processes.items()}

    def read(self) -> Reading:
        """Look once at every process of the machine: all parts at the same moment."""
        used = dict.fromkeys(
            (*self._part_of_session.values(), *self._part_of_process.values()), 0.0
        )
        at = perf_counter()
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with suppress(OSError):  # it has just ended
                columns = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
                part = self._part_of_process.get(int(folder.name))
                part = part or self._part_of_session.get(int(columns[3]))
                if part is not None:
                    used[part] += sum(map(int, columns[11:15])) / TICKS
        return Reading(at, used)


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that the main thread of `pid` has used, to the nanosecond where the
    kernel says so."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        columns = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, columns[11:13])) / TICKS
