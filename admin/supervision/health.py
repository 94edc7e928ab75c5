"""Does a process serve? Asked in its own protocol, for a bound port proves nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hotline.clock import Clock
from hotline.edge.health import answers_options


class Probe(Protocol):
    """One question to one process."""

    async def serves(self) -> bool:
        """Return whether it serves now, within about two seconds; never raises for 'no'."""
        ...


@dataclass(frozen=True, slots=True)
class Running:
    """It runs: all that can be said of a process without a protocol."""

    async def serves(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshHeartbeat:
    """It touched its heartbeat file (see `heartbeat`) in the last `max_age` seconds."""

    path: Path
    clock: Clock
    max_age: float = 15.0

    async def serves(self) -> bool:
        try:
            touched = self.path.stat().st_mtime
        except FileNotFoundError:
            return False
        # Neither old, nor of before the clock was set back: it would look fresh until then.
        return abs(self.clock.now().timestamp() - touched) <= self.max_age


@dataclass(frozen=True, slots=True)
class RedisPing:
    """It answers PING, and has loaded its data."""

    host: str
    port: int
    timeout: float = 2.0
    password: str | None = None

    async def serves(self) -> bool:
        try:
            async with asyncio.timeout(self.timeout):
                reader, writer = await asyncio.open_connection(self.host, self.port)
                try:
                    if self.password is not None:
                        writer.write(f"AUTH {self.password}\r\n".encode())
                        await reader.readline()
                    writer.write(b"PING\r\n")
                    return (await reader.readline()) == b"+PONG\r\n"
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False


@dataclass(frozen=True, slots=True)
class SipOptions:
    """It answers OPTIONS (RFC 3261 section 11) over UDP with 2xx."""

    host: str
    port: int
    timeout: float = 2.0

    async def serves(self) -> bool:
        return await answers_options(self.host, self.port, self.timeout)
