"""The configured ports: free, ours, taken by somebody else, or not to be had on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from admin.doctor.finding import Finding, Phrase, broken, fine, short
from admin.processes.endpoints import Wanted, speech, wanted_endpoints
from admin.supervision.group import members
from admin.supervision.sockets import (
    Obstacle,
    first_open_port,
    machine_addresses,
    udp_holders,
)
from admin.supervision.status import read_status
from hotline.config import Settings

SUBJECT = "ports"


def rtp_ports(settings: Settings) -> range:
    """Return the RTP ports of all gateways."""
    gateway = settings.gateway
    first = gateway.first_rtp_port
    return range(first, first + gateway.processes * gateway.rtp_ports)


def examine_ports(settings: Settings, file: Path) -> Iterator[Finding]:
    """`file` is where the settings are from."""
    looked = [(wanted, wanted.endpoint.obstacle()) for wanted in wanted_endpoints(settings)]
    taken = [(one, one.endpoint.holders()) for one, why in looked if why is Obstacle.TAKEN]
    rtp = udp_holders(settings.gateway.address, rtp_ports(settings))
    ours = _own_processes(settings)  # last: those that have just been forked count as well
    nowhere = [one for one, why in looked if why is Obstacle.FOREIGN]
    if (all_speech := speech(settings)).endpoint.obstacle() is Obstacle.FOREIGN:
        nowhere.append(all_speech)
    foreign = {one.address_key: one.endpoint.host for one in nowhere}
    yield from (_foreign(file, key, address) for key, address in foreign.items())
    yield from (_forbidden(file, one) for one, why in looked if why is Obstacle.FORBIDDEN)
    yield from (_taken(one, holders, ours) for one, holders in taken)
    free = [str(one.endpoint) for one, why in looked if why is None]
    if free:
        yield fine(SUBJECT, f"空闲：{'、'.join(free)}", f"free: {', '.join(free)}")
    if "gateway.address" not in foreign:
        others = {n: by for n, by in rtp.items() if not by or set(by) - ours}
        yield _rtp_finding(settings, others)


def _foreign(file: Path, key: str, address: str) -> Finding:
    there = machine_addresses()
    return broken(
        SUBJECT,
        Phrase(
            f"{file}：{key}：{address} 不是本机的地址",
            f"{file}: {key}: {address} is no address of this machine",
        ),
        Phrase(
            f"改为本机的地址：{'、'.join(there)}", f"use one of this machine's: {', '.join(there)}"
        ),
    )


def _forbidden(file: Path, wanted: Wanted) -> Finding:
    first = first_open_port()
    return broken(
        SUBJECT,
        Phrase(
            f"{file}：{wanted.key}：本用户无权打开 {wanted.endpoint}",
            f"{file}: {wanted.key}: this user may not open {wanted.endpoint}",
        ),
        Phrase(f"使用 {first} 或更大的端口", f"use port {first} or above"),
    )


def _taken(wanted: Wanted, holders: list[int], ours: set[int]) -> Finding:
    endpoint = wanted.endpoint
    if holders and ours.issuperset(holders):
        return fine(SUBJECT, f"{endpoint} 由本平台使用", f"{endpoint} is ours")
    by = _names(holders)
    return broken(
        SUBJECT,
        Phrase(f"{endpoint} 被 {by} 占用", f"{endpoint} is taken by {by}"),
        Phrase(f"停止它，或修改 {wanted.key}", f"stop it, or change {wanted.key}"),
    )


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
