"""Which gateway gets a call, and what happens when it cannot take it."""

from __future__ import annotations

import pytest

from hotline.edge.control import EdgeUnavailable, GatewayState, UnknownGateway
from tests.edge_server import EdgeServer
from tests.servers import wait_until
from tests.sip.conftest import MakePeer
from tests.sip.wire import Message, Peer, whoever_receives


def _states(edge: EdgeServer) -> list[GatewayState]:
    return [gateway.state for gateway in edge.control.gateways()]


def _calls(edge: EdgeServer) -> list[int]:
    return [gateway.calls for gateway in edge.control.gateways()]


def _establish(trunk: Peer, gateways: list[Peer]) -> tuple[Peer, Message, Message]:
    """Make a call; return the gateway that has it, the INVITE it got and the caller's 200."""
    call = trunk.invite("12356", sender="x")
    trunk.send(call)
    gateway, invite = whoever_receives(gateways, "INVITE")
    gateway.reply(invite, 200)
    answer = trunk.final(call)
    trunk.send(trunk.within(answer, "ACK"))
    gateway.receive_request("ACK")
    return gateway, invite, answer


def _end(trunk: Peer, gateway: Peer, answer: Message) -> None:
    bye = trunk.within(answer, "BYE", cseq=3)
    trunk.send(bye)
    gateway.reply(gateway.receive_request("BYE"), 200)
    assert trunk.final(bye).status == 200


def test_calls_go_to_the_least_loaded_gateway(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer
) -> None:
    calls = [_establish(trunk, gateways) for _ in range(4)]
    assert _calls(edge) == [2, 2]
    for gateway, _, answer in [call for call in calls if call[0] is gateways[1]]:
        _end(trunk, gateway, answer)
    assert _calls(edge) == [2, 0]
    assert _establish(trunk, gateways)[0] is gateways[1]


@pytest.mark.parametrize("status", [486, 488, 603, 404])
def test_a_gateways_own_refusal_passes_unchanged(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer, status: int
) -> None:
    for gateway in gateways:
        gateway.invite_status = status
    assert trunk.ask(trunk.invite("12356", sender="x")).status == status
    assert sum(len(gateway.invites) for gateway in gateways) == 1
    assert _calls(edge) == [0, 0]


@pytest.mark.parametrize("status", [503, 500])
def test_a_full_or_faulty_gateway_hands_over_to_the_next(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer, status: int
) -> None:
    full, other = gateways
    full.invite_status = status
    other.invite_status = 200
    for _ in range(3):
        call = trunk.invite("12356", sender="x")
        trunk.send(call)
        assert trunk.final(call).status == 200
    assert len(other.invites) == 3
    assert _calls(edge) == [0, 3]


def test_only_the_last_gateway_that_is_tried_is_told_so(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer
) -> None:
    for gateway in gateways:
        gateway.invite_status = 503
    trunk.ask(trunk.invite("12356", sender="x"))
    told = sorted(gateway.invites[0].all("X-Hotline-Last") for gateway in gateways)
    assert told == [[], ["yes"]]


def test_a_dead_gateway_costs_one_timeout_and_is_skipped_after(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer
) -> None:
    dead, alive = gateways
    dead.close()
    alive.invite_status = 200
    for _ in range(4):
        call = trunk.invite("12356", sender="x")
        trunk.send(call)
        assert trunk.final(call).status == 200
    assert _states(edge) == [GatewayState.DOWN, GatewayState.ACTIVE]
    assert _calls(edge) == [0, 4]


def test_a_gateway_that_comes_back_gets_calls_again(
    edge: EdgeServer, gateways: list[Peer], make_peer: MakePeer, trunk: Peer
) -> None:
    gateways[0].close()
    wait_until(lambda: _states(edge)[0] is GatewayState.DOWN, what="the gateway being missed")
    back = make_peer(edge, gateways[0].host, gateways[0].port)
    wait_until(lambda: _states(edge)[0] is GatewayState.ACTIVE, what="the gateway being found")
    assert _establish(trunk, [back, gateways[1]])[0] in (back, gateways[1])
    assert _establish(trunk, [back, gateways[1]])[0] in (back, gateways[1])
    assert _calls(edge) == [1, 1]


