"""A child and all that it forked: one session, killed as a whole.

A killed Kamailio main leaves workers that keep answering; a session id (`setsid` at start) finds
them all, even when they changed their process group or lost their parent.

The record of a session (``run_dir/pids/<name>.json``) lets the next life of the supervisor find
what an earlier one left. A pid may by then belong to somebody else, so a session counts as ours
only when its leader still has the recorded start time, or when a process in it carries our mark in
its environment (Redis wipes its own to show its title there; Kamailio's orphans have no leader).
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hotline.privatefile import write_private

MARK = "HOTLINE_SUPERVISED"
"""The environment variable that every child carries: ``<run folder>#<name>``."""


class SessionRecord(BaseModel):
    """One child's session, as written at its start."""

    model_config = ConfigDict(frozen=True)

    session: int
    started: int
    """The leader's start, in clock ticks since `boot`."""
    boot: str


@dataclass(frozen=True, slots=True)
class _Member:
    pid: int
    state: str
    session: int
    started: int


def record_session(path: Path, *, pid: int) -> None:
    """Write down the session that `pid` leads; nothing is written when it is gone already."""
    if (leader := _member(pid)) is not None:
        record = SessionRecord(session=pid, started=leader.started, boot=_boot())
        write_private(path, record.model_dump_json() + "\n")


def members(session: int) -> list[int]:
    """Return the pids of `session` that still run (zombies do not)."""
    return [member.pid for member in _living(session)]


def signal_session(session: int, number: signal.Signals) -> None:
    """Send `number` to each process of the session; those that are gone are passed over."""
    for pid in members(session):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def end_session(session: int, *, grace: float) -> None:
    """End the session: SIGTERM to its leader, SIGKILL to whatever is left after `grace` seconds.

    Returns when none of it runs any more.
    """
    if grace > 0 and session in members(session):
        with suppress(ProcessLookupError):
            os.kill(session, signal.SIGTERM)
        # Not asyncio.timeout: in a task that is being cancelled, as here, Python 3.11.2's lets the
        # cancellation out instead of a TimeoutError.
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while session in members(session) and loop.time() < deadline:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)
    while members(session):  # again and again: one may fork while we look
        signal_session(session, signal.SIGKILL)
        await asyncio.sleep(0.01)


async def end_leftovers(pids_dir: Path, *, mark: str) -> list[str]:
    """Kill the sessions that an earlier supervisor left; return what ran in them.

    Those are the sessions recorded in `pids_dir`, and those of any process whose mark begins with
    `mark` (one that was started, but not recorded any more).
    """
    found = _recorded(pids_dir)
    sessions = {session: path.stem for path, session in found.items() if session is not None}
    for pid, name in _marked(mark):
        member = _member(pid)
        if member is not None and member.state not in "ZX":
            sessions.setdefault(member.session, name)
    for session in sessions:
        await end_session(session, grace=0)
    for path in found:
        path.unlink(missing_ok=True)
    return sorted(sessions.values())


def _recorded(pids_dir: Path) -> dict[Path, int | None]:
    return {path: _recorded_leader(path) for path in pids_dir.glob("*.json")}


def _recorded_leader(path: Path) -> int | None:
    """Return the recorded session if its leader still runs and is the one that was recorded."""
    try:
        record = SessionRecord.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    leader = _member(record.session)
    if leader is None or record.boot != _boot() or leader.started != record.started:
        return None
    return record.session


def _marked(mark: str) -> Iterator[tuple[int, str]]:
    """Yield each process whose mark begins with `mark`, and the rest of that mark."""
    wanted = f"{MARK}={mark}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):  # another user's, or gone
            for variable in (folder / "environ").read_bytes().split(b"\0"):
                if variable.startswith(wanted):
                    yield int(folder.name), variable[len(wanted) :].decode(errors="replace")


def _living(session: int) -> Iterator[_Member]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            member = _member(int(folder.name))
            if member is not None and member.session == session and member.state not in "ZX":
                yield member


def _member(pid: int) -> _Member | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second column is the program's name in brackets and may hold anything, brackets too.
    column = text.rpartition(")")[2].split()
    return _Member(pid=pid, state=column[0], session=int(column[3]), started=int(column[19]))


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
