"""Asking and telling the running Kamailio: JSON-RPC over a Unix datagram socket in the run folder.

Nothing set here outlives the edge: after a restart every gateway is active again.
"""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

from hotline.config import Settings
from hotline.edge import configuration
from hotline.edge.registration import Phone, Registration, phones_of, read_registrations
from hotline.errors import HotlineError

_GATEWAYS = 1
"""The dispatcher set that holds the gateways."""
_LARGEST_REPLY = 1 << 20


class EdgeUnavailable(HotlineError):
    """The edge does not run, or did not answer its control socket in time."""

    code = "edge_unavailable"


class EdgeRefused(HotlineError):
    """The edge answered a command with an error."""

    code = "edge_refused"


class UnknownGateway(HotlineError):
    """No gateway has that slot."""

    code = "unknown_gateway"


class GatewayState(StrEnum):
    """Whether new calls go to a gateway."""

    ACTIVE = "active"
    DOWN = "down"
    """It does not answer; OPTIONS brings it back."""
    DRAINING = "draining"
    """Taken out by hand: calls in progress go on, new ones go elsewhere."""


_STATES: Mapping[str, GatewayState] = {
    "A": GatewayState.ACTIVE,
    "T": GatewayState.ACTIVE,  # missed a ping, still chosen
    "I": GatewayState.DOWN,
    "D": GatewayState.DRAINING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStatus:
    """One gateway as the edge sees it. `calls` are those that the edge sent to it."""

    slot: str
    uri: str
    state: GatewayState
    calls: int


class Control:
    """One edge's control socket. Each method is one exchange and may raise EdgeUnavailable."""

    def __init__(self, path: Path, *, database: Path, timeout: float = 2.0) -> None:
        """`path` is the socket, `database` is `edge.sqlite`; `timeout` is in seconds."""
        self._path = path
        self._database = database
        self._timeout = timeout

    @classmethod
    def of(cls, settings: Settings) -> Control:
        """Return the control of the edge that these settings describe."""
        return cls(configuration.rpc_socket(settings), database=configuration.database(settings))

    def ping(self) -> float:
        """Return for how many seconds the edge has been up: infinite where nobody knows, for the
        clock was set back to before its start."""
        uptime = float(self._call("core.uptime")["uptime"])
        return uptime if uptime >= 0 else math.inf

    def drain(self, slot: str) -> None:
        """Send no new call to the gateway; dialogs and its own calls to phones go on.

        Raises UnknownGateway.
        """
        self._set_state(slot, "d")

    def resume(self, slot: str) -> None:
        """Send calls to the gateway again. Raises UnknownGateway."""
        self._set_state(slot, "ap")

    def doubt(self) -> None:
        """Take every gateway for down until it answers an OPTIONS; those draining stay so."""
        for gateway in self.gateways():
            if gateway.state is not GatewayState.DRAINING:
                self._call("dispatcher.set_duid_state", "ip", _GATEWAYS, gateway.slot)

    def gateways(self) -> list[GatewayStatus]:
        """Return every gateway, by port."""
        records = self._call("dispatcher.list", "full")["RECORDS"]
        found = [target["DEST"] for record in records for target in record["SET"]["TARGETS"]]
        return [
            GatewayStatus(
                slot=gateway["ATTRS"]["DUID"],
                uri=gateway["URI"],
                state=_STATES[gateway["FLAGS"][0]],
                calls=int(gateway["RUNTIME"]["DLGLOAD"]),
            )
            for gateway in sorted(found, key=lambda one: int(one["PORT"]))
        ]

    def registrations(self) -> list[Registration]:
        """Return every phone that can be called now, by extension; also while the edge is down."""
        return read_registrations(self._database)

    def phones(self, extension: str) -> list[Phone]:
        """Return every phone of the extension, with when each proved alive last.

        One exchange takes about 0.1 ms.
        """
        try:
            return list(phones_of(extension, self._call("ul.lookup", "location", extension)))
        except EdgeRefused as refusal:
            if "AOR" not in str(refusal):
                raise
            return []  # "AOR not found" or "AOR has no contacts"

    def is_ready(self) -> bool:
        """Return whether the edge has taken up every registration that was written.

        It answers OPTIONS some 30 ms before, and would say 480 for phones that are registered.
        """
        counted = self._call("stats.fetch", "usrloc:")["usrloc.location_contacts"]
        return int(counted) >= len(self.registrations())

    def _set_state(self, slot: str, state: str) -> None:
        known = [gateway.slot for gateway in self.gateways()]
        if slot not in known:
            raise UnknownGateway(f"{slot}: there are {', '.join(known)}")
        self._call("dispatcher.set_duid_state", state, _GATEWAYS, slot)

    def _call(self, method: str, *params: str | int) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        try:
            with self._asking() as ours:
                ours.sendto(json.dumps(request).encode(), str(self._path))
                reply = json.loads(ours.recv(_LARGEST_REPLY))
        except (OSError, ValueError) as error:
            raise EdgeUnavailable(f"{method}: {error}") from None
        if "error" in reply:
            raise EdgeRefused(f"{method}: {reply['error'].get('message', 'no reason given')}")
        return reply["result"]

    @contextmanager
    def _asking(self) -> Iterator[socket.socket]:
        """A socket that the edge can answer to, beside its own, so that it finds it from another
        container as well: an abstract name would end at the network namespace."""
        address = self._path.with_name(configuration.ASKING + uuid4().hex[:7])
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
            ours.settimeout(self._timeout)
            ours.bind(str(address))
            try:
                yield ours
            finally:
                address.unlink(missing_ok=True)
