"""The first configuration file: every setting with its default, and private ports of its own."""

from __future__ import annotations

import os
import random
import secrets
from dataclasses import dataclass
from pathlib import Path
from string import Template

from hotline.errors import ConfigError

LOWEST, HIGHEST = 10000, 32000
"""Below the kernel's ephemeral ports, above what well-known servers use."""
_RTP_PORTS = 8192
"""For all gateway processes together at most."""
_FEWEST_RTP_PORTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenPorts:
    """Ports that nobody used when they were chosen."""

    edge: int
    redis: int
    first_gateway: int
    first_rtp: int
    rtp_ports: int
    """Per gateway process."""


def write_config(
    path: Path,
    *,
    language: str = "zh",
    processes: int = 2,
    state: str = "state",
    ports: ChosenPorts | None = None,
) -> None:
    """Write a commented configuration to `path`, 0600, with free ports unless `ports` are given.

    Raises ConfigError when `path` exists, which is never overwritten, or cannot be written.
    """
    chosen = ports or choose_ports(processes)
    template = Path(__file__).with_name("hotline.template.toml").read_text(encoding="utf-8")
    text = Template(template).substitute(
        language=language,
        processes=processes,
        state=state,
        edge_port=chosen.edge,
        redis_port=chosen.redis,
        first_port=chosen.first_gateway,
        first_rtp_port=chosen.first_rtp,
        rtp_ports=chosen.rtp_ports,
        redis_password=secrets.token_urlsafe(24),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path}: exists already; it is never overwritten") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def choose_ports(processes: int, *, dice: random.Random | None = None) -> ChosenPorts:
    """Return ports between `LOWEST` and `HIGHEST` that no socket of this machine has.

    Raises ConfigError when there is no room for so many processes.
    """
    dice = dice or random.SystemRandom()
    used = used_ports()
    first_rtp, rtp_ports = _speech_ports(processes, used, dice)
    used |= set(range(first_rtp, first_rtp + processes * rtp_ports))
    first_gateway = _run_of(processes, used, dice)
    used |= set(range(first_gateway, first_gateway + processes))
    edge = _run_of(1, used, dice)
    return ChosenPorts(
        edge=edge,
        redis=_run_of(1, used | {edge}, dice),
        first_gateway=first_gateway,
        first_rtp=first_rtp,
        rtp_ports=rtp_ports,
    )


def used_ports() -> set[int]:
    """Return every local port that some socket of this machine has, on any address."""
    ports = set()
    for kind in ("udp", "udp6", "tcp", "tcp6"):
        table = Path("/proc/net") / kind
        if table.exists():
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                ports.add(int(line.split()[1].rpartition(":")[2], 16))
    return ports


def _speech_ports(processes: int, used: set[int], dice: random.Random) -> tuple[int, int]:
    """Return the first RTP port and how many each process gets: fewer on a crowded machine."""
    each = min(4096, _RTP_PORTS // processes // 2 * 2)
    while True:
        try:
            return _run_of(processes * each, used, dice), each
        except ConfigError:
            each = each // 4 * 2
            if each < _FEWEST_RTP_PORTS:
                raise


def _run_of(count: int, used: set[int], dice: random.Random) -> int:
    """Return the even first port of a random run of `count` ports without a used one.

    Raises ConfigError when none is found.
    """
    for _ in range(200):
        first = dice.randrange(LOWEST, HIGHEST - count, 2)
        if used.isdisjoint(range(first, first + count)):
            return first
    raise ConfigError(f"no {count} free ports in a row between {LOWEST} and {HIGHEST}")
