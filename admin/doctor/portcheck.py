"""The configured ports: free, ours, or taken by somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from admin.doctor.finding import Finding, Phrase, broken, fine
from admin.supervision.group import members
from admin.supervision.sockets import Endpoint
from admin.supervision.status import read_status
from hotline.config import Settings

SUBJECT = "ports"


def wanted_endpoints(settings: Settings) -> dict[str, Endpoint]:
    """Return what the platform listens on with these settings, by the key that says so."""
    gateway = settings.gateway
    wanted = {"edge.port": Endpoint("udp", settings.edge.address, settings.edge.port)}
    if settings.redis.url is None:
        wanted["redis.port"] = Endpoint("tcp", "127.0.0.1", settings.redis.port)
    for n in range(gateway.processes):
        key = f"gateway.first_port + {n}" if n else "gateway.first_port"
        wanted[key] = Endpoint("udp", gateway.address, gateway.first_port + n)
    return wanted


def examine_ports(settings: Settings) -> Iterator[Finding]:
    status = read_status(settings.run_dir)
    children = status.children if status is not None else ()
    ours = {pid for child in children if child.pid is not None for pid in members(child.pid)}
    free = []
    for key, endpoint in wanted_endpoints(settings).items():
        if endpoint.is_free():
            free.append(str(endpoint.port))
            continue
        holders = endpoint.holders()
        if holders and ours.issuperset(holders):
            yield fine(SUBJECT, f"{endpoint} 由本平台使用", f"{endpoint} is ours")
            continue
        by = ", ".join(f"{_name(pid)} ({pid})" for pid in holders) or "?"
        yield broken(
            SUBJECT,
            Phrase(f"{endpoint} 被 {by} 占用", f"{endpoint} is taken by {by}"),
            Phrase(f"停止它，或修改 {key}", f"stop it, or change {key}"),
        )
    if free:
        yield fine(SUBJECT, f"空闲：{'、'.join(free)}", f"free: {', '.join(free)}")


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    return "?"
