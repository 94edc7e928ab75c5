"""Who may call where, and what a gateway is told about the caller."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge_server import OUTSIDE_HOST, EdgeServer
from tests.servers import free_port
from tests.sip.conftest import MakePeer, furnish
from tests.sip.wire import Message, Peer

CALL_BACK = ("X-Hotline-Callback", "yes")
FORGED = (
    ("X-Hotline-From", "phone:1002"),
    ("x-hotline-last", "yes"),
    ("X-HOTLINE-FROM ", "phone:1002"),
    ("X-Hotline-Anything", "at all"),
)


@pytest.fixture
def busy_gateways(gateways: list[Peer]) -> list[Peer]:
    """Gateways that answer every call with 486, so that an INVITE's way is seen in one exchange."""
    for gateway in gateways:
        gateway.invite_status = 486
    return gateways


def _arrived(gateways: list[Peer]) -> list[Message]:
    return [invite for gateway in gateways for invite in gateway.invites]


def _hotline_headers(invite: Message) -> list[tuple[str, str]]:
    return sorted((n, v) for n, v in invite.headers if n.lower().startswith("x-hotline-"))


# --- trunks ------------------------------------------------------------------------


def test_trunk_call_reaches_a_gateway_under_the_trunks_name(
    busy_gateways: list[Peer], trunk: Peer
) -> None:
    asserted = ("P-Asserted-Identity", "<sip:05718888@telecom.example>")
    assert trunk.ask(trunk.invite("12356", sender="x", extra=(*FORGED, asserted))).status == 486
    (invite,) = _arrived(busy_gateways)
    assert _hotline_headers(invite) == [("X-Hotline-From", "trunk:telecom")]
    assert invite.all("P-Asserted-Identity") == [asserted[1]]
    assert invite.uri.startswith("sip:12356@")


@pytest.mark.parametrize("smuggled", ["\r", "\0\r", "\n", "\0\r\n"])
def test_no_hotline_header_is_smuggled_behind_a_line_end(
    busy_gateways: list[Peer], trunk: Peer, smuggled: str
) -> None:
    hidden = ("Subject", f"x{smuggled}X-Hotline-From: phone:smuggled")
    trunk.send(trunk.invite("12356", sender="x", extra=(hidden,)))
    assert trunk.ask(trunk.invite("12356", sender="x")).status == 486
    assert "smuggled" not in str(_arrived(busy_gateways))


@pytest.mark.parametrize("name", ["Replaces", "rEPLACES", "Replaces "])
def test_no_call_asks_a_gateway_for_the_place_of_another(
    busy_gateways: list[Peer], trunk: Peer, phone: Peer, name: str
) -> None:
    place = ((name, "another@call;to-tag=1;from-tag=2"), ("Require", "replaces"))
    assert trunk.ask(trunk.invite("12356", sender="x", extra=place)).status == 486
    call = phone.invite("12356", sender="2001", extra=place)
    assert phone.ask_as(call, "2001", "pw-2001").status == 486
    assert [invite.all("Replaces") for invite in _arrived(busy_gateways)] == [[], []]


@pytest.mark.parametrize("number", ["13800138000", "110", "*1", "1001", "123567", "012356"])
def test_trunk_call_to_a_number_that_is_not_ours_is_not_found(
    busy_gateways: list[Peer], trunk: Peer, number: str
) -> None:
    assert trunk.ask(trunk.invite(number, sender="x")).status == 404
    assert _arrived(busy_gateways) == []


# --- strangers ---------------------------------------------------------------------


@pytest.mark.parametrize("number", ["12356", "*1", "110", "1001"])
def test_stranger_is_challenged_and_reaches_no_gateway(
    edge: EdgeServer, busy_gateways: list[Peer], stranger: Peer, number: str
) -> None:
    assert stranger.ask(stranger.invite(number, sender="1001", extra=FORGED)).status == 407
    guess = stranger.invite(number, sender="1001")
    assert stranger.ask_as(guess, "1001", "guess").status == 407
    assert _arrived(busy_gateways) == []


def test_other_requests_of_a_stranger_reach_nobody(
    busy_gateways: list[Peer], stranger: Peer
) -> None:
    host, port = busy_gateways[0].host, busy_gateways[0].port
    for method in ("MESSAGE", "SUBSCRIBE", "PUBLISH", "NOTIFY", "REFER", "INFO"):
        request = stranger.request(method, f"sip:x@{host}:{port}", sender="1001")
        assert stranger.ask(request).status == 405
        assert busy_gateways[0].requests(method) == []


