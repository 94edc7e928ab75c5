"""The platform's processes on one machine, as the supervisor is told of them."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from admin.files import private_folder
from admin.supervision.health import FreshHeartbeat, Probe, RedisPing, Running, SipOptions
from admin.supervision.heartbeat import heartbeat_path
from admin.supervision.process import ProcessError, ProcessSpec
from admin.supervision.sockets import Endpoint
from hotline.clock import Clock
from hotline.config import Settings
from hotline.edge import configuration as edge
from hotline.privatefile import write_private

_LOOPBACK = "127.0.0.1"
_REDIS_CONF = """\
# Written by the platform at each start: changes here are lost.
bind {host}
port {port}
protected-mode yes
daemonize no
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
{secret}"""


def specs(settings: Settings, config_path: Path, *, clock: Clock) -> list[ProcessSpec]:
    """Return every process that `hotline up` runs; writes their generated configurations.

    A Redis elsewhere (``redis.url``) is not ours to run. Raises ConfigError.
    """
    private_folder(settings.state)
    private_folder(settings.run_dir)
    # A heartbeat of an earlier life must not pass for one of the next.
    heartbeat_path(settings, "scribe").unlink(missing_ok=True)
    own_redis = [_redis(settings, clock)] if settings.redis.url is None else []
    needs = frozenset(spec.name for spec in own_redis)
    call_needs = needs | {"edge"}  # a gateway that ends says goodbye to its calls through it
    gateways = [
        _gateway(settings, config_path, n, call_needs, clock)
        for n in range(settings.gateway.processes)
    ]
    others = [
        ProcessSpec(
            name=name,
            argv=_own(name, config_path),
            ready=probe(settings, name, clock=clock),
            needs=needs,
        )
        for name in ("scribe", "worker")
    ]
    return [*own_redis, _edge(settings, clock), *gateways, *others]


def probe(settings: Settings, name: str, *, clock: Clock) -> Probe:
    """Return what asks whether process `name` serves, wherever it runs. Raises ProcessError."""
    gateway = settings.gateway
    gateways = {
        f"gateway-{n + 1}": SipOptions(gateway.sip_address, gateway.first_port + n)
        for n in range(gateway.processes)
    }
    probes: dict[str, Probe] = {
        "redis": RedisPing(_LOOPBACK, settings.redis.port, password=settings.redis.password),
        "edge": SipOptions(settings.edge.address, settings.edge.port),
        **gateways,
        "scribe": FreshHeartbeat(path=heartbeat_path(settings, "scribe"), clock=clock),
        "worker": Running(),
    }
    if name not in probes:
        raise ProcessError(f"no process {name}; there are {', '.join(probes)}")
    return probes[name]


def _own(name: str, config_path: Path) -> tuple[str, ...]:
    """Return the command that runs one process of ours."""
    config = str(config_path.absolute())
    return (sys.executable, "-m", "admin", "run", name, "--config", config)


def _gateway(
    settings: Settings, config_path: Path, n: int, needs: frozenset[str], clock: Clock
) -> ProcessSpec:
    name, host = f"gateway-{n + 1}", settings.gateway.sip_address
    port = settings.gateway.first_port + n
    return ProcessSpec(
        name=name,
        argv=_own(name, config_path),
        ready=probe(settings, name, clock=clock),
        needs=needs,
        binds=(Endpoint("udp", host, port),),
        stop_seconds=10.0,  # it says goodbye to every call
    )


def _edge(settings: Settings, clock: Clock) -> ProcessSpec:
    edge.write(settings)
    host, port = settings.edge.address, settings.edge.port
    return ProcessSpec(
        name="edge",
        argv=tuple(edge.command(settings)),
        ready=probe(settings, "edge", clock=clock),
        binds=(Endpoint("udp", host, port),),
        orphan_signal=signal.SIGTERM,  # Kamailio's main ends its workers; killed, it leaves them
    )


def _redis(settings: Settings, clock: Clock) -> ProcessSpec:
    host, port = _LOOPBACK, settings.redis.port
    folder = private_folder(settings.state / "redis").absolute()
    config = settings.run_dir.absolute() / "redis.conf"
    password = settings.redis.password
    secret = f"requirepass {password}\n" if password else ""
    write_private(config, _REDIS_CONF.format(host=host, port=port, folder=folder, secret=secret))
    return ProcessSpec(
        name="redis",
        argv=("redis-server", str(config)),
        ready=probe(settings, "redis", clock=clock),
        binds=(Endpoint("tcp", host, port),),
        start_seconds=120.0,  # a long append-only file takes its time
        orphan_signal=signal.SIGTERM,  # it writes what it has to disk first
    )
