"""A process without a port shows that it lives: it touches a file whose age is looked at."""

from __future__ import annotations

import os
from pathlib import Path

from hotline.config import Settings


def heartbeat_path(settings: Settings, name: str) -> Path:
    """Return the file that process `name` touches."""
    return settings.run_dir / "heartbeat" / name


class Heartbeat:
    """The beating side. `beat` is cheap enough for every turn of a loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def beat(self) -> None:
        """Say 'I live' now."""
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.utime(descriptor)
        finally:
            os.close(descriptor)
