"""Events on disk while Redis is away: one append-only file of JSON lines per process.

The owner holds an exclusive lock (flock) on its file for as long as it lives. The kernel lets go
of the lock when the process dies, however it dies: a file that can be locked is an orphan, and
whoever locks it delivers it. A file is deleted when all of it was delivered.

A batch is one write and one fsync. A write that fails is taken back, so that a full disk leaves no
half line; a line cut off by a crash stands at the end, was never promised to anybody, and is left
out.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

log = logging.getLogger(__name__)

Wire = dict[str, str]
"""One stream entry."""
SUFFIX = ".jsonl"


class Spool:
    """One locked spool file: what was put in comes out in the same order."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle
        self._size = os.fstat(handle).st_size
        self._read = 0
        self._next = 0

    @classmethod
    def create(cls, folder: Path, process: str) -> Spool:
        """Create and lock a new file for `process`. Raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{process}.{secrets.token_hex(4)}{SUFFIX}"
        # The lock is taken before the file has its name, so that nobody sees it as an orphan.
        draft = path.with_suffix(".new")
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            draft.rename(path)
        except BaseException:
            os.close(handle)
            draft.unlink(missing_ok=True)
            raise
        return cls(path, handle)

    @classmethod
    def orphans(cls, folder: Path) -> Iterator[Spool]:
        """Lock and yield each file whose owner is dead, oldest first; skip what it cannot have."""
        for path in sorted(folder.glob(f"*{SUFFIX}"), key=_age):
            try:
                handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except OSError:
                continue  # delivered and deleted meanwhile, or not ours to read
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                still_there = path.stat().st_ino == os.fstat(handle).st_ino
            except OSError:
                still_there = False
            if still_there:
                yield cls(path, handle)
            else:
                os.close(handle)

    @property
    def is_empty(self) -> bool:
        """Whether everything that was put in was also delivered."""
        return self._read >= self._size

    def put(self, batch: Sequence[Wire]) -> None:
        """Append `batch` and wait until it is on the disk. Raises OSError: then nothing of it is.

        Blocks for the time of an fsync: call it off the reactor's thread.
        """
        lines = b"".join(json.dumps(wire, separators=(",", ":")).encode() + b"\n" for wire in batch)
        try:
            written = 0
            while written < len(lines):
                written += os.pwrite(self._handle, lines[written:], self._size + written)
            os.fsync(self._handle)
        except OSError:
            os.ftruncate(self._handle, self._size)
            raise
        self._size += len(lines)

    def peek(self, count: int) -> list[Wire]:
        """Return up to `count` of the oldest undelivered entries; `delivered` takes them off."""
        batch: list[Wire] = []
        position = self._read
        with open(self._handle, "rb", closefd=False) as file:
            file.seek(position)
            while len(batch) < count and position < self._size:
                line = file.readline(self._size - position)
                position += len(line)
                wire = self._parse(line)
                if wire is not None:
                    batch.append(wire)
        self._next = position
        return batch

    def _parse(self, line: bytes) -> Wire | None:
        if not line.endswith(b"\n"):
            log.warning("spool %s: the last line was cut off by a crash", self.path.name)
            return None
        try:
            wire = json.loads(line)
            if isinstance(wire, dict) and all(isinstance(text, str) for text in wire.values()):
                return wire
        except ValueError:
            pass
        # A damaged line goes to the stream as it is: the scribe puts it among the rejects.
        return {"spool": self.path.name, "line": line.decode("utf-8", "backslashreplace")}

    def delivered(self) -> None:
        """What the last `peek` returned has arrived. An emptied file begins anew."""
        self._read = self._next
        if self.is_empty:
            os.ftruncate(self._handle, 0)
            self._read = self._next = self._size = 0

    def close(self) -> None:
        """Let go of the file; delete it when it is empty."""
        if self.is_empty:
            self.path.unlink(missing_ok=True)
        os.close(self._handle)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
