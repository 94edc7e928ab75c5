"""What the gateway repeats goes on when the machine's clock is set: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine_clock import MachineClock

TICKS = """
import asyncio, struct, sys
from admin.processes import reactor
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
reactor = reactor.install(loop)
from admin.processes.gateway import Repeating
ticks = []
def tick():
    ticks.append(1)
    if len(ticks) == 5:
        with open(sys.argv[1], "r+b") as file:
            file.write(struct.pack("=q", int(sys.argv[2])))
    if len(ticks) == 50:
        reactor.stop()
loop.call_soon(Repeating("ticks", tick, 0.01).startService)
reactor.run()
print(len(ticks))
"""


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_what_repeats_goes_on_when_the_clock_is_set(tmp_path: Path, jump: int) -> None:
    clock = MachineClock(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", TICKS, str(clock.file), str(jump)],
        env={**os.environ, **clock.environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == "50\n", done.stderr
