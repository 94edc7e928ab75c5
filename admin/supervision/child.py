"""One supervised process: started, watched, started again.

waiting -> starting -> up -> backing off -> starting ...      any of them -> stopping -> stopped
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable, Iterable
from pathlib import Path

from admin.supervision.backoff import Backoff
from admin.supervision.childlog import ChildLog, LogPipe
from admin.supervision.group import MARK, end_session, record_session
from admin.supervision.process import ProcessSpec
from admin.supervision.sockets import Endpoint, Obstacle, first_open_port
from admin.supervision.status import ChildState, ChildStatus
from hotline.clock import Clock

log = logging.getLogger(__name__)

S = ChildState


class Child:
    """Keeps the process of one `spec` alive. `changed` hears of every change of its status."""

    def __init__(
        self,
        spec: ProcessSpec,
        *,
        run_dir: Path,
        log: ChildLog,
        clock: Clock,
        changed: Callable[[ChildStatus], None],
    ) -> None:
        self.spec = spec
        self.log = log
        self.up = asyncio.Event()
        """Set from the first time that it serves."""
        self._run_dir = run_dir
        self._clock = clock
        self._changed = changed
        self._lives = 0
        self._pid: int | None = None
        self.status = ChildStatus(
            name=spec.name, state=S.WAITING, pid=None, since=clock.now(), restarts=0
        )

    async def keep(self, needs: Iterable[Child]) -> None:
        """Start it when all of `needs` were up once, and again whenever it dies; until cancelled.

        A cancelled `keep` returns when no process of it runs any more.
        """
        try:
            for child in needs:
                await child.up.wait()
            backoff = Backoff()
            while True:
                began = self._clock.monotonic()
                says = await self._live()
                self._move(S.BACKING_OFF, says)
                await asyncio.sleep(backoff.delay_after(self._clock.monotonic() - began))
        finally:
            self._move(S.STOPPED)
            self.log.close()

    def hurry(self) -> None:
        """Let it end at once, if it is ending and knows how to."""
        if self.status.state is S.STOPPING and self._pid and self.spec.ends_at_second_signal:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)

    async def _live(self) -> str:
        """Run one life of the process; return why it ended, when all of its session is gone."""
        for endpoint in self.spec.binds:
            if obstacle := endpoint.obstacle():
                return _says(endpoint, obstacle)
        pipe = await LogPipe.open(self.log)
        try:
            process = await self._spawn(pipe.end)
        except OSError as error:
            await pipe.close()
            return f"cannot be started: {error}"
        pipe.close_end()
        self._pid = process.pid
        self._lives += 1
        grace = 0.0
        ended = asyncio.create_task(process.wait())
        try:
            self._note_session(process.pid)
            self._move(S.STARTING)
            says = await self._watch(ended)
        except asyncio.CancelledError:
            grace = self.spec.stop_seconds
            self._move(S.STOPPING)
            raise
        finally:
            await end_session(process.pid, grace=grace)
            await ended
            await pipe.close()
            self._record.unlink(missing_ok=True)
            self._pid = None
        return says

    def _note_session(self, pid: int) -> None:
        """Note it for the next life of the supervisor, which knows it by its mark as well."""
        try:
            record_session(self._record, pid=pid)
        except OSError as error:  # a full disk must not end what it can do without
            log.warning("%s: its session cannot be noted: %s", self.spec.name, error)

    async def _watch(self, ended: asyncio.Task[int]) -> str:
        """Return why this life is over: the process ended, or it does not serve (any more)."""
        serves = asyncio.create_task(self._until_it_fails())
        try:
            await asyncio.wait({ended, serves}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                return serves.result()
            status = ended.result()
            return f"ended by signal {-status}" if status < 0 else f"ended with status {status}"
        finally:
            serves.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serves

    async def _until_it_fails(self) -> str:
        """Probe: often until it serves, then every `probe_every` seconds; return what failed."""
        spec = self.spec
        try:
            async with asyncio.timeout(spec.start_seconds):
                while not await spec.ready.serves():  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(0.05)
        except TimeoutError:
            return f"did not serve within {spec.start_seconds:g} s"
        self._move(S.UP)
        self.up.set()
        failures = 0
        while failures < spec.probe_failures:
            await asyncio.sleep(spec.probe_every)
            failures = 0 if await spec.ready.serves() else failures + 1
        return f"hung: {failures} probes in a row had no answer"

    async def _spawn(self, output: int) -> Process:
        """Start it in a session of its own, to be killed by the kernel when the supervisor dies."""
        number = self.spec.orphan_signal.name.removeprefix("SIG")
        return await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", number, *self.spec.argv,
            stdin=DEVNULL, stdout=output, stderr=STDOUT, start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.spec.env,
                 MARK: f"{self._run_dir}#{self.spec.name}"},
        )  # fmt: skip

    def _move(self, state: ChildState, says: str = "") -> None:
        self.status = ChildStatus(
            name=self.spec.name,
            state=state,
            pid=self._pid,
            since=self._clock.now(),
            restarts=max(0, self._lives - 1),
            says=says,
        )
        self._changed(self.status)

    @property
    def _record(self) -> Path:
        return self._run_dir / "pids" / f"{self.spec.name}.json"


def _says(endpoint: Endpoint, obstacle: Obstacle) -> str:
    if obstacle is Obstacle.FOREIGN:
        return f"{endpoint}: {endpoint.host} is no address of this machine"
    if obstacle is Obstacle.FORBIDDEN:
        return f"{endpoint}: this user may open no port below {first_open_port()}"
    holders = ", ".join(map(str, endpoint.holders())) or "one that we may not see"
    return f"{endpoint} is taken by process {holders}"
