"""The wall clock of the platform's machine, which a test may set: each process of the platform has
a library preloaded (`machine_clock.c`) that reads by how much it is off.

The phones are other machines', and keep the true time. (Debian's libfaketime 0.9.10 cannot do it:
where it leaves CLOCK_MONOTONIC alone, Python's `time.sleep` fails with EINVAL under it.)
"""

from __future__ import annotations

import struct
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

from hotline.clock import SystemClock

SOURCE = Path(__file__).with_suffix(".c")


class MachineClock(SystemClock):
    """Kept in `folder`; it tells what those processes read that run with `environment`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "machine_clock"
        self._library = folder / "machine_clock.so"
        self.off = 0
        self.file.write_bytes(bytes(8))
        compiler = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror"]
        subprocess.run(
            [*compiler, "-o", str(self._library), str(SOURCE), "-ldl"], check=True, timeout=60
        )

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.off)

    def set_off(self, seconds: int) -> None:
        """Be off by so much from now on, in every process at once."""
        with self.file.open("r+b") as file:
            file.write(struct.pack("=q", seconds))
        self.off = seconds

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "MACHINE_CLOCK": str(self.file)}
