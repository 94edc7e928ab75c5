"""Whether a SIP server is alive, asked by OPTIONS."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from hotline.edge.health import answers_options
from tests.edge_server import EdgeServer
from tests.servers import free_port

NOBODY = "127.0.0.77"
"""An address at which nothing listens."""


def _asks(address: tuple[str, int], timeout: float = 10.0) -> bool:
    return asyncio.run(answers_options(*address, timeout))


def test_a_running_edge_answers_and_a_killed_one_does_not(edge: EdgeServer) -> None:
    assert _asks(edge.address)
    edge.kill()
    assert not _asks(edge.address, 0.5)


def test_a_closed_port_is_known_at_once() -> None:
    begun = time.monotonic()
    assert not _asks((NOBODY, free_port(host=NOBODY)), 60.0)
    assert time.monotonic() - begun < 30


def test_an_address_that_cannot_be_asked_is_no_answer() -> None:
    assert not _asks(("255.255.255.255", 5060))


class _Server(asyncio.DatagramProtocol):
    """Answers the nth request with `status`, and with `call_id` in place of the right one."""

    def __init__(self, *, status: int, nth: int = 1, call_id: str = "") -> None:
        self._status, self._left, self._call_id = status, nth, call_id

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._left -= 1
        if self._left:
            return
        lines = data.decode().split("\r\n")[1:]
        if self._call_id:
            lines = [
                f"Call-ID: {self._call_id}" if x.startswith(("Call-ID", "Via", "From")) else x
                for x in lines
            ]
        answer = "\r\n".join([f"SIP/2.0 {self._status} Test", *lines])
        self._transport.sendto(answer.encode(), addr)


async def _asks_a(server: _Server, timeout: float) -> bool:  # noqa: ASYNC109 - passed on
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: server, ("127.0.0.1", 0))
    try:
        host, port = transport.get_extra_info("sockname")
        return await answers_options(host, port, timeout)
    finally:
        transport.close()


def test_a_lost_request_is_sent_again() -> None:
    assert asyncio.run(_asks_a(_Server(status=200, nth=2), 10.0))


def test_a_refusal_is_not_health() -> None:
    assert not asyncio.run(_asks_a(_Server(status=503), 10.0))


def test_the_answer_to_another_question_does_not_count() -> None:
    assert not asyncio.run(_asks_a(_Server(status=200, call_id="another"), 0.3))
