"""Floods, scanners and broken messages: no answer, nothing learnt, and the line stays open."""

from __future__ import annotations

import re
import socket
import subprocess
from contextlib import closing

import pytest

from hotline.edge import configuration
from tests.edge_server import PHONE_HOST, EdgeServer
from tests.servers import wait_until
from tests.sip.wire import Message, Peer


def _options(peer: Peer, **extra: str) -> Message:
    host, port = peer.edge
    headers = tuple((name.replace("_", "-"), value) for name, value in extra.items())
    return peer.request("OPTIONS", f"sip:{host}:{port}", sender="x", extra=headers)


def _still_answers(peer: Peer) -> None:
    assert peer.ask(_options(peer)).status == 200


def test_flood_is_dropped_while_a_trunk_goes_on(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer, stranger: Peer
) -> None:
    for gateway in gateways:
        gateway.invite_status = 486
    for _ in range(600):
        stranger.send(stranger.invite("12356", sender="1001"))
    late = _options(stranger)
    stranger.send(late)
    for _ in range(200):  # more than the limit: trunks are exempt
        assert trunk.insist(trunk.invite("12356", sender="x")).status == 486
    assert 0 < len(stranger.received) < 400
    assert not [m for m in stranger.received if m.get("Call-ID") == late.get("Call-ID")]


def test_flooder_is_answered_again_when_the_flood_is_over(stranger: Peer) -> None:
    for _ in range(400):
        stranger.send(_options(stranger))

    def answered() -> bool:
        probe = _options(stranger)
        stranger.send(probe)
        try:
            return stranger.final(probe, seconds=0.5).status == 200
        except AssertionError:
            return False

    wait_until(answered, seconds=15, what="an answer after the flood")


@pytest.mark.parametrize(
    "agent",
    ["friendly-scanner", "SIPVicious 0.3", "sipcli/v1.8", "sipsak 0.9.7", "VaxSIPUserAgent"],
)
def test_scanner_gets_no_reply(stranger: Peer, phone: Peer, agent: str) -> None:
    for method in ("OPTIONS", "REGISTER", "INVITE"):
        host, port = stranger.edge
        stranger.send(
            stranger.request(
                method, f"sip:100@{host}:{port}", sender="100", extra=(("User-Agent", agent),)
            )
        )
    _still_answers(phone)
    _still_answers(stranger)
    assert stranger.received == []


BROKEN = {
    "no From": ("From", None),
    "no Call-ID": ("Call-ID", None),
    "other method in CSeq": ("CSeq", "1 INVITE"),
    "CSeq beyond 32 bits": ("CSeq", "99999999999999 OPTIONS"),
    "unparseable To": ("To", "<sip:"),
}
"""Which header is missing, or what stands in it."""


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_request_of_a_stranger_gets_no_reply(
    stranger: Peer, phone: Peer, fault: str
) -> None:
    request, (name, value) = _options(stranger), BROKEN[fault]
    headers = [(n, v) for n, v in request.headers if n != name]
    if value is not None:
        headers.append((name, value))
    stranger.send(Message(request.start, headers))
    _still_answers(phone)
    _still_answers(stranger)
    assert stranger.received == []


@pytest.mark.parametrize(
    "data",
    [b"\x00" * 4, b"\xff\xfe" * 700, b"INVITE", b"INVITE sip:x SIP/2.0\r\n\r\n", b"\r\n\r\n"],
)
def test_noise_gets_no_reply(edge: EdgeServer, stranger: Peer, phone: Peer, data: bytes) -> None:
    stranger.send_bytes(data)
    _still_answers(phone)
    _still_answers(stranger)
    assert stranger.received == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("From: <sip:", "From: <<sip:"),
        (";tag=", ';tag=;tag="'),
        ("branch=z9hG4bK", 'branch="'),
        ("To: <", 'To: "05718888 <'),
        ("CSeq: 1", "CSeq: x"),
        ("INVITE sip:12356", "INVITE sip:05718888:;;::"),
        ("INVITE sip:12356", "INVITE 05718888"),
        ("Via: SIP/2.0/UDP ", "Via: 05718888/UDP "),
        ("Content-Length: ", "Content-Length: 05718888x"),
        ("Contact: <sip:", "Contact: <sip:05718888 <"),
    ],
)
def test_a_broken_message_leaves_no_number_in_the_log(
    edge: EdgeServer, trunk: Peer, stranger: Peer, right: str, wrong: str
) -> None:
    for peer in (trunk, stranger):
        raw = peer.invite("12356", sender="05718888").encode()
        assert right.encode() in raw
        peer.send_bytes(raw.replace(right.encode(), wrong.encode(), 1))
        _still_answers(peer)
    assert "05718888" not in edge.log.read_text()


def test_why_a_start_failed_is_said(edge: EdgeServer) -> None:
    rival = EdgeServer(edge.log.parent / "rival", edge={"port": edge.address[1]})
    configuration.write(rival.settings)
    ended = subprocess.run(
        configuration.command(rival.settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    assert ended.returncode != 0
    assert "Address already in use" in ended.stderr


def test_nothing_tells_which_server_answers(
    gateways: list[Peer], stranger: Peer, trunk: Peer
) -> None:
    gateways[0].invite_status = gateways[1].invite_status = 486
    call = trunk.invite("12356", sender="x")
    trunk.send(call)
    answers = [
        stranger.ask(_options(stranger)),
        stranger.ask(stranger.invite("12356", sender="x")),
        trunk.ask(trunk.invite("1", sender="x")),
        trunk.final(call),
        *[m for m in trunk.received if m.status == 100],
    ]
    assert {answer.status for answer in answers} >= {100, 200, 407, 404, 486}
    for answer in answers:
        text = answer.encode().decode()
        assert not re.search("kamailio|ser/|important to us", text, re.I), text
        assert answer.all("Server") == []
        assert answer.all("Warning") == []


def test_a_slow_tcp_sender_holds_up_nobody(edge: EdgeServer, phone: Peer) -> None:
    with closing(socket.create_connection(edge.address)) as slow:
        slow.sendall(b"INVITE sip:12356@x SIP/2.0\r\n")
        _still_answers(phone)


def test_the_edge_listens_on_tcp_too(edge: EdgeServer, phone: Peer) -> None:
    with closing(socket.create_connection(edge.address, source_address=(PHONE_HOST, 0))) as line:
        line.settimeout(5)
        request = _options(phone).encode().replace(b"/UDP ", b"/TCP ")
        line.sendall(request)
        assert line.recv(4096).startswith(b"SIP/2.0 200 ")
