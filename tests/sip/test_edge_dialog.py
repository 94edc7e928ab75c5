"""Requests within a dialog: they pass in both directions, and nobody can invent a dialog."""

from __future__ import annotations

import pytest

from tests.edge_server import EdgeServer
from tests.servers import wait_until
from tests.sip.conftest import MakePeer
from tests.sip.dialogs import pass_on, to_gateway
from tests.sip.wire import Message, Peer


def test_a_trunk_dialog_passes_in_both_directions(gateways: list[Peer], trunk: Peer) -> None:
    call = trunk.invite("12356", sender="x")
    gateway, invite, sent, answer = to_gateway(trunk, gateways, call)
    for number, method in enumerate(("UPDATE", "INVITE", "INFO", "PRACK"), start=3):
        pass_on(trunk, gateway, trunk.within(answer, method, cseq=number))
        pass_on(gateway, trunk, gateway.within_called(invite, sent, method, cseq=number))
    pass_on(gateway, trunk, gateway.within_called(invite, sent, "BYE", cseq=9))


def test_a_phones_dialog_passes_in_both_directions(gateways: list[Peer], phone: Peer) -> None:
    call = phone.prove(phone.invite("*11", sender="1001"), "1001", "pw-1001")
    gateway, invite, sent, answer = to_gateway(phone, gateways, call)
    for number, method in enumerate(("UPDATE", "INVITE"), start=4):
        pass_on(phone, gateway, phone.within(answer, method, cseq=number))
        pass_on(gateway, phone, gateway.within_called(invite, sent, method, cseq=number))
    pass_on(phone, gateway, phone.within(answer, "BYE", cseq=9))


def test_a_counselors_leg_passes_in_both_directions(gateways: list[Peer], phone: Peer) -> None:
    phone.register("1001", "pw-1001")
    gateway = gateways[0]
    call = gateway.invite("1001", sender="hotline")
    gateway.send(call)
    invite = phone.receive_request("INVITE")
    sent = phone.reply(invite, 200)
    answer = gateway.final(call)
    gateway.send(gateway.within(answer, "ACK"))
    phone.receive_request("ACK")
    for number, method in enumerate(("UPDATE", "INVITE"), start=3):
        pass_on(gateway, phone, gateway.within(answer, method, cseq=number))
        pass_on(phone, gateway, phone.within_called(invite, sent, method, cseq=number))
    pass_on(phone, gateway, phone.within_called(invite, sent, "BYE", cseq=9))


def test_a_ringing_phone_is_cancelled(gateways: list[Peer], phone: Peer) -> None:
    phone.register("1001", "pw-1001")
    call = gateways[0].invite("1001", sender="hotline")
    gateways[0].send(call)
    invite = phone.receive_request("INVITE")
    phone.reply(invite, 180)
    gateways[0].receive(lambda m: m.status == 180)
    gateways[0].cancel(call)
    phone.reply(phone.receive_request("CANCEL"), 200)
    phone.reply(invite, 487)
    ended = gateways[0].receive(lambda m: m.status == 487 and "INVITE" in m.get("CSeq"))
    gateways[0].ack_refusal(call, ended)


def test_a_decline_of_the_phone_passes_unchanged(gateways: list[Peer], phone: Peer) -> None:
    phone.register("1001", "pw-1001")
    phone.invite_status = 603
    assert gateways[0].ask(gateways[0].invite("1001", sender="hotline")).status == 603


def test_later_requests_find_a_phone_behind_nat(gateways: list[Peer], phone: Peer) -> None:
    """Its Contact names an address that nobody can reach; requests go where it sends from."""
    call = phone.invite("*11", sender="1001")
    hidden = [(n, "<sip:1001@10.9.9.9:5060>" if n == "Contact" else v) for n, v in call.headers]
    call = phone.prove(Message(call.start, hidden, call.body), "1001", "pw-1001")
    gateway, invite, sent, _ = to_gateway(phone, gateways, call)
    pass_on(gateway, phone, gateway.within_called(invite, sent, "BYE"))


def test_a_call_in_progress_outlives_a_restart_of_the_edge(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer
) -> None:
    gateway, _, _, answer = to_gateway(trunk, gateways, trunk.invite("12356", sender="x"))
    edge.restart()
    pass_on(trunk, gateway, trunk.within(answer, "BYE", cseq=3))


# --- dialogs that nobody began -------------------------------------------------------


def _invented(sender: Peer, method: str, target: str, *, params: str = "") -> Message:
    host, port = sender.edge
    request = sender.request(method, target, sender="1001", to="<sip:x@example.org>;tag=invented")
    return Message(request.start, [*request.headers, ("Route", f"<sip:{host}:{port};lr{params}>")])


