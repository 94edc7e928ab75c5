"""What the supervisor says of its children: a file that any process of the same user may read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from admin.supervision.lock import InstanceLock
from hotline.privatefile import write_private


class ChildState(StrEnum):
    """Where a child is."""

    WAITING = "waiting"
    """For what it needs."""
    STARTING = "starting"
    """Runs, does not serve yet."""
    UP = "up"
    BACKING_OFF = "backing_off"
    """Died, or could not start; will be started again."""
    STOPPING = "stopping"
    STOPPED = "stopped"


class ChildStatus(BaseModel):
    """One child as of `since`, when it came into `state`."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: ChildState
    pid: int | None
    since: datetime
    restarts: int
    says: str = ""
    """Why, in a few words: ``ended by signal 9``."""


class Status(BaseModel):
    """All children, in the order in which they start."""

    model_config = ConfigDict(frozen=True)

    pid: int
    children: tuple[ChildStatus, ...]

    @property
    def all_up(self) -> bool:
        return all(child.state is ChildState.UP for child in self.children)


def write_status(run_dir: Path, *, pid: int, children: Iterable[ChildStatus]) -> None:
    """Replace ``status.json`` in one step: a reader sees the old one or the new one."""
    status = Status(pid=pid, children=tuple(children))
    write_private(run_dir / "status.json", status.model_dump_json(indent=1) + "\n")


def read_status(run_dir: Path) -> Status | None:
    """Return what the running supervisor says; None when none runs on `run_dir`."""
    holder = InstanceLock(run_dir).holder()
    if holder is None:
        return None
    try:
        status = Status.model_validate_json((run_dir / "status.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return status if status.pid == holder else None
