"""A partner's line: gateways reach it by name, and nobody else does."""

from __future__ import annotations

import pytest

from tests.edge_server import PHONE_HOST, STRANGER_HOST, TRUNK_HOST, EdgeServer
from tests.servers import free_port
from tests.sip.conftest import MakePeer
from tests.sip.wire import Message, Peer

PARTNER_HOST = "127.0.0.5"
CONTEXT = (("X-Hotline-Contact", "c1"), ("X-Hotline-Topic", "emotion"))
NUMBER = ("P-Asserted-Identity", "<sip:13800138000@127.0.0.1>")


@pytest.fixture
def partner_port() -> int:
    return free_port(host=PARTNER_HOST)


@pytest.fixture
def new_edge(tmp_path_factory: pytest.TempPathFactory, partner_port: int) -> EdgeServer:
    to = f"sip:help@{PARTNER_HOST}:{partner_port}"
    overflow = [
        {"name": "north", "to": to, "after": 60},
        {"name": "open", "to": to, "after": 60, "pass_number": True},
    ]
    return EdgeServer(tmp_path_factory.mktemp("edge"), settings={"overflow": overflow})


@pytest.fixture
def partner(edge: EdgeServer, make_peer: MakePeer, partner_port: int) -> Peer:
    return make_peer(edge, PARTNER_HOST, partner_port)


def _pass(sender: Peer, receiver: Peer, request: Message) -> None:
    sender.send(request)
    receiver.reply(receiver.receive_request(request.method), 200)
    assert sender.final(request).status == 200


def _called(gateway: Peer, partner: Peer) -> tuple[Message, Message, Message, Message]:
    """Let a gateway's call be answered: the INVITE there, its 200, the 200 here, our INVITE."""
    call = gateway.invite("partner.north", sender="hotline", extra=(*CONTEXT, NUMBER))
    gateway.send(call)
    invite = partner.receive_request("INVITE")
    sent = partner.reply(invite, 200)
    answer = gateway.final(call)
    gateway.send(gateway.within(answer, "ACK"))
    partner.receive_request("ACK")
    return invite, sent, answer, call


def test_gateway_reaches_the_partner_with_the_context_and_without_the_number(
    gateways: list[Peer], partner: Peer, partner_port: int
) -> None:
    invite, sent, answer, _ = _called(gateways[0], partner)
    assert invite.uri == f"sip:help@{PARTNER_HOST}:{partner_port}"
    assert [h for h in invite.headers if h[0].startswith("X-Hotline-")] == list(CONTEXT)
    assert invite.all("P-Asserted-Identity") == []
    _pass(gateways[0], partner, gateways[0].within(answer, "UPDATE", cseq=3))
    _pass(partner, gateways[0], partner.within_called(invite, sent, "BYE", cseq=9))


def test_gateway_hangs_up_on_the_partner(gateways: list[Peer], partner: Peer) -> None:
    _, _, answer, _ = _called(gateways[0], partner)
    _pass(gateways[0], partner, gateways[0].within(answer, "BYE", cseq=3))


def test_partner_behind_nat_is_found_again(gateways: list[Peer], partner: Peer) -> None:
    """Its Contact names an address that nobody can reach; requests go where it sends from."""
    invite, sent, _, _ = _called(gateways[0], partner)
    again = partner.within_called(invite, sent, "INVITE", cseq=2)
    hidden = [(n, "<sip:x@10.9.9.9:5060>" if n == "Contact" else v) for n, v in again.headers]
    partner.send(Message(again.start, hidden))
    arrived = gateways[0].receive_request("INVITE")
    assert f"alias={PARTNER_HOST}~{partner.port}~1" in arrived.get("Contact")


def test_number_goes_along_only_where_the_configuration_says_so(
    gateways: list[Peer], partner: Peer
) -> None:
    partner.invite_status = 486
    call = gateways[0].invite("partner.open", sender="hotline", extra=(NUMBER,))
    assert gateways[0].ask(call).status == 486
    assert partner.invites[0].all("P-Asserted-Identity") == [NUMBER[1]]


@pytest.mark.parametrize("status", [486, 503, 603])
def test_refusal_of_the_partner_is_told_to_the_gateway(
    gateways: list[Peer], partner: Peer, status: int
) -> None:
    partner.invite_status = status
    answer = gateways[0].ask(gateways[0].invite("partner.north", sender="hotline"))
    assert answer.status == (500 if status == 503 else status)  # RFC 3261 section 16.7


def test_partner_that_nobody_configured_is_nobody(gateways: list[Peer], partner: Peer) -> None:
    assert gateways[0].ask(gateways[0].invite("partner.west", sender="hotline")).status == 480
    assert partner.requests("INVITE") == []


@pytest.mark.parametrize("host", [TRUNK_HOST, STRANGER_HOST])
def test_trunk_and_stranger_do_not_reach_the_partner(
    edge: EdgeServer, partner: Peer, make_peer: MakePeer, host: str
) -> None:
    peer = make_peer(edge, host)
    assert peer.ask(peer.invite("partner.north", sender="x")).status in (404, 407)
    assert partner.requests("INVITE") == []


def test_counselors_phone_does_not_reach_the_partner(
    edge: EdgeServer, partner: Peer, make_peer: MakePeer
) -> None:
    phone = make_peer(edge, PHONE_HOST)
    call = phone.invite("partner.north", sender="1001")
    assert phone.ask_as(call, "1001", "pw-1001").status == 403
    assert partner.requests("INVITE") == []


def test_partner_begins_no_call_and_transfers_none(
    edge: EdgeServer, gateways: list[Peer], partner: Peer
) -> None:
    assert partner.ask(partner.invite("12356", sender="x")).status == 407
    invite, sent, _, _ = _called(gateways[0], partner)
    refer = partner.within_called(invite, sent, "REFER")
    refer = Message(refer.start, [*refer.headers, ("Refer-To", "<sip:138@127.0.0.2>")])
    assert partner.ask(refer).status == 403
    assert gateways[0].requests("REFER") == []
