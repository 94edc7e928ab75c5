"""What a child prints, kept in a file that cannot grow without end."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from pathlib import Path
from typing import BinaryIO, Self


class ChildLog:
    """Appends to `path`; at `limit` bytes the file becomes ``<path>.1`` and a new one begins.

    A log that cannot be written (full disk) is dropped: it must never end the supervisor.
    """

    def __init__(self, path: Path, *, limit: int = 10_000_000) -> None:
        self._path = path
        self._limit = limit
        self._file: BinaryIO | None = None
        self._size = 0

    def write(self, data: bytes) -> None:
        """Append `data`."""
        try:
            if self._size + len(data) > self._limit and self._size:
                self._turn_over()
            if self._file is None:
                self._file = self._open()
            self._file.write(data)
            self._size += len(data)
        except OSError:
            self.close()

    def tail(self, lines: int = 5) -> list[str]:
        """Return the last lines, for a terminal that must say why a child does not start."""
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
        except OSError:
            return []

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._size = 0

    def _open(self) -> BinaryIO:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        self._size = os.fstat(descriptor).st_size
        return os.fdopen(descriptor, "wb", buffering=0)

    def _turn_over(self) -> None:
        self.close()
        self._path.replace(self._path.with_name(self._path.name + ".1"))


class LogPipe(asyncio.Protocol):
    """A pipe whose `end` a child prints into, and whose other side goes into a log.

    Not the pipe of asyncio's own subprocess: its `wait` would wait for every process that holds
    the pipe, and a dead main's workers do.
    """

    def __init__(self, log: ChildLog) -> None:
        self._log = log
        self._drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.ReadTransport | None = None
        self.end = -1

    @classmethod
    async def open(cls, log: ChildLog) -> Self:
        """Return an open pipe; the caller must `close_end` once the child has it."""
        here, there = os.pipe()
        pipe = cls(log)
        pipe.end = there
        loop = asyncio.get_running_loop()
        pipe._transport, _ = await loop.connect_read_pipe(lambda: pipe, os.fdopen(here, "rb", 0))
        return pipe

    def close_end(self) -> None:
        """Close our copy of the child's side."""
        if self.end >= 0:
            os.close(self.end)
            self.end = -1

    async def close(self) -> None:
        """Take what is still in the pipe, then close it.

        What a process that left the child's session still prints is not waited for.
        """
        self.close_end()
        await asyncio.wait({self._drained}, timeout=1.0)
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._log.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio asks for it
        if not self._drained.done():
            self._drained.set_result(None)
