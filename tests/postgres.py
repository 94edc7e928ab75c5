"""A real PostgreSQL cluster for tests, from Debian's package."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from tests.servers import free_port, wait_until


def programs() -> Path:
    """Return the folder of initdb and postgres, of the newest version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "Debian's package postgresql is not installed: make setup-test"
    return found[-1].parent


class PostgresServer:
    """One cluster in a folder of its own, on a free port of loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root: its package's own user then does.
        self._user = "postgres" if os.getuid() == 0 else None

    @property
    def url(self) -> str:
        return f"postgresql://hotline@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        where = programs()
        data = self.folder / "data"
        if not data.exists():
            data.mkdir(parents=True)
            if self._user:
                user = pwd.getpwnam(self._user)
                os.chown(data, user.pw_uid, user.pw_gid)
            subprocess.run(
                [where / "initdb", "--pgdata", data, "--username", "hotline", "--auth", "trust",
                 "--encoding", "UTF8", "--locale", "C", "--no-sync"],
                check=True, stdout=subprocess.DEVNULL, user=self._user, cwd="/",
            )  # fmt: skip
        log = (self.folder / "postgres.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [where / "postgres", "-D", data, "-p", str(self.port), "-h", "127.0.0.1",
                 "-k", "", "-c", "fsync=off"],
                stdout=log, stderr=log, user=self._user, cwd="/",
            )  # fmt: skip
        wait_until(self._answers, what="postgres")

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Shut down at once, whoever is connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=20)
            self._process = None

    def remove(self) -> None:
        """Stop, and delete the cluster."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
