"""Drives softphones: one `SoftphoneClient` per ``python -m hotline.sip.softphone`` process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from hotline.errors import HotlineError

Event = dict[str, Any]
LONGEST_EVENT = 1 << 16


class PhoneSilent(HotlineError):
    """A softphone did not say what was waited for: the text says what came instead."""

    code = "phone_silent"


class SoftphoneClient:
    """A softphone at `address`:`port`, as an asynchronous context manager.

    Events are kept until somebody waits for them: `expect` takes the first that fits.
    """

    def __init__(
        self, *, address: str, port: int, rtp_port: int = 40000, session_expires: int = 1800
    ) -> None:
        self.address = address
        self.port = port
        self._rtp_port = rtp_port
        self._session_expires = session_expires
        self._events: list[Event] = []
        self._news = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._calls = 0

    @property
    def pid(self) -> int:
        """The process, for a test that kills or stops it."""
        return self._running.pid

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the softphone is not running")
        return self._process

    async def __aenter__(self) -> SoftphoneClient:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hotline.sip.softphone",
            "--address", self.address, "--port", str(self.port), "--rtp-port", str(self._rtp_port),
            "--session-expires", str(self._session_expires),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LONGEST_EVENT,
            start_new_session=True,  # a terminal's Ctrl-C is for us, who end it
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read())
        await self.expect("ready")
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        process = self._running
        with contextlib.suppress(ConnectionError, ProcessLookupError):
            await self._do("quit")
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            await self._reader

    async def _read(self) -> None:
        stream = self._running.stdout
        while stream is not None and (line := await stream.readline()):
            async with self._news:
                self._events.append(json.loads(line))
                self._news.notify_all()
        async with self._news:
            self._events.append({"event": "gone"})
            self._news.notify_all()

    async def expect(self, event: str, *, seconds: float = 20.0, **facts: object) -> Event:
        """Return, and forget, the first event of that name with these facts.

        Raises PhoneSilent when it does not come within `seconds`, saying what came instead.
        """
        wanted = {"event": event, **facts}

        def position() -> int | None:
            for n, seen in enumerate(self._events):
                if wanted.items() <= seen.items():
                    return n
            return None

        async with self._news:
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait_for(lambda: position() is not None)
            except TimeoutError:
                raise PhoneSilent(f"no {wanted}; there were {self._events}") from None
            return self._events.pop(position() or 0)

    def seen(self, event: str, **facts: object) -> int:
        """Return how many such events came and were not yet taken by `expect`."""
        wanted = {"event": event, **facts}
        return sum(wanted.items() <= seen.items() for seen in self._events)

    async def _do(self, command: str, **facts: object) -> None:
        pipe = self._running.stdin
        if pipe is None:
            raise RuntimeError("the softphone has no input")
        pipe.write((json.dumps({"do": command, **facts}) + "\n").encode())
        await pipe.drain()

    # --- commands -------------------------------------------------------------------

    async def register(
        self,
        *,
        account: str,
        password: str,
        registrar: str,
        domain: str | None = None,
        transport: str = "udp",
    ) -> None:
        """Send REGISTER to `registrar` (host:port); the event ``registered`` tells its status."""
        facts = {} if domain is None else {"domain": domain}
        await self._do("register", account=account, password=password, registrar=registrar,
                       transport=transport, **facts)  # fmt: skip

    async def refresh(self) -> None:
        """Register anew, as before."""
        await self._do("refresh")

    async def policy(
        self,
        *,
        answer_after: float | None = None,
        decline: int | None = None,
        play: Path | None = None,
        record: Path | None = None,
    ) -> None:
        """Say what happens to calls to come; everything is said anew. It is in force on return: a
        call may be faster than a command, for they come by different ways."""
        await self._do("policy", answer_after=answer_after, decline=decline,
                       play=str(play) if play else None,
                       record=str(record) if record else None)  # fmt: skip
        await self.expect("policy")

    async def dial(self, uri: str, *, headers: dict[str, str] | None = None) -> int:
        """Send an INVITE; return the call's number."""
        self._calls += 1
        await self._do("dial", to=uri, headers=headers or {}, call=self._calls)
        return self._calls

    async def answer(self, call: int) -> None:
        await self._do("answer", call=call)

    async def decline(self, call: int, *, status: int = 486) -> None:
        await self._do("decline", call=call, status=status)

    async def hang_up(self, call: int) -> None:
        """CANCEL, decline or BYE, as fits."""
        await self._do("hang_up", call=call)

    async def hold(self, call: int) -> None:
        await self._do("hold", call=call)

    async def resume(self, call: int) -> None:
        await self._do("resume", call=call)

    async def digits(self, call: int, digits: str, *, method: str = "rfc4733") -> None:
        """Press keys; `method` is ``rfc4733`` or ``info``."""
        await self._do("digits", call=call, digits=digits, method=method)

    async def play(self, call: int, wav: Path) -> None:
        await self._do("play", call=call, wav=str(wav))

    async def go_silent(self) -> None:
        """Send no RTP and no RTCP any more, in any call; SIP goes on."""
        await self._do("silent")

    async def be_audible(self) -> None:
        await self._do("audible")

    async def vanish(self) -> None:
        """Exit without a BYE."""
        await self._do("vanish")