@pytest.mark.parametrize("host", ["127.0.0.9", "127.0.0.2"])
@pytest.mark.parametrize("params", ["", ";kind=line;seal=", ";kind=outside;seal=d41d8cd9"])
def test_an_invented_dialog_reaches_no_gateway(
    edge: EdgeServer, gateways: list[Peer], make_peer: MakePeer, host: str, params: str
) -> None:
    sender = make_peer(edge, host)
    target = f"sip:x@{gateways[0].host}:{gateways[0].port}"
    for method in ("INVITE", "BYE", "REFER"):
        assert sender.ask(_invented(sender, method, target, params=params)).status == 481
        assert gateways[0].requests(method) == []


def test_a_true_dialog_cannot_be_bent_towards_a_trunk(
    gateways: list[Peer], phone: Peer, trunk: Peer
) -> None:
    """The classic toll fraud: a re-INVITE of a call of one's own, to another number."""
    call = phone.prove(phone.invite("12356", sender="2001"), "2001", "pw-2001")
    _, _, _, answer = to_gateway(phone, gateways, call)
    true = phone.within(answer, "INVITE", cseq=4)
    bent = Message(f"INVITE sip:13800138000@{trunk.host}:{trunk.port} SIP/2.0", true.headers)
    assert phone.ask(bent).status == 403
    aliased = f"INVITE {true.uri};alias={trunk.host}~{trunk.port}~1 SIP/2.0"
    phone.send(Message(aliased, [(n, v.replace("4 INV", "5 INV")) for n, v in true.headers]))
    wait_until(lambda: any(gateway.requests("INVITE") for gateway in gateways))
    assert trunk.requests("INVITE") == []


def _refer(request: Message, target: str) -> Message:
    return Message(request.start, [*request.headers, ("Refer-To", f"<{target}>")])


def test_a_phones_refer_reaches_no_gateway(gateways: list[Peer], phone: Peer) -> None:
    """Toll fraud: the gateway would call whomever the REFER names."""
    call = phone.prove(phone.invite("12356", sender="2001"), "2001", "pw-2001")
    gateway, _, _, answer = to_gateway(phone, gateways, call)
    refusal = phone.ask(_refer(phone.within(answer, "REFER", cseq=4), "sip:138@127.0.0.2"))
    assert refusal.status == 403
    pass_on(phone, gateway, phone.within(answer, "BYE", cseq=5))
    assert gateway.requests("REFER") == []


def test_a_trunks_refer_reaches_no_gateway(gateways: list[Peer], trunk: Peer) -> None:
    gateway, _, _, answer = to_gateway(trunk, gateways, trunk.invite("12356", sender="x"))
    refusal = trunk.ask(_refer(trunk.within(answer, "REFER", cseq=4), "sip:138@127.0.0.2"))
    assert refusal.status == 403
    pass_on(trunk, gateway, trunk.within(answer, "BYE", cseq=5))
    assert gateway.requests("REFER") == []


def test_a_called_phones_refer_reaches_no_gateway_but_a_gateways_refer_the_phone(
    gateways: list[Peer], phone: Peer
) -> None:
    phone.register("1001", "pw-1001")
    gateway = gateways[0]
    call = gateway.invite("1001", sender="hotline")
    gateway.send(call)
    invite = phone.receive_request("INVITE")
    sent = phone.reply(invite, 200)
    answer = gateway.final(call)
    gateway.send(gateway.within(answer, "ACK"))
    refused = _refer(phone.within_called(invite, sent, "REFER"), "sip:138@127.0.0.2")
    assert phone.ask(refused).status == 403
    pass_on(gateway, phone, _refer(gateway.within(answer, "REFER", cseq=3), "sip:1002@127.0.0.1"))
    pass_on(phone, gateway, phone.within_called(invite, sent, "BYE", cseq=2))
    assert gateway.requests("REFER") == []


@pytest.mark.parametrize("method", ["MESSAGE", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INVENTED"])
def test_a_method_that_is_not_served_ends_at_the_edge(
    gateways: list[Peer], trunk: Peer, method: str
) -> None:
    gateway, invite, sent, answer = to_gateway(trunk, gateways, trunk.invite("12356", sender="x"))
    refusal = trunk.ask(trunk.within(answer, method, cseq=4))
    assert refusal.status == 405
    assert "UPDATE" in refusal.get("Allow")
    assert "REFER" not in refusal.get("Allow")
    assert gateway.ask(gateway.within_called(invite, sent, method)).status == 405
    pass_on(trunk, gateway, trunk.within(answer, "BYE", cseq=5))
    assert gateway.requests(method) == trunk.requests(method) == []


def test_forged_hotline_headers_are_stripped_within_a_dialog(
    gateways: list[Peer], phone: Peer
) -> None:
    call = phone.prove(phone.invite("12356", sender="2001"), "2001", "pw-2001")
    gateway, _, _, answer = to_gateway(phone, gateways, call)
    info = phone.within(answer, "INFO", cseq=4)
    forged = Message(info.start, [*info.headers, ("X-Hotline-Last", "yes")])
    assert pass_on(phone, gateway, forged).all("X-Hotline-Last") == []