# --- phones ------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["1001", "1002", "2001"])
def test_every_role_may_call_the_hotlines_own_number(
    busy_gateways: list[Peer], phone: Peer, user: str
) -> None:
    claimed = ("P-Asserted-Identity", "<sip:110@police.example>")
    invite = phone.invite("12356", sender=user, extra=(*FORGED, claimed))
    assert phone.ask_as(invite, user, f"pw-{user}").status == 486
    (got,) = _arrived(busy_gateways)
    assert _hotline_headers(got) == [("X-Hotline-From", f"phone:{user}")]
    assert got.all("P-Asserted-Identity") == []
    assert got.all("Proxy-Authorization") == []


@pytest.mark.parametrize("user", ["1001", "1002"])
def test_feature_code_of_staff_reaches_a_gateway(
    busy_gateways: list[Peer], phone: Peer, user: str
) -> None:
    invite = phone.invite("*11", sender=user)
    assert phone.ask_as(invite, user, f"pw-{user}").status == 486
    (got,) = _arrived(busy_gateways)
    assert got.uri.startswith("sip:*11@")


@pytest.mark.parametrize(
    ("user", "number"),
    [
        ("1001", "13800138000"),
        ("1002", "0013105551234"),
        ("1001", "1002"),
        ("1001", "1101"),
        ("1001", "0110"),
        ("1001", "110;phone-context=x"),
        ("1001", "%31%31%30"),
        ("1001", "*1a"),
        ("1001", "*"),
        ("2001", "*11"),
        ("2001", "110"),
        ("2001", "13800138000"),
    ],
)
def test_call_beyond_the_role_is_forbidden(
    busy_gateways: list[Peer], phone: Peer, user: str, number: str
) -> None:
    invite = phone.invite(number, sender=user)
    assert phone.ask_as(invite, user, f"pw-{user}").status == 403
    assert _arrived(busy_gateways) == []


def test_phone_cannot_call_as_another(busy_gateways: list[Peer], phone: Peer) -> None:
    invite = phone.invite("12356", sender="1002")
    assert phone.ask_as(invite, "1001", "pw-1001").status == 403
    assert _arrived(busy_gateways) == []


def test_phone_cannot_choose_the_way_by_a_route_header(
    busy_gateways: list[Peer], phone: Peer, trunk: Peer
) -> None:
    host, port = phone.edge
    route = ("Route", f"<sip:{host}:{port};lr>, <sip:{trunk.host}:{trunk.port};lr>")
    invite = phone.invite("12356", sender="1001", extra=(route,))
    assert phone.ask_as(invite, "1001", "pw-1001").status == 486
    assert trunk.requests("INVITE") == []
    assert [got.all("Route") for got in _arrived(busy_gateways)] == [[]]


# --- outside calls -----------------------------------------------------------------


def test_emergency_call_without_a_trunk_is_unavailable(phone: Peer) -> None:
    answer = phone.ask_as(phone.invite("110", sender="1001"), "1001", "pw-1001")
    assert answer.status == 503
    assert int(answer.get("Retry-After")) > 0


@pytest.fixture
def outward_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeServer]:
    target = f"{OUTSIDE_HOST}:{free_port()}"
    server = EdgeServer(
        tmp_path_factory.mktemp("edge"),
        edge={"outbound_trunk": target},
        settings={"callback": {"enabled": True}},
    )
    furnish(server)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("user", ["1001", "1002"])
def test_emergency_call_goes_to_the_outbound_trunk(
    outward_edge: EdgeServer, make_peer: MakePeer, user: str
) -> None:
    outside = make_peer(
        outward_edge,
        OUTSIDE_HOST,
        int(str(outward_edge.settings.edge.outbound_trunk).split(":")[1]),
    )
    phone = make_peer(outward_edge, "127.0.0.3")
    call = phone.prove(phone.invite("120", sender=user, extra=FORGED), user, f"pw-{user}")
    phone.send(call)
    invite = outside.receive_request("INVITE")
    assert invite.uri == f"sip:120@{OUTSIDE_HOST}:{outside.port}"
    assert _hotline_headers(invite) == []
    outside.reply(invite, 200)
    answer = phone.final(call)
    phone.send(phone.within(answer, "ACK"))
    outside.receive_request("ACK")
    phone.send(phone.within(answer, "BYE", cseq=3))
    outside.reply(outside.receive_request("BYE"), 200)


