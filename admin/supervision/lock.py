"""One `hotline up` per state folder: a second Kamailio would bind the same UDP port silently."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

from hotline.errors import HotlineError

_WHOLE_FILE = struct.Struct("hhqqi")
"""The kernel's ``struct flock``: type, whence, start, length, pid."""


class AlreadyUp(HotlineError):
    """Another supervisor holds this state folder's lock."""

    code = "already_up"


class InstanceLock:
    """The lock file of one run folder. The kernel frees it however its holder dies."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / "lock"
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock and write our pid into it. Raises AlreadyUp, naming who holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _WHOLE_FILE.pack(fcntl.F_WRLCK, 0, 0, 0, 0))
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyUp(
                f"hotline is up already: process {holder} holds {self._path}; "
                "`hotline status` shows it, `hotline down` ends it"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._file = descriptor

    def release(self) -> None:
        """Give the lock back; the file stays, for removing it would race with another taker."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def holder(self) -> int | None:
        """Return the pid of who holds the lock now, None when nobody does."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            # Asking takes no lock, so that a look never makes another one's start fail.
            question = _WHOLE_FILE.pack(fcntl.F_WRLCK, 0, 0, 0, 0)
            answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, question)
            if _WHOLE_FILE.unpack(answer)[0] == fcntl.F_UNLCK:
                return None
            text = os.read(descriptor, 32).decode(errors="replace").strip()
            return int(text) if text.isdigit() else None
        finally:
            os.close(descriptor)
