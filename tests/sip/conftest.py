"""The edge and the parties around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.edge_server import PHONE_HOST, STRANGER_HOST, TRUNK_HOST, EdgeServer
from tests.sip.wire import Peer

MakePeer = Callable[..., Peer]


@pytest.fixture
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeServer]:
    """A running edge with two gateway slots, nobody in them; 1001 is a counselor, 1002 a
    supervisor, 2001 an in-house phone; passwords are ``pw-<extension>``."""
    server = EdgeServer(tmp_path_factory.mktemp("edge"))
    furnish(server)
    server.start()
    yield server
    server.stop()


def furnish(server: EdgeServer) -> None:
    server.credentials.put("1001", "pw-1001", "counselor")
    server.credentials.put("1002", "pw-1002", "supervisor")
    server.credentials.put("2001", "pw-2001", "extension")


@pytest.fixture
def make_peer() -> Iterator[MakePeer]:
    """Makes peers and closes them: ``make_peer(edge, host, port=0)``."""
    with ExitStack() as peers:

        def make(server: EdgeServer, host: str, port: int = 0) -> Peer:
            peer = Peer(host, port, edge=server.address)
            peers.callback(peer.close)
            return peer

        yield make


@pytest.fixture
def gateways(edge: EdgeServer, make_peer: MakePeer) -> list[Peer]:
    gateway = edge.settings.gateway
    return [
        make_peer(edge, gateway.address, gateway.first_port + n) for n in range(gateway.processes)
    ]


@pytest.fixture
def trunk(edge: EdgeServer, make_peer: MakePeer) -> Peer:
    return make_peer(edge, TRUNK_HOST)


@pytest.fixture
def phone(edge: EdgeServer, make_peer: MakePeer) -> Peer:
    return make_peer(edge, PHONE_HOST)


@pytest.fixture
def stranger(edge: EdgeServer, make_peer: MakePeer) -> Peer:
    return make_peer(edge, STRANGER_HOST)
