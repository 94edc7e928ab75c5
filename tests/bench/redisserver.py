"""A Redis with the platform's own settings, and the CPU that a process has used."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import redis

from tests.servers import free_port, wait_until


class BenchRedis:
    """A redis-server on a free port of loopback, as `admin.processes.specs` sets it up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "yes", "--appendfsync", "everysec", "--dir", str(self._folder),
             "--logfile", str(self._folder / "redis.log")]
        )  # fmt: skip
        wait_until(self._answers, what="redis")

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as connection:
                return bool(connection.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that the main thread of `pid` has used, to the nanosecond where the
    kernel says so."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        columns = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, columns[11:13])) / os.sysconf("SC_CLK_TCK")
