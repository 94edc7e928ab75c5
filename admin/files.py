"""Folders that nobody else may read."""

from __future__ import annotations

from pathlib import Path


def private_folder(path: Path) -> Path:
    """Make `path` (and its parents) and take all rights on it from others; return it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path
