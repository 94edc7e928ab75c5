"""Is a SIP server alive? Asked by protocol: OPTIONS over UDP (RFC 3261 section 11)."""

from __future__ import annotations

import asyncio
from uuid import uuid4

_RETRANSMIT = 0.5
"""T1 of RFC 3261 section 17.1.1.1, in seconds."""


async def answers_options(host: str, port: int, timeout: float) -> bool:  # noqa: ASYNC109 - part of the contract
    """Return whether ``host:port`` answers an OPTIONS with 2xx within `timeout` seconds.

    Never raises for the network's faults: no answer is an answer.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _ask(host, port)
    except OSError:  # TimeoutError is one
        return False


async def _ask(host: str, port: int) -> bool:
    transport, question = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Question(host, port), remote_addr=(host, port)
    )
    try:
        return await question.ask(transport)
    finally:
        transport.close()


class _Question(asyncio.DatagramProtocol):
    """One OPTIONS, sent again until its own answer comes."""

    def __init__(self, host: str, port: int) -> None:
        self._target = f"{host}:{port}"
        self._call_id = uuid4().hex
        self._answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def ask(self, transport: asyncio.DatagramTransport) -> bool:
        address, port = transport.get_extra_info("sockname")[:2]
        request = self._request(f"{address}:{port}")
        while True:
            transport.sendto(request)
            done, _ = await asyncio.wait({self._answer}, timeout=_RETRANSMIT)
            if done:
                return self._answer.result()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's signature
        start, _, rest = data.decode("utf-8", "replace").partition("\r\n")
        if start.startswith("SIP/2.0 ") and self._call_id in rest and not self._answer.done():
            self._answer.set_result(start[8:9] == "2")

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002 - asyncio's signature
        """Port closed: the same as silence, but known at once."""
        if not self._answer.done():
            self._answer.set_result(False)

    def _request(self, local: str) -> bytes:
        lines = (
            f"OPTIONS sip:{self._target} SIP/2.0",
            f"Via: SIP/2.0/UDP {local};branch=z9hG4bK{self._call_id};rport",
            "Max-Forwards: 10",
            f"From: <sip:health@{local}>;tag={self._call_id[:8]}",
            f"To: <sip:{self._target}>",
            f"Call-ID: {self._call_id}",
            "CSeq: 1 OPTIONS",
            "Content-Length: 0",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()
