"""docker-compose.yml: valid for Debian's docker-compose, and true to the platform's processes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from admin.processes.specs import probe
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.configfile import load
from hotline.errors import HotlineError

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "admin" / "install" / "compose.toml"
FOREIGN = {"redis", "postgres"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services as docker-compose itself reads them."""
    program = shutil.which("docker-compose")
    assert program, "docker-compose is missing: `make setup-test` installs it"
    done = subprocess.run(
        [program, "-f", str(ROOT / "docker-compose.yml"), "config"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # The Python that Debian's docker-compose runs on has the YAML reader that it needs itself.
    convert = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"
    read = subprocess.run(
        ["/usr/bin/python3", "-c", convert],
        input=done.stdout, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(read.stdout)["services"]
    return found


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(CONFIG)


def test_every_process_is_a_service(services: dict[str, Any], settings: Settings) -> None:
    gateways = {f"gateway-{n + 1}" for n in range(settings.gateway.processes)}
    assert set(services) == FOREIGN | gateways | {"gateways", "edge", "scribe", "worker", "migrate"}


def test_services_run_processes_that_exist(services: dict[str, Any], settings: Settings) -> None:
    ours = {name: s for name, s in services.items() if s.get("image") == "hotline"}
    started = {s["command"][1] for s in ours.values() if s["command"][:1] == ["run"]}
    assert started == set(ours) - {"migrate", "gateways"}
    for name in started:
        try:
            probe(settings, name, clock=SystemClock())
        except HotlineError as error:
            pytest.fail(str(error))


def test_only_the_edge_is_published(services: dict[str, Any], settings: Settings) -> None:
    published = {name: s["ports"] for name, s in services.items() if s.get("ports")}
    assert set(published) == {"edge"}
    port = settings.edge.port
    ways = {(way["protocol"], way["target"]) for way in published["edge"]}
    assert ways == {("udp", port), ("tcp", port)}


def test_addresses_are_those_of_the_configuration(
    services: dict[str, Any], settings: Settings
) -> None:
    def address(name: str) -> str:
        return str(services[name]["networks"]["telephony"]["ipv4_address"])

    assert address("edge") == settings.edge.address
    assert address("gateways") == settings.gateway.address == settings.gateway.sip_address


def test_gateway_that_is_restarted_takes_no_other_gateways_network(
    services: dict[str, Any], settings: Settings
) -> None:
    gateways = {f"gateway-{n + 1}" for n in range(settings.gateway.processes)}
    assert {services[name]["network_mode"] for name in gateways} == {"service:gateways"}
    assert services["gateways"]["entrypoint"] == [
        "sleep",
        "infinity",
    ]  # it never has a reason to end


def test_every_lasting_service_has_a_health_check(services: dict[str, Any]) -> None:
    lasting = set(services) - {
        "migrate",
        "worker",
        "gateways",
    }  # these have no protocol to be asked in
    assert {name for name in lasting if "healthcheck" not in services[name]} == set()


def test_passwords_are_files_and_never_environment(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable:
                assert str(value).startswith("/run/secrets/"), name
    assert "passfile=" in CONFIG.read_text()


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    make = [str(ROOT / "admin" / "install" / "secrets.sh"), str(tmp_path / "secrets")]
    subprocess.run(make, check=True)
    files = sorted((tmp_path / "secrets").iterdir())
    first = [path.read_text() for path in files]
    assert [path.name for path in files] == ["pgpass", "postgres_password"]
    assert first[0] == f"postgres:5432:hotline:hotline:{first[1]}\n"
    assert [path for path in files if path.stat().st_mode & 0o077] == []
    subprocess.run(make, check=True)
    assert [path.read_text() for path in files] == first