def test_a_doubted_gateway_gets_calls_when_it_has_answered(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer
) -> None:
    edge.control.drain("gateway-2")
    gateways[0].answers_options = False
    edge.control.doubt()
    assert _states(edge) == [GatewayState.DOWN, GatewayState.DRAINING]
    assert trunk.ask(trunk.invite("12356", sender="x")).status == 503
    gateways[0].answers_options = True
    wait_until(lambda: _states(edge)[0] is GatewayState.ACTIVE, what="the gateway being found")
    assert _establish(trunk, gateways)[0] is gateways[0]


def test_all_gateways_full_is_503_with_retry_after(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer
) -> None:
    for gateway in gateways:
        gateway.invite_status = 503
    answer = trunk.ask(trunk.invite("12356", sender="x"))
    assert answer.status == 503
    assert int(answer.get("Retry-After")) > 0
    assert [len(gateway.invites) for gateway in gateways] == [1, 1]
    assert _calls(edge) == [0, 0]


def test_all_gateways_down_is_503_with_retry_after(edge: EdgeServer, trunk: Peer) -> None:
    wait_until(lambda: _states(edge) == [GatewayState.DOWN] * 2, what="both being missed")
    answer = trunk.ask(trunk.invite("12356", sender="x"))
    assert answer.status == 503
    assert int(answer.get("Retry-After")) > 0


def test_a_cancelled_call_is_taken_off_the_load(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer
) -> None:
    gateways[1].close()
    wait_until(lambda: _states(edge)[1] is GatewayState.DOWN)
    call = trunk.invite("12356", sender="x")
    trunk.send(call)
    invite = gateways[0].receive_request("INVITE")
    gateways[0].reply(invite, 180)
    trunk.receive(lambda m: m.status == 180)
    assert _calls(edge) == [1, 0]
    trunk.cancel(call)
    gateways[0].reply(gateways[0].receive_request("CANCEL"), 200)
    gateways[0].reply(invite, 487)
    ended = trunk.receive(lambda m: m.status == 487 and m.get("CSeq").endswith("INVITE"))
    trunk.ack_refusal(call, ended)
    assert _calls(edge) == [0, 0]


# --- draining ----------------------------------------------------------------------


def test_a_drained_gateway_gets_no_new_call_and_keeps_its_own(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer, phone: Peer
) -> None:
    phone.register("1001", "pw-1001")
    calls = [_establish(trunk, gateways) for _ in range(2)]
    drained = next(call for call in calls if call[0] is gateways[0])
    edge.control.drain("gateway-1")
    for _ in range(3):
        assert _establish(trunk, gateways)[0] is gateways[1]
    ring = gateways[0].invite("1001", sender="hotline")
    gateways[0].send(ring)
    phone.reply(phone.receive_request("INVITE"), 200)
    assert gateways[0].final(ring).status == 200
    _end(trunk, gateways[0], drained[2])


def test_draining_outlasts_the_pings_until_it_is_resumed(
    edge: EdgeServer, gateways: list[Peer], trunk: Peer
) -> None:
    edge.control.drain("gateway-1")
    before = gateways[1].options_answered
    wait_until(lambda: gateways[1].options_answered >= before + 2, what="two rounds of OPTIONS")
    assert _states(edge) == [GatewayState.DRAINING, GatewayState.ACTIVE]
    edge.control.resume("gateway-1")
    assert _states(edge) == [GatewayState.ACTIVE] * 2
    assert {_establish(trunk, gateways)[0].port for _ in range(2)} == {g.port for g in gateways}


def test_an_unknown_slot_is_refused_by_name(edge: EdgeServer) -> None:
    with pytest.raises(UnknownGateway, match="gateway-9: there are gateway-1, gateway-2"):
        edge.control.drain("gateway-9")


def test_a_stopped_edge_is_unavailable_to_control(edge: EdgeServer) -> None:
    assert edge.control.ping() >= 0
    edge.stop()
    with pytest.raises(EdgeUnavailable):
        edge.control.ping()
