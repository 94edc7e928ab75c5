"""Who goes first on a full machine: the telephone, then the journal, then what can wait."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

JOURNAL = 4
"""The scribe may lag for a moment."""
CAN_WAIT = 19
"""Sealing gets what is left."""


def give_way(niceness: int) -> None:
    """Let processes that are less nice go first; what this one starts inherits it.

    Linux may share the processor between sessions before it looks at nice values
    (``sched_autogroup``), and each process of ours leads a session: its group is told as well.
    """
    os.nice(niceness)
    with suppress(OSError):  # not this kernel
        Path("/proc/self/autogroup").write_text(f"{niceness}\n", encoding="ascii")
