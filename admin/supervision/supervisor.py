"""Keeps the platform's processes alive on one machine.

Each child runs in a session of its own and is killed with all it forked; it is started when what it
needs is up, and again, ever more slowly, when it dies. The kernel ends the children of a supervisor
that dies (PR_SET_PDEATHSIG), and the next supervisor ends what even so was left.

asyncio and not Twisted's ProcessMonitor: that one knows neither order, nor health, nor groups. It
runs on a plain event loop and under Twisted's asyncio reactor alike, from the main thread (the
kernel takes the end of the thread that forked for the parent's death).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from admin.files import private_folder
from admin.supervision.child import Child
from admin.supervision.childlog import ChildLog
from admin.supervision.group import end_leftovers
from admin.supervision.lock import InstanceLock
from admin.supervision.process import ProcessSpec, start_order
from admin.supervision.status import ChildState, ChildStatus, write_status
from hotline.clock import Clock
from hotline.errors import HotlineError

log = logging.getLogger(__name__)


class StartFailed(HotlineError):
    """Not every process came up in time: the text names each, why, and the end of its log."""

    code = "start_failed"


class Supervisor:
    """``async with Supervisor(...)``: inside the block processes are kept; after it all are gone.

    `progress` hears of every change of a child's status. Raises AlreadyUp on entering when another
    supervisor has the run folder, and ProcessError when the specs contradict each other.
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        *,
        run_dir: Path,
        log_dir: Path,
        clock: Clock,
        progress: Callable[[ChildStatus], None] | None = None,
    ) -> None:
        self._waves = start_order(specs)
        self._run_dir = run_dir.resolve()
        self._log_dir = log_dir
        self._clock = clock
        self._progress = progress
        self._lock = InstanceLock(self._run_dir)
        self._children: dict[str, Child] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        private_folder(self._run_dir)
        private_folder(self._log_dir)
        self._lock.acquire()
        try:
            pids = private_folder(self._run_dir / "pids")
            for name in await end_leftovers(pids, mark=f"{self._run_dir}#"):
                log.warning("%s of an earlier life still ran; it was killed", name)
            self._start()
        except BaseException:
            self._lock.release()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._stop()
        finally:
            (self._run_dir / "status.json").unlink(missing_ok=True)
            self._lock.release()

    @property
    def children(self) -> tuple[ChildStatus, ...]:
        """Every child's status, in the order in which they start."""
        return tuple(child.status for child in self._children.values())

    async def wait_up(self, seconds: float = 60.0) -> None:
        """Return when every child has served once; raises StartFailed after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                for child in self._children.values():
                    await child.up.wait()
        except TimeoutError:
            raise StartFailed(self._why_not_up()) from None

    async def run_until(self, stop: asyncio.Event) -> None:
        """Return when `stop` is set; raises whatever broke the supervision of a child."""
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait(
                {stopped, *self._keepers.values()}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            stopped.cancel()

    def hurry(self) -> None:
        """Tell those who take their time to end, once they are told to, to take none."""
        for child in self._children.values():
            child.hurry()

    def _start(self) -> None:
        for spec in (spec for wave in self._waves for spec in wave):
            self._children[spec.name] = Child(
                spec,
                run_dir=self._run_dir,
                log=ChildLog(self._log_dir / f"{spec.name}.log"),
                clock=self._clock,
                changed=self._changed,
            )
        for name, child in self._children.items():
            needs = [self._children[need] for need in sorted(child.spec.needs)]
            self._keepers[name] = asyncio.create_task(child.keep(needs), name=f"keep {name}")

    async def _stop(self) -> None:
        """End all, those first that others do not need; returns when nothing runs any more."""
        for wave in reversed(self._waves):
            keepers = [self._keepers[spec.name] for spec in wave if spec.name in self._keepers]
            for keeper in keepers:
                keeper.cancel()
            for outcome in await asyncio.gather(*keepers, return_exceptions=True):
                if isinstance(outcome, Exception):
                    log.error("supervision broke", exc_info=outcome)

    def _changed(self, status: ChildStatus) -> None:
        level = logging.WARNING if status.state is ChildState.BACKING_OFF else logging.INFO
        log.log(level, "%s: %s %s", status.name, status.state, status.says)
        try:
            write_status(self._run_dir, pid=os.getpid(), children=self.children)
        except OSError as error:  # a full disk must not end the processes
            log.warning("status cannot be written: %s", error)
        if self._progress is not None:
            self._progress(status)

    def _why_not_up(self) -> str:
        lines = []
        for child in self._children.values():
            if not child.up.is_set():
                status = child.status
                lines.append(f"{status.name} is not up: {status.state} {status.says}".rstrip())
                lines += [f"    {line}" for line in child.log.tail()]
        return "\n".join(lines)
