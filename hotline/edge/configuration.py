"""Kamailio's configuration, written from the settings at each start.

The parts in `kamailio/` beside this file are a template: ``{{name}}`` stands for a value. A value
that could break out of its place (a quote, a space, a line end) is refused before anything is
written.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import shutil
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from hotline.config import Settings
from hotline.edge.credentials import Credentials
from hotline.errors import ConfigError
from hotline.overflow import Overflow
from hotline.ports import RETRY_AFTER
from hotline.privatefile import create_private, write_private

PARTS = ("core", "requests", "registrations", "calls", "dialogs")
"""Of the configuration, in their order."""
NOBODY = "1 == 0"
"""A condition that nobody meets."""
CHILDREN = 4
"""UDP workers: one that waits for the disk must not hold up the others."""
SOCKET_PATH_LIMIT = 107
"""Bytes that a Unix socket's path may have."""
ASKING = "q"
"""Beginning of the names of the sockets that answers come to; no longer than ``rpc.sock``."""

_NAME = re.compile(r"\{\{(\w+)\}\}")
_HOST = re.compile(r"[A-Za-z0-9.-]+")
_HOST_PORT = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_PATH = re.compile(r"[^\s\"'\\!#;{}]+")
LINES_OF_PEOPLE = r"^(([+]86|0086)?0?[1-9][0-9]{6,10}|861[3-9][0-9]{9})$"
"""What may be called back: `number.dialable`, as far as POSIX expressions can say it ..."""
SERVICES = r"^([+]86|0086)?0?((400|800)[0-9]{7,8}|95[06-9][0-9]+|96[0-9]+)$"
"""... and not these."""
_MODULES = (
    "usr/lib/*/kamailio/modules",
    "usr/lib/kamailio/modules",
    "usr/lib64/kamailio/modules",
    "usr/local/lib*/kamailio/modules",
)


def folder(settings: Settings) -> Path:
    """Return where everything generated for the edge stands; 0700."""
    return settings.run_dir.absolute() / "edge"


def rpc_socket(settings: Settings) -> Path:
    """Return the control socket that Kamailio listens on."""
    return folder(settings) / "rpc.sock"


def database(settings: Settings) -> Path:
    """Return the file of credentials and registrations."""
    return settings.state.absolute() / "edge.sqlite"


def slots(settings: Settings) -> dict[str, str]:
    """Return the SIP URI of each gateway by its slot, ``gateway-1`` first."""
    gateway = settings.gateway
    return {
        f"gateway-{n + 1}": f"sip:{gateway.sip_address}:{gateway.first_port + n}"
        for n in range(gateway.processes)
    }


def program() -> str | None:
    """Return Kamailio's path, also where it is not on the user's PATH; None: not installed."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    return shutil.which("kamailio", path=path)


def modules(root: Path = Path("/")) -> Path | None:
    """Return the folder of Kamailio's modules on any Debian architecture; None: not installed."""
    for pattern in _MODULES:
        for found in sorted(root.glob(pattern)):
            if (found / "dispatcher.so").exists() and (found / "db_sqlite.so").exists():
                return found
    return None


def write(settings: Settings) -> Path:
    """Write everything Kamailio reads at start and return its configuration's path.

    Makes `edge.sqlite` and the dialog secret when they do not exist yet. Raises ConfigError.
    """
    values = _values(settings)
    target = folder(settings)
    for private in (settings.state, settings.run_dir, target):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.chmod(0o700)
    for left_over in target.glob(f"{ASKING}???????"):  # by one that was killed as it asked
        left_over.unlink(missing_ok=True)
    Credentials(database(settings), settings.edge.realm)
    values["dialog_secret"] = _dialog_secret(settings.secrets_dir / "edge-dialog.key")
    write_private(target / "dispatcher.list", _dispatcher_list(settings))
    write_private(target / "address.list", _address_list(settings))
    values["target_secret"] = _derived(values["dialog_secret"], "target")
    config = target / "kamailio.cfg"
    write_private(config, _NAME.sub(lambda name: values[name[1]], template()))
    return config


def template() -> str:
    """Return the configuration with its placeholders."""
    parts = files("hotline.edge") / "kamailio"
    return "\n".join((parts / f"{part}.cfg").read_text(encoding="utf-8") for part in PARTS)


