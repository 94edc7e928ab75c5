"""One SIP socket of the load: asks, answers, and says when each message arrived.

As light as a user agent can be (the load shares the machine with what it measures), but not
lighter than RFC 3261: requests are sent again until they are answered, a repeated request gets the
same answer again, a repeated 2xx gets its ACK again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

from tests.sip.wire import Address, Message, parse

T1 = 0.5
"""Seconds until a request is sent again the first time (RFC 3261 section 17.1.1.1)."""
PATIENCE = 10.0
"""Seconds after which a request counts as unanswered: far less than a caller's network has."""


class Unanswered(Exception):
    """No final answer came."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message and when its datagram was read (`perf_counter`)."""

    message: Message
    at: float


@dataclass(slots=True)
class _Asked:
    answer: asyncio.Future[Arrived]
    data: bytes
    to: Address
    is_invite: bool
    timer: asyncio.TimerHandle | None = None
    pause: float = T1


Key = tuple[str, str]


class Party(asyncio.DatagramProtocol):
    """Open with `Party.open`. `handlers`: what to do with a request, by method; a request
    without one is answered 200."""

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[Arrived], None]] = {}
        self.seen: Counter[str] = Counter()
        """What is worth knowing afterwards, such as how many requests had to be sent again."""
        self.address: Address = ("", 0)
        self._transport: asyncio.DatagramTransport | None = None
        self._asked: dict[Key, _Asked] = {}
        self._acks: dict[Key, tuple[bytes, Address]] = {}
        self._replies: dict[Key, bytes] = {}

    @classmethod
    async def open(cls, host: str) -> Party:
        """Listen on a free port of `host`."""
        loop = asyncio.get_running_loop()
        _, party = await loop.create_datagram_endpoint(cls, local_addr=(host, 0))
        return party

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.address = transport.get_extra_info("sockname")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    @property
    def contact(self) -> str:
        return f"sip:bench@{self.address[0]}:{self.address[1]}"

    # --- asking ------------------------------------------------------------------------

    def via(self) -> tuple[str, str]:
        host, port = self.address
        return ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{uuid4().hex};rport")

    def send(self, message: Message, to: Address) -> bytes:
        data = message.encode()
        assert self._transport is not None
        self._transport.sendto(data, to)
        return data

    async def ask(self, message: Message, to: Address) -> Arrived:
        """Send and return the final answer; a refused INVITE is acknowledged.

        Raises Unanswered.
        """
        key = _key(message)
        answer: asyncio.Future[Arrived] = asyncio.get_running_loop().create_future()
        asked = _Asked(answer, self.send(message, to), to, message.method == "INVITE")
        self._asked[key] = asked
        self._again_later(asked)
        try:
            async with asyncio.timeout(PATIENCE):
                final = await answer
        except TimeoutError:
            self.seen["unanswered"] += 1
            raise Unanswered(message.method) from None
        finally:
            del self._asked[key]
            if asked.timer is not None:
                asked.timer.cancel()
        if asked.is_invite and final.message.status >= 300:
            self._ack_refusal(message, final.message, to)
        return final

    def keep_ack(self, ack: Message, to: Address) -> None:
        """Send the ACK of a 2xx, and again for each repetition of that 2xx."""
        self._acks[(ack.get("Call-ID"), ack.get("CSeq").split()[0])] = (self.send(ack, to), to)

    def _again_later(self, asked: _Asked) -> None:
        asked.timer = asyncio.get_running_loop().call_later(asked.pause, self._again, asked)

    def _again(self, asked: _Asked) -> None:
        assert self._transport is not None
        self.seen["sent again"] += 1
        self._transport.sendto(asked.data, asked.to)
        asked.pause = asked.pause * 2 if asked.is_invite else min(4.0, asked.pause * 2)
        self._again_later(asked)

    def _ack_refusal(self, invite: Message, refusal: Message, to: Address) -> None:
        headers = [(n, v) for n, v in invite.headers if n in ("Via", "From", "Call-ID")]
        headers += [("To", refusal.get("To")), ("CSeq", f"{invite.get('CSeq').split()[0]} ACK")]
        self.send(Message(f"ACK {invite.uri} SIP/2.0", headers), to)

    # --- answering ---------------------------------------------------------------------

    def reply(self, request: Message, status: int, *, body: str = "") -> bytes:
        """Answer `request` with `status`; a body is SDP."""
        kept = ("via", "record-route", "from", "call-id", "cseq")
        headers = [(name, value) for name, value in request.headers if name.lower() in kept]
        to = request.get("To")
        headers.append(("To", to if ";tag=" in to else f"{to};tag=b{request.get('Call-ID')[:12]}"))
        headers.append(("Contact", f"<{self.contact}>"))
        if body:
            headers.append(("Content-Type", "application/sdp"))
        data = self.send(Message(f"SIP/2.0 {status} OK", headers, body), request.source)
        self._replies[_key(request)] = data
        return data

    def send_again(self, data: bytes, to: Address) -> None:
        """Repeat an answer that was not acknowledged."""
        assert self._transport is not None
        self.seen["sent again"] += 1
        self._transport.sendto(data, to)

    # --- arriving ----------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Any) -> None:
        at = perf_counter()
        if len(data) < 16:
            return  # a NAT keep-alive
        arrived = Arrived(parse(data, addr), at)
        if arrived.message.is_reply:
            self._answered(arrived)
        else:
            self._requested(arrived)

    def _answered(self, arrived: Arrived) -> None:
        message = arrived.message
        asked = self._asked.get(_key(message))
        if asked is None or asked.answer.done():
            self._ack_again(message)
            return
        if message.status >= 200:
            asked.answer.set_result(arrived)
        elif asked.is_invite and asked.timer is not None:
            asked.timer.cancel()  # it has arrived: no need to say it again

    def _ack_again(self, message: Message) -> None:
        number, method = message.get("CSeq").split()
        ack = self._acks.get((message.get("Call-ID"), number))
        if method == "INVITE" and 200 <= message.status < 300 and ack is not None:
            self.send_again(*ack)

    def _requested(self, arrived: Arrived) -> None:
        request = arrived.message
        repeated = self._replies.get(_key(request))
        if repeated is not None:
            self.seen["asked again"] += 1
            self.send_again(repeated, request.source)
            return
        handler = self.handlers.get(request.method)
        if handler is not None:
            handler(arrived)
        elif request.method != "ACK":
            self.reply(request, 200)


def _key(message: Message) -> Key:
    return (message.get("Call-ID"), message.get("CSeq"))
