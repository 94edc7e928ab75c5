"""Who goes first on a full machine."""

from __future__ import annotations

import os
import subprocess
import sys

GIVES_WAY = """
from pathlib import Path
import os
from admin.processes.priority import give_way
give_way(7)
group = Path("/proc/self/autogroup")
print(os.nice(0), group.read_text().split()[-1] if group.exists() else 7)
"""


def test_process_that_gives_way_does_so_with_its_whole_session() -> None:
    """In a process of its own: nobody can take back what was given away."""
    done = subprocess.run(
        [sys.executable, "-c", GIVES_WAY],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
        timeout=30,
    )
    assert done.stdout.split() == [str(os.nice(0) + 7), "7"]
