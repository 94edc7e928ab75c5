"""Asking a program for its version."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence


def output_of(argv: Sequence[str], *, seconds: float = 15.0) -> str | None:
    """Return what `argv` prints, None when it is missing, fails or takes longer."""
    try:
        done = subprocess.run(argv, capture_output=True, timeout=seconds, text=True, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
