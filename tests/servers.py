"""Real servers for tests: each on ports of its own, in a folder of its own, killable."""

from __future__ import annotations

import random
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """Return a port that nobody uses now, below the kernel's ephemeral range."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port


def rtp_port() -> int:
    """Return where a phone's RTP ports may begin: elsewhere than those of the phone before, to
    whom a gateway may still be talking, and than those of a test that runs beside this one."""
    return random.randrange(34000, 60000, 2)


def wait_until(
    condition: Callable[[], object], *, seconds: float = 20.0, what: str = "the condition"
) -> None:
    """Poll `condition` until it holds; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds} s")
        select_pause(0.01)


def select_pause(seconds: float) -> None:
    """Give up the processor for a moment, between two looks at a condition."""
    select.select([], [], [], seconds)


class RedisServer:
    """A redis-server with an append-only file, on a free port of loopback. `fsync`: when it is
    written through; the platform itself says ``everysec``."""

    def __init__(self, folder: Path, *, fsync: str = "always") -> None:
        self.folder = folder
        self._fsync = fsync
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "yes", "--appendfsync", self._fsync, "--dir", str(self.folder),
             "--logfile", str(self.folder / "redis.log")],
            # What our Python ignores stays ignored, SIGXFSZ above all: a test can then limit the
            # size of files (prlimit), and writing fails as on a full disk.
            restore_signals=False,
        )  # fmt: skip
        wait_until(self._answers, what="redis")

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as connection:
                return bool(connection.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    stop = kill