def command(settings: Settings) -> list[str]:
    """Return the command that runs the edge in the foreground; it holds no secret."""
    place = str(folder(settings))
    config = f"{place}/kamailio.cfg"
    return [program() or "kamailio", "-DD", "-E", "-f", config, "-m", "32", "-M", "4",
            "-Y", place, "-w", place]  # fmt: skip


def _values(settings: Settings) -> dict[str, str]:
    edge = settings.edge
    found = modules()
    if found is None:
        raise ConfigError("kamailio is missing; install kamailio and kamailio-sqlite-modules")
    socket = str(rpc_socket(settings))
    if len(os.fsencode(socket)) > SOCKET_PATH_LIMIT:
        raise ConfigError(f"state: {socket} is too long for a socket; use a shorter state folder")
    if edge.address == "0.0.0.0":  # noqa: S104 - refused, not bound
        raise ConfigError("edge.address: name one address that phones reach, not 0.0.0.0")
    _checked("gateway.sip_address", settings.gateway.sip_address, _HOST)
    return {
        "address": _checked("edge.address", edge.address, _HOST),
        "port": str(edge.port),
        "realm": _checked("edge.realm", edge.realm, _HOST),
        "children": str(CHILDREN),
        "modules": f"{found}/",
        "rpc_socket": socket,
        "flood_requests": str(edge.flood_requests),
        "devices": str(edge.devices),
        "phone_ping": str(edge.phone_ping),
        "retry_after": str(RETRY_AFTER),
        "database": _checked("state", str(database(settings)), _PATH),
        "dispatcher_list": str(folder(settings) / "dispatcher.list"),
        "address_list": str(folder(settings) / "address.list"),
        "is_line": _is_one_of(line.number for line in settings.lines),
        "is_outbound": _is_one_of(edge.outbound),
        "is_callback": _is_callback(settings),
        "partners": "".join(map(_partner, settings.overflow)),
        "outbound_trunk": _checked("edge.outbound_trunk", edge.outbound_trunk or "", _HOST_PORT),
    }


def _partner(overflow: Overflow) -> str:
    """Return what sends a call to this partner, and says that it does. Name and address have no
    character that could break out (`hotline.overflow`)."""
    hidden = "" if overflow.pass_number else '        remove_hf("P-Asserted-Identity");\n'
    return (
        f'    if ($rU == "{overflow.extension}") {{\n'
        f"{hidden}"
        f'        $ru = "{overflow.to}";\n'
        '        $var(kind) = "partner";\n'
        "        return;\n"
        "    }\n"
    )


def _checked(key: str, value: str, allowed: re.Pattern[str]) -> str:
    if value and not allowed.fullmatch(value):
        raise ConfigError(f"{key}: {value!r} has a character that is not allowed here")
    return value


def _is_one_of(numbers: Iterable[str]) -> str:
    """Return the condition that the dialled number is one of these, character by character."""
    return " || ".join(f'$rU == "{number}"' for number in numbers) or NOBODY


def _is_callback(settings: Settings) -> str:
    """Return the condition that a gateway may call this number to call somebody back."""
    if not settings.callback.enabled:
        return NOBODY
    return f'$rU =~ "{LINES_OF_PEOPLE}" && !($rU =~ "{SERVICES}")'


def _dispatcher_list(settings: Settings) -> str:
    """Set 1: each gateway with its slot as `duid`, by which loads are counted."""
    return "".join(f"1 {uri} 0 0 duid={slot}\n" for slot, uri in slots(settings).items())


def _address_list(settings: Settings) -> str:
    """Group 1: each trunk's networks, any port, with the trunk's name as tag."""
    lines = [
        f"1 {network.network_address} {network.prefixlen} 0 {trunk.name}\n"
        for trunk in settings.edge.trunks
        for network in trunk.networks
    ]
    return "# group address mask port name\n" + "".join(lines)


def _dialog_secret(path: Path) -> str:
    """Return what seals dialogs; kept, so that calls in progress outlive a restart."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        create_private(path, secrets.token_hex(32))
    return path.read_text(encoding="ascii").strip()


def _derived(secret: str, purpose: str) -> str:
    return hmac.digest(secret.encode(), purpose.encode(), "sha256").hex()
