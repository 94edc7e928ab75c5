"""Who has which port of this machine, read from ``/proc/net``."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

_TCP_LISTEN = "0A"
_ANY = IPv4Address("0.0.0.0")  # noqa: S104 - compared with, never bound


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that a process of ours listens on."""

    kind: Literal["udp", "tcp"]
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.kind} {self.host}:{self.port}"

    def is_free(self) -> bool:
        """Whether we could listen there now. Needs no right to look at other users' processes."""
        kind = socket.SOCK_DGRAM if self.kind == "udp" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as probe:
            if self.kind == "tcp":  # as every server does: yesterday's connections do not count
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
                if self.kind == "tcp":
                    probe.listen(1)
            except OSError:
                return False
        return True

    def holders(self) -> list[int]:
        """Return the pids that listen there; empty when free, or when they are hidden from us."""
        inodes = set(self._inodes())
        return sorted(_processes_with(inodes)) if inodes else []

    def _inodes(self) -> Iterator[str]:
        wanted = {IPv4Address(self.host), _ANY}
        for line in Path(f"/proc/net/{self.kind}").read_text(encoding="ascii").splitlines()[1:]:
            column = line.split()
            address, port = column[1].split(":")
            if int(port, 16) != self.port:
                continue
            if self.kind == "tcp" and column[3] != _TCP_LISTEN:
                continue
            here = IPv4Address(int.from_bytes(bytes.fromhex(address), "little"))
            if here in wanted or IPv4Address(self.host) == _ANY:
                yield column[9]


def _processes_with(inodes: set[str]) -> Iterator[int]:
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        # Another user's process, or one that ended just now: not ours to name.
        with suppress(OSError):
            if any(str(fd.readlink()) in sockets for fd in (folder / "fd").iterdir()):
                yield int(folder.name)
