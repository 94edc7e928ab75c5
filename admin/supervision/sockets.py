"""Who has which port of this machine, read from ``/proc/net``."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

_TCP_LISTEN = "0A"
_ANY = IPv4Address("0.0.0.0")  # noqa: S104 - compared with, never bound


class Obstacle(StrEnum):
    """What keeps us from listening somewhere."""

    TAKEN = "taken"
    FOREIGN = "foreign"
    """The address is none of this machine's."""
    FORBIDDEN = "forbidden"
    """The port is below those that every user may open (`first_open_port`)."""


_OBSTACLES = {errno.EADDRNOTAVAIL: Obstacle.FOREIGN, errno.EACCES: Obstacle.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that a process of ours listens on."""

    kind: Literal["udp", "tcp"]
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.kind} {self.host}:{self.port}"

    def obstacle(self) -> Obstacle | None:
        """Return why we could not listen there now; None: we could. Needs no right to look at
        other users' processes."""
        kind = socket.SOCK_DGRAM if self.kind == "udp" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as probe:
            if self.kind == "tcp":  # as every server does: yesterday's connections do not count
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
                if self.kind == "tcp":
                    probe.listen(1)
            except OSError as error:
                return _OBSTACLES.get(error.errno or 0, Obstacle.TAKEN)
        return None

    def holders(self) -> list[int]:
        """Return the pids that listen there; empty when free, or when they are hidden from us."""
        inodes = set(self._inodes())
        return sorted({pid for inode, pid in _open_sockets() if inode in inodes} if inodes else ())

    def _inodes(self) -> Iterator[str]:
        return (inode for port, inode in _table(self.kind, self.host) if port == self.port)


def udp_holders(host: str, ports: range) -> dict[int, list[int]]:
    """Return those UDP `ports` that are taken, each with the pids that listen there (none where
    they are hidden from us). One look, however many ports."""
    taken = {inode: port for port, inode in _table("udp", host) if port in ports}
    found: dict[int, list[int]] = {port: [] for port in sorted(taken.values())}
    for inode, pid in _open_sockets() if taken else ():
        if inode in taken:
            found[taken[inode]].append(pid)
    return found


def machine_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine, or nothing where the kernel does not list them.
    Of loopback it lists one, though every 127.x.y.z is there."""
    try:
        trie = Path("/proc/net/fib_trie").read_text(encoding="ascii")
    except OSError:
        return []
    found = {IPv4Address(one) for one in re.findall(r"-- (\S+)\n\s+/32 host LOCAL", trie)}
    return [str(address) for address in sorted(found)]


def first_open_port() -> int:
    """Return the lowest port that needs no right of its own."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except OSError:
        return 1024


def _table(kind: str, host: str) -> Iterator[tuple[int, str]]:
    """Yield the port and the inode of each socket that listens at `host`, or at every address."""
    wanted = {IPv4Address(host), _ANY}
    for line in Path(f"/proc/net/{kind}").read_text(encoding="ascii").splitlines()[1:]:
        column = line.split()
        address, port = column[1].split(":")
        if kind == "tcp" and column[3] != _TCP_LISTEN:
            continue
        here = IPv4Address(int.from_bytes(bytes.fromhex(address), "little"))
        if here in wanted or IPv4Address(host) == _ANY:
            yield int(port, 16), column[9]


def _open_sockets() -> Iterator[tuple[str, int]]:
    """Yield the inode of each socket with a process that has it open."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):  # another user's process, or one that ended just now
            for fd in (folder / "fd").iterdir():
                with suppress(OSError):  # closed just now
                    target = str(fd.readlink())
                    if target.startswith("socket:["):
                        yield target[8:-1], int(folder.name)
