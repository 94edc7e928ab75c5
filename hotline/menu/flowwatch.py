"""What is wrong with the menus that an operator wrote, and the alarm that stands while it is.

Callers are served all the while, by a shipped flow (`hotline.menu.flow.Flows`): that is why nobody
would notice.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from hotline.errors import FlowError
from hotline.events import AlarmKind
from hotline.menu.flow import read_flow
from hotline.menu.flowfiles import FALLBACK, flow_names, operators_flows
from hotline.ports import Alarms


def broken_flows(folder: Path, *, root: str | None = None) -> list[str]:
    """Return one sentence per fault in the operator's files: file, line, key, what is allowed.

    `root` is that of the site's tiers.
    """
    faults = []
    for path in operators_flows(folder):
        try:
            read_flow(path, root=root)
        except FlowError as error:
            faults += str(error).splitlines()
    return faults


def lost_flows(folder: Path, named: Collection[str]) -> list[str]:
    """Return one sentence for each flow that is `named` by a line and is nowhere."""
    there = flow_names(folder)
    return [
        f"there is no flow {name!r}, {FALLBACK!r} serves instead; the flows are {', '.join(there)}"
        for name in sorted(set(named))
        if name not in there
    ]


class FlowWatch:
    """Looks after the operator's flows: `look` is called every few seconds."""

    def __init__(
        self, folder: Path, *, named: Collection[str], alarms: Alarms, root: str | None = None
    ) -> None:
        self._folder = folder
        self._root = root
        self._named = named
        self._alarms = alarms
        self._seen: object = None
        self._told = ""

    def look(self) -> None:
        """Raise the alarm for the first fault there is; clear it when there is none any more."""
        looks = [(path, _look(path)) for path in operators_flows(self._folder)]
        if looks == self._seen:
            return
        self._seen = looks
        broken = broken_flows(self._folder, root=self._root)
        faults = [*broken, *lost_flows(self._folder, self._named)]
        detail = faults[0] if faults else ""
        if detail == self._told:
            return
        if self._told:  # also for another fault, for one that stands is not told again
            self._alarms.clear_alarm(AlarmKind.FLOW_BROKEN)
        if detail:
            self._alarms.raise_alarm(AlarmKind.FLOW_BROKEN, detail)
        self._told = detail


def _look(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:  # gone since the folder was listed
        return None
    return stat.st_mtime_ns, stat.st_size
