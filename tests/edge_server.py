"""A real Kamailio with our configuration, for tests: start, kill, restart."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
from collections.abc import Container, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hotline.config import Settings
from hotline.edge.configuration import command, database, write
from hotline.edge.control import Control, EdgeUnavailable
from hotline.edge.credentials import Credentials
from hotline.edge.health import answers_options
from tests.servers import free_port, wait_until

TRUNK_HOST = "127.0.0.2"
PHONE_HOST = "127.0.0.3"
OUTSIDE_HOST = "127.0.0.4"
STRANGER_HOST = "127.0.0.9"


def free_udp_ports(count: int) -> int:
    """Return the first of `count` neighbouring UDP ports of loopback that nobody uses now."""
    while True:
        first = random.randrange(32, 1000) * 32
        if all(_is_free("127.0.0.1", first + n) for n in range(count)):
            return first


def free_sip_port(*, besides: Container[int] = ()) -> int:
    """Return a port of loopback that is free on UDP and on TCP, and none of `besides`."""
    while True:
        port = free_port()
        if port not in besides and _is_free("127.0.0.1", port):
            return port


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


class EdgeServer:
    """The edge on a port of its own. `folder` should have a short path: sockets stand below it.

    One trunk, ``telecom``, is `TRUNK_HOST`; the line is 12356. `edge` overrides settings of that
    section, `settings` whole sections.
    """

    def __init__(
        self,
        folder: Path,
        *,
        gateways: int = 2,
        first_gateway_port: int | None = None,
        edge: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        first = free_udp_ports(gateways) if first_gateway_port is None else first_gateway_port
        sections: dict[str, Any] = {
            "state": folder / "state",
            "edge": {
                "port": free_sip_port(besides=range(first, first + gateways)),
                "trunks": [{"name": "telecom", "networks": [f"{TRUNK_HOST}/32"]}],
                **(edge or {}),
            },
            "gateway": {"processes": gateways, "first_port": first, "first_rtp_port": 40000},
            **(settings or {}),
        }
        self.settings = Settings.model_validate(sections)
        self.log = folder / "edge.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> tuple[str, int]:
        return self.settings.edge.address, self.settings.edge.port

    @property
    def credentials(self) -> Credentials:
        return Credentials(database(self.settings), self.settings.edge.realm)

    @property
    def control(self) -> Control:
        return Control.of(self.settings)

    @property
    def pid(self) -> int:
        """The main process, which leads the group of them all."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start and return when it answers and knows its phones; else fail with its log."""
        write(self.settings)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command(self.settings), stdout=log, stderr=log, start_new_session=True
            )
        try:
            wait_until(lambda: self.answers() and self._is_ready(), what="the edge")
        except AssertionError:
            self.kill()
            raise AssertionError(self.log.read_text()) from None

    def answers(self) -> bool:
        return asyncio.run(answers_options(*self.address, 0.2))

    def _is_ready(self) -> bool:
        with suppress(EdgeUnavailable):
            return self.control.is_ready()
        return False

    def kill(self) -> None:
        """SIGKILL the whole group: a killed main leaves workers that keep answering."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        # Workers die a moment after the main process; the last one gives the port up.
        wait_until(lambda: _is_free(*self.address), what="the end of every worker")

    stop = kill

    def restart(self) -> None:
        """Kill without warning, and start again."""
        self.kill()
        self.start()
