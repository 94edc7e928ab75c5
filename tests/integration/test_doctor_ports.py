"""The doctor looks at the configured ports and addresses: free, ours, taken, not to be had."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from admin.doctor import Finding, Verdict
from admin.doctor.portcheck import examine_ports, rtp_ports
from admin.doctor.redis import examine_redis
from admin.initialize import write_config
from admin.processes.specs import specs
from admin.supervision.sockets import machine_addresses
from admin.supervision.supervisor import Supervisor
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.configfile import load

FILE = Path("hotline.toml")
ELSEWHERE = "203.0.113.9"
"""An address for documentation (RFC 5737): no machine has it."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_config(tmp_path / "hotline.toml")
    return load(tmp_path / "hotline.toml")


def found(settings: Settings) -> list[Finding]:
    return list(examine_ports(settings, FILE))


def worst(findings: list[Finding]) -> Finding:
    return max(findings, key=lambda finding: list(Verdict).index(finding.state))


def test_taken_port_is_told_with_its_key(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((settings.edge.address, settings.edge.port))
        told = worst(found(settings))
    assert told.state is Verdict.BAD
    assert "pytest" in told.says.en or "python" in told.says.en
    assert told.remedy is not None
    assert "edge.port" in told.remedy.en


def test_taken_tcp_port_of_the_edge_is_told_though_its_udp_port_is_free(
    settings: Settings,
) -> None:
    with socket.create_server((settings.edge.address, settings.edge.port)):
        told = worst(found(settings))
    assert told.state is Verdict.BAD
    assert f"tcp {settings.edge.address}:{settings.edge.port}" in told.says.en
    assert told.remedy is not None
    assert "edge.port" in told.remedy.en


@pytest.mark.parametrize("host", ["the gateways'", "0.0.0.0"])
@pytest.mark.parametrize("place", [0, 1, -1])
def test_taken_rtp_port_of_any_gateway_is_told_with_who_has_it(
    settings: Settings, place: int, host: str
) -> None:
    host = settings.gateway.address if host == "the gateways'" else host
    # Few, for the tests that run beside this one take and leave ports all the time.
    gateway = settings.gateway.model_copy(update={"rtp_ports": 8})
    settings = settings.model_copy(update={"gateway": gateway})
    ports = rtp_ports(settings)
    assert len(ports) == settings.gateway.processes * settings.gateway.rtp_ports
    assert worst(found(settings)).state is Verdict.OK
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((host, ports[place]))
        told = worst(found(settings))
    assert told.state is Verdict.WARN
    assert "1 of them" in told.says.en
    assert f"({os.getpid()})" in told.says.en
    assert told.remedy is not None
    assert "gateway.first_rtp_port" in told.remedy.en


async def test_own_processes_ports_are_ours(settings: Settings, tmp_path: Path) -> None:
    chosen = [
        spec
        for spec in specs(settings, tmp_path / "hotline.toml", clock=SystemClock())
        if spec.name in ("redis", "edge")
    ]
    async with Supervisor(
        chosen, run_dir=settings.run_dir, log_dir=settings.log_dir, clock=SystemClock()
    ) as watched:
        await watched.wait_up(20)
        said = [finding.says.en for finding in found(settings)]
        assert sum("is ours" in text for text in said) == 3  # the edge has UDP and TCP
        assert any("answers" in finding.says.en for finding in examine_redis(settings))


@pytest.mark.parametrize("section", ["edge", "gateway"])
def test_address_of_another_machine_is_told_once_with_file_key_and_this_machines(
    settings: Settings, section: str
) -> None:
    part = getattr(settings, section).model_copy(update={"address": ELSEWHERE})
    findings = found(settings.model_copy(update={section: part}))
    [told] = [one for one in findings if one.state is not Verdict.OK]
    assert told.state is Verdict.BAD
    assert told.says.en == f"{FILE}: {section}.address: {ELSEWHERE} is no address of this machine"
    assert told.remedy is not None
    assert told.remedy.en == f"use one of this machine's: {', '.join(machine_addresses())}"
    assert "127.0.0.1" in machine_addresses()
    assert all(ELSEWHERE not in one.says.en for one in findings if one is not told)


def test_every_address_that_is_said_to_be_this_machines_can_be_listened_at() -> None:
    for address in machine_addresses():
        with socket.create_server((address, 0)):
            pass


WITHOUT_RIGHTS = """
from pathlib import Path
from admin.doctor.portcheck import examine_ports
from hotline.config import Edge, Settings
edge = Edge.model_construct(**{**dict(Edge()), "port": 81})
for one in examine_ports(Settings().model_copy(update={"edge": edge}), Path("hotline.toml")):
    print(one.state, one.says.en, one.remedy and one.remedy.en)
"""


def test_port_that_only_root_may_open_is_not_said_to_be_taken() -> None:
    """Below what this kernel lets every user open: all of it, in some containers."""
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    drop = ["setpriv", "--bounding-set=-net_bind_service"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*drop, sys.executable, "-c", WITHOUT_RIGHTS], capture_output=True, text=True, check=True
    )
    refused = "bad hotline.toml: edge.port: this user may not open {}:81 use port {} or above"
    wanted = [refused.format(f"{kind} 127.0.0.1", first) for kind in ("udp", "tcp")]
    said = [line for line in done.stdout.splitlines() if "127.0.0.1:81" in line]
    assert (said == wanted) if first > 81 else not any(line.startswith("bad") for line in said)