def test_toll_fraud_is_forbidden_with_a_trunk_too(
    outward_edge: EdgeServer, make_peer: MakePeer
) -> None:
    phone = make_peer(outward_edge, "127.0.0.3")
    for user, number in (("1001", "13800138000"), ("2001", "110"), ("1001", "12120")):
        invite = phone.invite(number, sender=user)
        assert phone.ask_as(invite, user, f"pw-{user}").status == 403


# --- calls to phones ---------------------------------------------------------------


def test_gateway_reaches_a_registered_phone_without_a_password(
    gateways: list[Peer], phone: Peer
) -> None:
    phone.register("1001", "pw-1001")
    call = gateways[1].invite("1001", sender="hotline", extra=(("X-Hotline-Contact", "c1"),))
    gateways[1].send(call)
    invite = phone.receive_request("INVITE")
    assert _hotline_headers(invite) == [("X-Hotline-Contact", "c1")]
    phone.reply(invite, 200)
    assert gateways[1].final(call).status == 200


def test_gateway_calls_a_caller_back_by_the_outbound_trunk(
    outward_edge: EdgeServer, make_peer: MakePeer
) -> None:
    host, port = str(outward_edge.settings.edge.outbound_trunk).split(":")
    outside = make_peer(outward_edge, host, int(port))
    gateway = outward_edge.settings.gateway
    caller = make_peer(outward_edge, gateway.sip_address, gateway.first_port)
    call = caller.invite("13800138000", sender="12356", extra=(CALL_BACK,))
    caller.send(call)
    invite = outside.receive_request("INVITE")
    assert invite.uri == f"sip:13800138000@{host}:{port}"
    assert _hotline_headers(invite) == []
    reply = outside.reply(invite, 200)
    answer = caller.final(call)
    caller.send(caller.within(answer, "ACK"))
    outside.receive_request("ACK")
    outside.send(outside.within_called(invite, reply, "BYE", cseq=2))  # the caller hangs up
    caller.reply(caller.receive_request("BYE"), 200)


@pytest.mark.parametrize(
    "number",
    [
        "110", "1001", "*11", "13800138000x", "1380013800013800",
        "0013105551234", "+13105551234", "4008123456", "9611012345", "+864008123456",
    ],
)  # fmt: skip
def test_gateway_calls_nothing_back_but_a_telephone_number(
    outward_edge: EdgeServer, make_peer: MakePeer, number: str
) -> None:
    gateway = outward_edge.settings.gateway
    caller = make_peer(outward_edge, gateway.sip_address, gateway.first_port)
    assert caller.ask(caller.invite(number, sender="12356", extra=(CALL_BACK,))).status == 404


def test_gateway_calls_nobody_back_where_that_is_off(
    tmp_path_factory: pytest.TempPathFactory, make_peer: MakePeer
) -> None:
    port = free_port()
    server = EdgeServer(
        tmp_path_factory.mktemp("edge"), edge={"outbound_trunk": f"{OUTSIDE_HOST}:{port}"}
    )
    server.start()
    try:
        gateway = server.settings.gateway
        caller = make_peer(server, gateway.sip_address, gateway.first_port)
        invite = caller.invite("13800138000", sender="12356", extra=(CALL_BACK,))
        assert caller.ask(invite).status == 404
    finally:
        server.stop()


def test_nobody_but_a_gateway_calls_outside_by_saying_that_it_is_a_callback(
    outward_edge: EdgeServer, make_peer: MakePeer
) -> None:
    trunk = make_peer(outward_edge, "127.0.0.2")
    assert trunk.ask(trunk.invite("13800138000", sender="x", extra=(CALL_BACK,))).status == 404
    phone = make_peer(outward_edge, "127.0.0.3")
    invite = phone.invite("13800138000", sender="1001", extra=(CALL_BACK,))
    assert phone.ask_as(invite, "1001", "pw-1001").status == 403
    stranger = make_peer(outward_edge, "127.0.0.9")
    invite = stranger.invite("13800138000", sender="1001", extra=(CALL_BACK,))
    assert stranger.ask(invite).status == 407


def test_gateway_call_to_a_phone_that_is_away_is_unavailable(gateways: list[Peer]) -> None:
    call = gateways[0].invite("1001", sender="hotline")
    assert gateways[0].ask(call).status == 480


def test_the_host_of_a_gateway_alone_is_not_enough(
    edge: EdgeServer, make_peer: MakePeer, phone: Peer
) -> None:
    """Only ip *and* port make a gateway: other programs of that machine are strangers."""
    phone.register("1001", "pw-1001")
    impostor = make_peer(edge, edge.settings.gateway.sip_address)
    assert impostor.ask(impostor.invite("1001", sender="hotline")).status == 407
    assert phone.requests("INVITE") == []
