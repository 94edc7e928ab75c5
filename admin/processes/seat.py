"""Where a gateway process lives: two that are alive at a time never have the same seat."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from uuid import uuid4

BOOT = Path("/proc/sys/kernel/random/boot_id")


def seat(address: str, port: int, *, boot: Path = BOOT) -> str:
    """Return 8 hex digits for the process that is bound to `address` and `port` of this machine.

    The machine is known by its boot, not by its name, which others may have too; containers of
    one machine differ by their host names. Whoever comes to have the port of another on the same
    machine knows therefore that this other is dead.
    """
    try:
        life = boot.read_text(encoding="ascii").strip()
    except OSError:  # then nobody is taken for dead before the time
        life = uuid4().hex
    place = f"{life}|{socket.gethostname()}|{address}|{port}"
    return hashlib.sha256(place.encode()).hexdigest()[:8]
