"""The first configuration file: complete, loadable, with ports of its own, never overwritten."""

from __future__ import annotations

import random
import re
import socket
import stat
from pathlib import Path

import pytest
from pydantic import BaseModel

from admin.initialize import ChosenPorts, choose_ports, write_config
from hotline.area import Area
from hotline.config import Settings
from hotline.configfile import load
from hotline.errors import ConfigError
from hotline.overflow import Overflow
from hotline.trunk import Trunk

DEFAULTS = ChosenPorts(edge=5060, redis=6390, first_gateway=5070, first_rtp=20000, rtp_ports=4096)


def test_written_file_has_the_chosen_ports(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    ports = choose_ports(3)
    write_config(path, processes=3, ports=ports)
    settings = load(path)
    assert settings.gateway.processes == 3
    assert settings.edge.port == ports.edge
    assert settings.redis.port == ports.redis
    assert settings.gateway.first_port == ports.first_gateway
    assert settings.gateway.first_rtp_port == ports.first_rtp


def test_file_without_its_comment_signs_says_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    write_config(path, ports=DEFAULTS)
    full = re.sub(r"(?m)^#(?=\[|[a-z_]+ = )", "", path.read_text(encoding="utf-8"))
    path.write_text(full, encoding="utf-8")
    said = load(path).model_dump()
    default = Settings(state=tmp_path / "state").model_dump()
    # What has no default value is shown by an example.
    for section, key in (("edge", "trunks"), ("edge", "outbound_trunk"), ("redis", "url"),
                         ("redis", "password"), ("database", "url"),
                             ("callback", "shown")):  # fmt: skip
        assert said[section].pop(key)
        default[section].pop(key)
    (example,) = said.pop("overflow")
    assert default.pop("overflow") == ()
    shown = Overflow(name="north", to=example["to"], after=120, callers=example["callers"])
    assert example == shown.model_dump()
    (area,) = said.pop("areas")
    assert default.pop("areas") == ()
    assert area == Area(prefix=area["prefix"], node="city/east").model_dump()
    assert said == default


def test_every_setting_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    write_config(path)
    text = path.read_text(encoding="utf-8")
    default = Settings()
    values = [getattr(default, name) for name in Settings.model_fields]
    sections: list[type[BaseModel]] = [Trunk, Overflow, Area]
    sections += [type(value) for value in values if isinstance(value, BaseModel)]
    keys = {key for section in sections for key in section.model_fields} - {"trunks"}
    assert len(keys) > 25
    assert [key for key in sorted(keys) if not re.search(rf"(?m)^#?{key} = ", text)] == []


def test_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text("mine")
    with pytest.raises(ConfigError, match=r"hotline\.toml: exists already"):
        write_config(path)
    assert path.read_text() == "mine"


def test_file_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    write_config(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("processes", [1, 2, 40, 64])
def test_chosen_ports_do_not_overlap(processes: int) -> None:
    for seed in range(50):
        ports = choose_ports(processes, dice=random.Random(seed))
        gateways = range(ports.first_gateway, ports.first_gateway + processes)
        speech = range(ports.first_rtp, ports.first_rtp + processes * ports.rtp_ports)
        every = [ports.edge, ports.redis, *gateways, *speech]
        assert len(set(every)) == len(every)
        assert ports.first_rtp % 2 == 0
        assert min(every) >= 10000
        assert max(every) < 32000 + processes


def test_used_port_is_not_chosen() -> None:
    first = choose_ports(1, dice=random.Random(7))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", first.edge))
        assert choose_ports(1, dice=random.Random(7)).edge != first.edge
