"""The configured ports: free, ours, or taken by somebody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from admin.doctor.finding import Finding, Phrase, broken, fine, short
from admin.supervision.group import members
from admin.supervision.sockets import Endpoint, udp_holders
from admin.supervision.status import read_status
from hotline.config import Settings

SUBJECT = "ports"


def wanted_endpoints(settings: Settings) -> list[tuple[str, Endpoint]]:
    """Return what the platform listens on with these settings, each with the key that says so;
    RTP apart, which is opened call by call (`rtp_ports`)."""
    edge, gateway = settings.edge, settings.gateway
    wanted = [
        ("edge.port", Endpoint("udp", edge.address, edge.port)),
        ("edge.port", Endpoint("tcp", edge.address, edge.port)),
    ]
    if settings.redis.url is None:
        wanted.append(("redis.port", Endpoint("tcp", "127.0.0.1", settings.redis.port)))
    for n in range(gateway.processes):
        key = f"gateway.first_port + {n}" if n else "gateway.first_port"
        wanted.append((key, Endpoint("udp", gateway.sip_address, gateway.first_port + n)))
    return wanted


def rtp_ports(settings: Settings) -> range:
    """Return the RTP ports of all gateways."""
    gateway = settings.gateway
    first = gateway.first_rtp_port
    return range(first, first + gateway.processes * gateway.rtp_ports)


def examine_ports(settings: Settings) -> Iterator[Finding]:
    wanted = wanted_endpoints(settings)
    free = [endpoint for _, endpoint in wanted if endpoint.is_free()]
    taken = [(key, one, one.holders()) for key, one in wanted if one not in free]
    rtp = udp_holders(settings.gateway.address, rtp_ports(settings))
    ours = _own_processes(settings)  # last: those that have just been forked count as well
    for key, endpoint, holders in taken:
        if holders and ours.issuperset(holders):
            yield fine(SUBJECT, f"{endpoint} 由本平台使用", f"{endpoint} is ours")
            continue
        by = _names(holders)
        yield broken(
            SUBJECT,
            Phrase(f"{endpoint} 被 {by} 占用", f"{endpoint} is taken by {by}"),
            Phrase(f"停止它，或修改 {key}", f"stop it, or change {key}"),
        )
    if free:
        names = [str(endpoint) for endpoint in free]
        yield fine(SUBJECT, f"空闲：{'、'.join(names)}", f"free: {', '.join(names)}")
    yield _rtp_finding(settings, {n: by for n, by in rtp.items() if not by or set(by) - ours})


def _own_processes(settings: Settings) -> set[int]:
    status = read_status(settings.run_dir)
    children = status.children if status is not None else ()
    return {pid for child in children if child.pid is not None for pid in members(child.pid)}


def _rtp_finding(settings: Settings, others: dict[int, list[int]]) -> Finding:
    """`others`: the ports that are not ours, with who has them. A gateway passes over a port that
    is taken, so that a few cost nothing yet."""
    ports = rtp_ports(settings)
    span = f"udp {settings.gateway.address}:{ports[0]}-{ports[-1]} (RTP)"
    if not others:
        return fine(SUBJECT, f"{span} 可用", f"{span} is for the gateways alone")
    count, key = len(others), "gateway.first_rtp_port"
    by = _names(sorted({pid for pids in others.values() for pid in pids}))
    return short(
        SUBJECT,
        Phrase(f"{span} 中有 {count} 个端口被 {by} 占用", f"{span}: {count} of them taken by {by}"),
        Phrase(f"停止它，或修改 {key}", f"stop it, or change {key}"),
    )


def _names(pids: Iterable[int]) -> str:
    return ", ".join(f"{_name(pid)} ({pid})" for pid in pids) or "?"


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    return "?"
