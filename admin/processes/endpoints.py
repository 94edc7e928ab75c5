"""Where the platform listens: which key says so, and whether it can at all on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from admin.supervision.sockets import Endpoint, Obstacle, first_open_port, machine_addresses
from hotline.config import Settings
from hotline.configfault import sentence
from hotline.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`key` says the port, such as ``edge.port`` or ``gateway.first_port + 1``, and `address_key`
    the address."""

    key: str
    address_key: str
    endpoint: Endpoint


def wanted_endpoints(settings: Settings) -> list[Wanted]:
    """Return what the platform listens on with these settings; RTP apart, which is opened call by
    call."""
    edge, gateway = settings.edge, settings.gateway
    wanted = [
        ("edge.port", "edge.address", Endpoint("udp", edge.address, edge.port)),
        ("edge.port", "edge.address", Endpoint("tcp", edge.address, edge.port)),
    ]
    if settings.redis.url is None:
        redis = Endpoint("tcp", "127.0.0.1", settings.redis.port)
        wanted.append(("redis.port", "redis.address", redis))
    for n in range(gateway.processes):
        key = f"gateway.first_port + {n}" if n else "gateway.first_port"
        sip = Endpoint("udp", gateway.sip_address, gateway.first_port + n)
        wanted.append((key, "gateway.sip_address", sip))
    return [Wanted(key=key, address_key=at, endpoint=one) for key, at, one in wanted]


def speech(settings: Settings) -> Wanted:
    """Return where speech comes in, at any port: whether the address is ours at all."""
    return Wanted(
        key="gateway.first_rtp_port",
        address_key="gateway.address",
        endpoint=Endpoint("udp", settings.gateway.address, 0),
    )


def refuse_impossible(settings: Settings, file: Path) -> None:
    """Raise ConfigError where one of them can never be opened here: one sentence for each key.

    For who runs all of it on this machine; a container's configuration names others. A port that
    somebody has is no matter of the configuration: it may be given up any moment.
    """
    faults: dict[str, None] = {}
    for wanted in (*wanted_endpoints(settings), speech(settings)):
        match wanted.endpoint.obstacle():
            case Obstacle.FOREIGN:
                what = f"must be one of this machine's: {', '.join(machine_addresses())}"
                faults[_fault(file, wanted.address_key, what, wanted.endpoint.host)] = None
            case Obstacle.FORBIDDEN:
                what = f"must be a port that this user may open, {first_open_port()} or above"
                faults[_fault(file, wanted.key, what, wanted.endpoint.port)] = None
    if faults:
        raise ConfigError("\n".join(faults))


def _fault(file: Path, key: str, what: str, given: object) -> str:
    return sentence(file, tuple(key.split(".")), what, given)
