"""CPU time of processes, from ``/proc``: what a window of time cost each part of the platform."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from admin.group import members

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
        self._sessions = dict(sessions)
        self._processes = dict(processes)

    def read(self) -> Reading:
        used = {part: cpu_of(pid) for part, pid in self._processes.items()}
        for part, session in self._sessions.items():
            used[part] = sum(cpu_of(pid) for pid in members(session))
        return Reading(perf_counter(), used)


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU of process `pid` and its ended children; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    columns = text.rpartition(")")[2].split()
    return sum(int(column) for column in columns[11:15]) / TICKS
