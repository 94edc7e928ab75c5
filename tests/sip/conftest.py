"""The edge and the parties around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.edge_server import PHONE_HOST, STRANGER_HOST, TRUNK_HOST, EdgeServer
from tests.sip.wire import Peer

MakePeer = Callable[..., Peer]


@pytest.fixture
def new_edge(tmp_path_factory: pytest.TempPathFactory) -> EdgeServer:
    """An edge that does not run yet. A module that needs another one has a fixture of that name."""
    return EdgeServer(tmp_path_factory.mktemp("edge"))


@pytest.fixture
def edge(new_edge: EdgeServer, request: pytest.FixtureRequest) -> Iterator[EdgeServer]:
    """A running edge with two gateway slots, nobody in them; 1001 is a counselor, 1002 a
    supervisor, 2001 an in-house phone; passwords are ``pw-<extension>``."""
    if "gateways" in request.fixturenames:  # there before it asks for them: none is missed
        request.getfixturevalue("sockets_of_gateways")
    furnish(new_edge)
    new_edge.start()
    yield new_edge
    new_edge.stop()


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
def gateways(edge: EdgeServer, sockets_of_gateways: list[Peer]) -> list[Peer]:
    return sockets_of_gateways


@pytest.fixture
def sockets_of_gateways(new_edge: EdgeServer, make_peer: MakePeer) -> list[Peer]:
    gateway = new_edge.settings.gateway
    return [
        make_peer(new_edge, gateway.sip_address, gateway.first_port + n)
        for n in range(gateway.processes)
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
