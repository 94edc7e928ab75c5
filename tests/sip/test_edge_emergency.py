"""A phone's call to 110 through the edge: it can be ended by both, and leads to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.edge_server import OUTSIDE_HOST, PHONE_HOST, TRUNK_HOST, EdgeServer
from tests.servers import free_port
from tests.sip.conftest import MakePeer, furnish
from tests.sip.dialogs import pass_on, to_gateway
from tests.sip.wire import Message, Peer


class Emergency(NamedTuple):
    """A phone's call to 110."""

    phone: Peer
    outside: Peer
    elsewhere: Peer
    """Whom the phone may not call."""
    invite: Message
    """As it came to `outside`."""
    sent: Message
    answer: Message
    """As it came to `phone`."""


def _at(request: Message, target: str) -> Message:
    """Return `request` to `target` instead."""
    return Message(f"{request.method} {target} SIP/2.0", request.headers)


def _target(message: Message) -> str:
    return message.get("Contact").strip("<>")


def _turned(request: Message) -> Message:
    """Return `request` as the other side of its dialog would send it."""
    other = {"From": request.get("To"), "To": request.get("From")}
    return Message(
        request.start, [(name, other.get(name, value)) for name, value in request.headers]
    )


@pytest.fixture
def emergency(tmp_path_factory: pytest.TempPathFactory, make_peer: MakePeer) -> Iterator[Emergency]:
    """A phone that speaks with 110, on an edge of its own."""
    port = free_port()
    server = EdgeServer(
        tmp_path_factory.mktemp("edge"), edge={"outbound_trunk": f"{OUTSIDE_HOST}:{port}"}
    )
    furnish(server)
    server.start()
    try:
        phone = make_peer(server, PHONE_HOST)
        outside = make_peer(server, OUTSIDE_HOST, port)
        call = phone.prove(phone.invite("110", sender="1001"), "1001", "pw-1001")
        elsewhere = make_peer(server, TRUNK_HOST)
        yield Emergency(phone, outside, elsewhere, *to_gateway(phone, [outside], call)[1:])
    finally:
        server.stop()


def test_the_outside_party_of_an_emergency_call_can_hang_up(emergency: Emergency) -> None:
    phone, outside, _, invite, sent, answer = emergency
    pass_on(phone, outside, phone.within(answer, "UPDATE", cseq=4))
    pass_on(outside, phone, outside.within_called(invite, sent, "BYE"))


def test_either_side_of_an_emergency_call_may_say_where_it_is_now(emergency: Emergency) -> None:
    """A target refresh, RFC 3261, 12.2: by a re-INVITE's Contact, and by its answer's."""
    phone, outside, _, invite, sent, answer = emergency
    outside.send(outside.within_called(invite, sent, "INVITE"))
    asked = phone.receive_request("INVITE")
    assert asked.uri == phone.contact
    phone.reply(asked, 200)
    renewed = outside.receive(lambda m: m.status == 200, what="200")
    outside.send(_at(outside.within_called(invite, sent, "ACK"), _target(renewed)))
    phone.receive_request("ACK")
    phone.send(_at(phone.within(answer, "INVITE", cseq=4), _target(asked)))
    asked = outside.receive_request("INVITE")
    assert asked.uri == outside.contact
    outside.reply(asked, 200)
    phone.send(_at(phone.within(answer, "ACK", cseq=4), _target(phone.final(asked))))
    outside.receive_request("ACK")
    pass_on(outside, phone, _at(outside.within_called(invite, sent, "BYE", cseq=2), _target(asked)))


@pytest.mark.parametrize("upstream", [False, True], ids=["as-caller", "as-called"])
def test_an_emergency_call_cannot_be_bent_towards_another_number(
    emergency: Emergency, upstream: bool
) -> None:
    """Toll fraud: 110 is allowed, and its dialog is no way to anybody else."""
    phone, outside, elsewhere, _, _, answer = emergency
    there, away = (f"{peer.host}:{peer.port}" for peer in (outside, elsewhere))
    true = phone.within(answer, "INVITE", cseq=4)
    if upstream:
        true = _turned(true)
    plain, _, seal = true.uri.partition(";seal=")
    bent = [
        plain,
        f"{plain};seal={seal[:-1]}",
        f"{plain.replace(there, away)};seal={seal}",
        f"{plain};maddr={elsewhere.host};seal={seal}",
        f"{plain};alias={away.replace(':', '~')}~1;seal={seal}",
        f"sip:13800138000@{there};seal={seal}",
        f"sip:13800138000@{there}",
    ]
    for number, uri in enumerate(bent, start=4):
        request = _at(true, uri)
        headers = [(n, v.replace("4 INV", f"{number} INV")) for n, v in request.headers]
        assert phone.ask(Message(request.start, headers)).status == 403, uri
    assert outside.requests("INVITE") == elsewhere.requests("INVITE") == []
