"""A SIP peer for tests, down to the bytes: one UDP socket, no stack that would put things right.

`Peer` plays trunk, phone, stranger or gateway. Its thread answers OPTIONS and keeps the rest for
`receive`, so that a test reads like a call flow. What comes again, because an answer took its time
on a busy machine, is not told again: it gets the answer of before (RFC 3261 section 17.2).
"""

from __future__ import annotations

import hashlib
import queue
import re
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

from tests.servers import wait_until

Address = tuple[str, int]

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0 8\r\n"
)


@dataclass(frozen=True)
class Message:
    """One SIP message: its first line, its headers in order, its body."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""
    source: Address = ("", 0)

    @property
    def method(self) -> str:
        """The request's method; empty for a reply."""
        return "" if self.is_reply else self.start.split(" ")[0]

    @property
    def uri(self) -> str:
        return self.start.split(" ")[1]

    @property
    def is_reply(self) -> bool:
        return self.start.startswith("SIP/2.0 ")

    @property
    def status(self) -> int:
        """The reply's status; 0 for a request."""
        return int(self.start.split(" ")[1]) if self.is_reply else 0

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str) -> str:
        """The first header of that name; empty when there is none."""
        return next(iter(self.all(name)), "")

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body.encode())}")
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()


def parse(data: bytes, source: Address = ("", 0)) -> Message:
    """Read a message; Content-Length is dropped, `encode` writes it again."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers = [
        (name.strip(), value.strip()) for name, _, value in (x.partition(":") for x in lines)
    ]
    headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return Message(start, headers, body, source)


def digest(challenge: str, *, method: str, uri: str, user: str, password: str) -> str:
    """Return the credentials that answer a challenge (RFC 7616, MD5, qop=auth)."""
    wanted = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    realm, nonce = wanted["realm"], wanted["nonce"]
    cnonce = uuid4().hex[:8]
    ha1, ha2 = _md5(f"{user}:{realm}:{password}"), _md5(f"{method}:{uri}")
    response = _md5(f"{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}")
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
        f'response="{response}", algorithm=MD5, cnonce="{cnonce}", qop=auth, nc=00000001'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Peer:
    """One party at one address. With `invite_status` set it answers INVITEs by itself."""

    def __init__(self, host: str, port: int = 0, *, edge: Address) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.host, self.port = self._socket.getsockname()
        self.edge = edge
        self.invite_status = 0
        """What INVITEs are answered with at once; 0: the test answers."""
        self.invites: list[Message] = []
        """Those answered so."""
        self.options_answered = 0
        self.answers_options = True
        self._inbox: queue.Queue[Message] = queue.Queue()
        self._passed_over: list[Message] = []
        self._came: set[bytes] = set()
        self._answers: dict[str, bytes] = {}
        """The last answer to each request, by its Via."""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        self._socket.sendto(b"wake up", (self.host, self.port))
        self._thread.join()
        self._socket.close()

    @property
    def contact(self) -> str:
        return f"sip:peer@{self.host}:{self.port}"

    # --- sending ---------------------------------------------------------------------

    def request(
        self,
        method: str,
        uri: str,
        *,
        sender: str,
        to: str = "",
        call_id: str = "",
        cseq: int = 1,
        extra: tuple[tuple[str, str], ...] = (),
        body: str = "",
    ) -> Message:
        """Build a request outside a dialog; `sender` is the From user."""
        host, port = self.edge
        to = to or f"<{uri}>"
        headers = [
            ("Via", f"SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{uuid4().hex};rport"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:{sender}@{host}:{port}>;tag={uuid4().hex[:8]}"),
            ("To", to),
            ("Call-ID", call_id or uuid4().hex),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<{self.contact}>"),
            *extra,
        ]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return Message(f"{method} {uri} SIP/2.0", headers, body)

    def invite(
        self, number: str, *, sender: str, extra: tuple[tuple[str, str], ...] = ()
    ) -> Message:
        host, port = self.edge
        return self.request(
            "INVITE", f"sip:{number}@{host}:{port}", sender=sender, extra=extra, body=SDP
        )

    def within(self, answer: Message, method: str, *, cseq: int = 2) -> Message:
        """Build the caller's request within the dialog that `answer` (a 2xx) made."""
        return self._in_dialog(
            method,
            target=answer.get("Contact").strip("<>"),
            route=list(reversed(answer.all("Record-Route"))),
            own=answer.get("From"),
            other=answer.get("To"),
            call_id=answer.get("Call-ID"),
            cseq=cseq,
        )

    def within_called(
        self, invite: Message, answer: Message, method: str, *, cseq: int = 1
    ) -> Message:
        """Build the called side's request within the dialog that `invite` began."""
        return self._in_dialog(
            method,
            target=invite.get("Contact").strip("<>"),
            route=invite.all("Record-Route"),
            own=answer.get("To"),
            other=invite.get("From"),
            call_id=invite.get("Call-ID"),
            cseq=cseq,
        )

    def _in_dialog(
        self, method: str, *, target: str, route: list[str], own: str, other: str, call_id: str,
        cseq: int,
    ) -> Message:  # fmt: skip
        headers = [
            ("Via", f"SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{uuid4().hex};rport"),
            ("Max-Forwards", "70"),
            *(("Route", one) for one in route),
            ("From", own),
            ("To", other),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<{self.contact}>"),
        ]
        return Message(f"{method} {target} SIP/2.0", headers)

    def reply(
        self,
        request: Message,
        status: int,
        *,
        extra: tuple[tuple[str, str], ...] = (),
        body: str = SDP,
    ) -> Message:
        """Answer `request` and return the answer; a 2xx to an INVITE carries `body`."""
        kept = ("via", "record-route", "from", "call-id", "cseq")
        headers = [(name, value) for name, value in request.headers if name.lower() in kept]
        to = request.get("To")
        headers.append(("To", to if ";tag=" in to else f"{to};tag={self.port}"))
        headers.append(("Contact", f"<{self.contact}>"))
        headers.extend(extra)
        if request.method != "INVITE" or not 200 <= status < 300:
            body = ""
        if body:
            headers.append(("Content-Type", "application/sdp"))
        answer = Message(f"SIP/2.0 {status} Test", headers, body)
        self._answers[_transaction(request)] = answer.encode()
        self.send(answer)
        return answer

    def ack_refusal(self, invite: Message, refusal: Message) -> None:
        """ACK a non-2xx, hop by hop (RFC 3261 section 17.1.1.3)."""
        headers = [(n, v) for n, v in invite.headers if n in ("Via", "From", "Call-ID")]
        headers += [("To", refusal.get("To")), ("CSeq", f"{invite.get('CSeq').split()[0]} ACK")]
        self.send(Message(f"ACK {invite.uri} SIP/2.0", headers))

    def cancel(self, invite: Message) -> None:
        kept = ("Via", "From", "To", "Call-ID", "Max-Forwards")
        headers = [(name, value) for name, value in invite.headers if name in kept]
        headers.append(("CSeq", f"{invite.get('CSeq').split()[0]} CANCEL"))
        self.send(Message(f"CANCEL {invite.uri} SIP/2.0", headers))

    def send(self, message: Message) -> None:
        self.send_bytes(message.encode())

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendto(data, self.edge)

    # --- whole exchanges -------------------------------------------------------------

    def ask(self, request: Message) -> Message:
        """Send and return the final answer; a refused INVITE is acknowledged."""
        self.send(request)
        return self._acknowledged(request, self.final(request))

    def insist(self, request: Message, *, times: int = 10) -> Message:
        """The same, for a datagram that may be lost where a buffer is full: sent again each half
        second until a final answer comes (RFC 3261 section 17.1.1.2)."""
        for _ in range(times - 1):
            self.send(request)
            with suppress(AssertionError):
                return self._acknowledged(request, self.final(request, seconds=0.5))
        return self.ask(request)

    def _acknowledged(self, request: Message, final: Message) -> Message:
        if request.method == "INVITE" and final.status >= 300:
            self.ack_refusal(request, final)
        return final

    def ask_as(self, request: Message, user: str, password: str) -> Message:
        """Send, answer the challenge that must come, and return the final answer."""
        return self.ask(self.prove(request, user, password))

    def prove(self, request: Message, user: str, password: str) -> Message:
        """Send, take the challenge, and return the request with credentials, not yet sent."""
        challenge = self.ask(request)
        assert challenge.status in (401, 407), challenge.start
        name = "WWW-Authenticate" if challenge.status == 401 else "Proxy-Authenticate"
        answer = "Authorization" if challenge.status == 401 else "Proxy-Authorization"
        proof = digest(
            challenge.get(name), method=request.method, uri=request.uri, user=user,
            password=password,
        )  # fmt: skip
        number = int(request.get("CSeq").split()[0]) + 1
        headers = [
            ("Via", f"SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{uuid4().hex};rport"),
            *((n, v) for n, v in request.headers if n not in ("Via", "CSeq")),
            ("CSeq", f"{number} {request.method}"),
            (answer, proof),
        ]
        return Message(request.start, headers, request.body)

    def register(self, user: str, password: str, *, expires: int = 300) -> Message:
        """Register with this peer's address; return the final answer."""
        host, port = self.edge
        address = f"<sip:{user}@{host}:{port}>"
        request = self.request(
            "REGISTER", f"sip:{host}:{port}", sender=user, to=address,
            extra=(("Expires", str(expires)),),
        )  # fmt: skip
        return self.ask_as(request, user, password)

    # --- receiving -------------------------------------------------------------------

    def receive(
        self, wanted: Callable[[Message], bool], *, seconds: float = 10.0, what: str = "message"
    ) -> Message:
        """Return the next message that is `wanted`; others stay for later calls."""
        for message in self._passed_over:
            if wanted(message):
                self._passed_over.remove(message)
                return message
        while True:
            try:
                message = self._inbox.get(timeout=seconds)
            except queue.Empty:
                seen = [m.start for m in self._passed_over]
                raise AssertionError(f"no {what} within {seconds} s; others: {seen}") from None
            if wanted(message):
                return message
            self._passed_over.append(message)

    def receive_request(self, method: str, *, seconds: float = 10.0) -> Message:
        return self.receive(lambda m: m.method == method, seconds=seconds, what=method)

    def final(self, request: Message, *, seconds: float = 10.0) -> Message:
        """Return the final reply to `request`."""
        key = (request.get("Call-ID"), request.get("CSeq"))
        return self.receive(
            lambda m: m.status >= 200 and (m.get("Call-ID"), m.get("CSeq")) == key,
            seconds=seconds,
            what=f"final reply to {request.start}",
        )

    @property
    def received(self) -> list[Message]:
        """Everything that waits to be received, provisional replies too."""
        while True:
            try:
                self._passed_over.append(self._inbox.get_nowait())
            except queue.Empty:
                return list(self._passed_over)

    def requests(self, method: str) -> list[Message]:
        return [message for message in self.received if message.method == method]

    def _listen(self) -> None:
        while True:
            data, source = self._socket.recvfrom(65535)
            if self._closed.is_set():
                return
            if not data.strip(b"\r\n\0"):
                continue  # a NAT keep-alive
            message = parse(data, source)
            if message.method == "OPTIONS":
                self.options_answered += self.answers_options
                self.reply(message, 200 if self.answers_options else 503)
            elif data in self._came:
                if not message.is_reply and _transaction(message) in self._answers:
                    self.send_bytes(self._answers[_transaction(message)])
            elif message.method == "INVITE" and self.invite_status:
                self.invites.append(message)
                self.reply(message, self.invite_status)
            else:
                self._inbox.put(message)
            self._came.add(data)


def _transaction(request: Message) -> str:
    return f"{request.method} {request.get('Via')}"


def whoever_receives(peers: Sequence[Peer], method: str) -> tuple[Peer, Message]:
    """Return the first of `peers` to get a request of that method, and the request."""
    found: list[Peer] = []

    def arrived() -> bool:
        found.extend(peer for peer in peers if peer.requests(method))
        return bool(found)

    wait_until(arrived, what=f"{method} at any peer")
    return found[0], found[0].receive_request(method)
