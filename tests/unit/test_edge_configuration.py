"""What is written for Kamailio, and what is refused."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hotline.config import Settings
from hotline.edge import configuration
from hotline.errors import ConfigError
from hotline.number import dialable
from hotline.ports import RETRY_AFTER


def _settings(state: Path, **sections: dict[str, Any]) -> Settings:
    return Settings.model_validate({"state": state, **sections})


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_written_is_private(tmp_path: Path) -> None:
    settings = _settings(tmp_path / "state")
    config = configuration.write(settings)
    assert config == tmp_path / "state" / "run" / "edge" / "kamailio.cfg"
    assert _mode(config.parent) == 0o700
    assert {_mode(path) for path in config.parent.iterdir()} == {0o600}
    assert _mode(settings.state / "edge.sqlite") == 0o600
    assert _mode(settings.secrets_dir / "edge-dialog.key") == 0o600


def test_no_placeholder_is_left(tmp_path: Path) -> None:
    written = configuration.write(_settings(tmp_path)).read_text()
    assert "{{" in configuration.template()
    assert "{{" not in written


@given(st.from_regex(r"([+]86|0086|86)?0?[1-9][0-9]{6,10}", fullmatch=True, alphabet="+0123456789"))
@example("4008123")  # of this area
@example("86961234567")
def test_edge_lets_everything_pass_that_a_gateway_may_call_back(number: str) -> None:
    if dialable(number):
        assert re.search(configuration.LINES_OF_PEOPLE, number)
        assert not re.search(configuration.SERVICES, number)


def test_gateways_are_listed_by_slot(tmp_path: Path) -> None:
    settings = _settings(tmp_path, gateway={"processes": 3, "first_port": 6070})
    listed = (configuration.write(settings).parent / "dispatcher.list").read_text()
    assert listed.splitlines() == [
        "1 sip:127.0.0.1:6070 0 0 duid=gateway-1",
        "1 sip:127.0.0.1:6071 0 0 duid=gateway-2",
        "1 sip:127.0.0.1:6072 0 0 duid=gateway-3",
    ]


def test_every_network_of_every_trunk_is_listed_with_its_name(tmp_path: Path) -> None:
    trunks = [
        {"name": "telecom", "networks": ["192.0.2.0/24", "198.51.100.7/32"]},
        {"name": "mobile", "networks": ["203.0.113.0/28"]},
    ]
    written = configuration.write(_settings(tmp_path, edge={"trunks": trunks}))
    listed = (written.parent / "address.list").read_text().splitlines()
    assert listed[1:] == [
        "1 192.0.2.0 24 0 telecom",
        "1 198.51.100.7 32 0 telecom",
        "1 203.0.113.0 28 0 mobile",
    ]


def test_the_dialog_secret_outlives_a_second_write_and_is_not_in_the_command(
    tmp_path: Path,
) -> None:
    settings = _settings(tmp_path)
    first = configuration.write(settings).read_text()
    secret = (settings.secrets_dir / "edge-dialog.key").read_text()
    assert secret in first
    assert len(secret) == 64
    assert configuration.write(settings).read_text() == first
    assert secret not in " ".join(configuration.command(settings))


def test_the_command_stays_in_the_foreground_in_the_run_folder(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    command = configuration.command(settings)
    assert Path(command[0]).name == "kamailio"
    assert command[1:3] == ["-DD", "-E"]
    assert command[command.index("-f") + 1] == str(configuration.write(settings))
    assert command[command.index("-Y") + 1] == str(configuration.folder(settings))


@pytest.mark.parametrize(
    ("edge", "key"),
    [
        ({"realm": 'x" + $ru + "'}, "edge.realm"),
        ({"outbound_trunk": "trunk.example:5060;lr"}, "edge.outbound_trunk"),
        ({"outbound_trunk": 'trunk"\nexit;'}, "edge.outbound_trunk"),
    ],
)
def test_a_value_that_would_break_out_is_refused_by_key(
    tmp_path: Path, edge: dict[str, Any], key: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(key)}: "):
        configuration.write(_settings(tmp_path, edge=edge))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ['quo"te', "spa ce", "ha#sh"])
def test_a_state_folder_that_kamailio_cannot_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"^state: "):
        configuration.write(_settings(tmp_path / name))


def test_a_state_folder_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too long for a socket"):
        configuration.write(_settings(tmp_path / ("x" * 100)))


@pytest.mark.parametrize(
    "architecture", ["x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu"]
)
def test_modules_are_found_on_any_architecture(tmp_path: Path, architecture: str) -> None:
    assert configuration.modules(tmp_path) is None
    folder = tmp_path / "usr" / "lib" / architecture / "kamailio" / "modules"
    folder.mkdir(parents=True)
    (folder / "dispatcher.so").touch()
    assert configuration.modules(tmp_path) is None, "kamailio-sqlite-modules is not there yet"
    (folder / "db_sqlite.so").touch()
    assert configuration.modules(tmp_path) == folder


def test_partners_stand_in_their_route_and_nowhere_else(tmp_path: Path) -> None:
    overflow = [
        {"name": "north", "to": "sip:a@192.0.2.7:5080", "after": 60},
        {"name": "south", "to": "sip:b@partner.example", "after": 60, "pass_number": True},
    ]
    settings = Settings.model_validate({"state": tmp_path, "overflow": overflow})
    written = configuration.write(settings).read_text()
    route = re.search(r"^route\[PARTNER\] \{\n(.*?)^\}", written, re.M | re.S)
    assert route is not None
    north, south = route[1].split("    }\n")[:2]
    assert '$rU == "partner.north"' in north
    assert '$ru = "sip:a@192.0.2.7:5080";' in north
    assert "P-Asserted-Identity" in north
    assert '$ru = "sip:b@partner.example";' in south
    assert "P-Asserted-Identity" not in south
    assert "192.0.2.7" not in written.replace(route[0], "")


def test_edge_and_gateway_ask_who_is_refused_to_wait_equally_long(tmp_path: Path) -> None:
    written = configuration.write(_settings(tmp_path)).read_text()
    assert written.count(f"Retry-After: {RETRY_AFTER}\\r\\n") == 2
