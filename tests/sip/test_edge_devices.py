"""Several phones of one extension at the edge: who rings, who stops, how many there may be."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import pytest

from hotline.clock import SystemClock
from hotline.edge.aliveness import SETTLED_SECONDS, Aliveness
from hotline.edge.control import EdgeUnavailable
from hotline.ids import CounselorId
from tests.edge_server import PHONE_HOST, EdgeServer
from tests.servers import wait_until
from tests.sip.conftest import MakePeer
from tests.sip.wire import Message, Peer

DEVICES = 2
PING = 1
EXTENSIONS = ("1001", "1002", "2001")


@pytest.fixture
def new_edge(tmp_path_factory: pytest.TempPathFactory) -> EdgeServer:
    """As everywhere, but for two phones at most, asked each second."""
    return EdgeServer(
        tmp_path_factory.mktemp("edge"), edge={"devices": DEVICES, "phone_ping": PING}
    )


@pytest.fixture
def two_phones(edge: EdgeServer, make_peer: MakePeer) -> list[Peer]:
    phones = [make_peer(edge, PHONE_HOST) for _ in range(2)]
    for phone in phones:
        assert phone.register("1001", "pw-1001").status == 200
    return phones


def _ring(gateway: Peer, phones: list[Peer]) -> tuple[Message, list[Message]]:
    """Call 1001 from the gateway; every phone rings, and the edge has heard of it."""
    call, invites = _reach(gateway, phones)
    for phone, invite in zip(phones, invites, strict=True):
        phone.reply(invite, 180)
        gateway.receive(lambda m: m.status == 180, what="180 of each phone")
    return call, invites


def _reach(gateway: Peer, phones: list[Peer]) -> tuple[Message, list[Message]]:
    """Call 1001 from the gateway; every phone is asked."""
    call = gateway.invite("1001", sender="hotline")
    gateway.send(call)
    return call, [phone.receive_request("INVITE") for phone in phones]


def _finals(gateway: Peer, call: Message) -> list[int]:
    return [
        m.status
        for m in gateway.received
        if m.status >= 200 and m.get("Call-ID") == call.get("Call-ID")
    ]


def test_first_phone_to_answer_wins_and_the_other_is_told_that_it_was_taken(
    edge: EdgeServer, gateways: list[Peer], two_phones: list[Peer]
) -> None:
    one, other = two_phones
    call, (at_one, at_other) = _ring(gateways[0], two_phones)
    other.reply(at_other, 200)
    assert gateways[0].final(call).get("Contact").startswith(f"<{other.contact};")
    cancel = one.receive_request("CANCEL")
    assert cancel.get("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'  # RFC 3326
    one.reply(cancel, 200)
    one.reply(at_one, 487)
    one.receive(lambda m: m.method == "ACK", what="ACK")
    assert other.requests("CANCEL") == []


def test_phone_that_rings_only_after_another_answered_is_told_at_once_that_it_was_taken(
    edge: EdgeServer, gateways: list[Peer], two_phones: list[Peer]
) -> None:
    one, other = two_phones
    call, (at_one, at_other) = _reach(gateways[0], two_phones)
    other.reply(at_other, 200)
    assert gateways[0].final(call).status == 200
    assert one.requests("CANCEL") == []  # RFC 3261, 9.1: not before a provisional response
    one.reply(at_one, 180)
    cancel = one.receive_request("CANCEL")
    assert cancel.get("Reason").startswith("SIP;cause=200")  # RFC 3326
    one.reply(cancel, 200)
    one.reply(at_one, 487)
    one.receive(lambda m: m.method == "ACK", what="ACK")


def test_busy_phone_leaves_the_other_ringing(
    edge: EdgeServer, gateways: list[Peer], two_phones: list[Peer]
) -> None:
    one, other = two_phones
    call, (at_one, at_other) = _ring(gateways[0], two_phones)
    one.reply(at_one, 486)
    one.receive(lambda m: m.method == "ACK", what="ACK")
    assert _finals(gateways[0], call) == []
    assert other.requests("CANCEL") == []
    other.reply(at_other, 200)
    assert gateways[0].final(call).status == 200


def test_both_busy_is_busy(edge: EdgeServer, gateways: list[Peer], two_phones: list[Peer]) -> None:
    call, invites = _ring(gateways[0], two_phones)
    for phone, invite in zip(two_phones, invites, strict=True):
        phone.reply(invite, 486)
    assert gateways[0].final(call).status == 486


def test_decline_ends_the_ringing_everywhere(
    edge: EdgeServer, gateways: list[Peer], two_phones: list[Peer]
) -> None:
    one, other = two_phones
    call, (at_one, at_other) = _ring(gateways[0], two_phones)
    one.reply(at_one, 603)
    cancel = other.receive_request("CANCEL")
    other.reply(cancel, 200)
    other.reply(at_other, 487)
    assert gateways[0].final(call).status == 603


def test_cancelled_call_stops_both(
    edge: EdgeServer, gateways: list[Peer], two_phones: list[Peer]
) -> None:
    call, invites = _ring(gateways[0], two_phones)
    gateways[0].cancel(call)
    for phone, invite in zip(two_phones, invites, strict=True):
        phone.reply(phone.receive_request("CANCEL"), 200)
        phone.reply(invite, 487)
    final = gateways[0].receive(
        lambda m: m.status >= 200 and m.get("CSeq").endswith("INVITE"), what="487"
    )
    assert final.status == 487


def test_one_phone_too_many_takes_the_place_of_the_oldest(
    edge: EdgeServer, two_phones: list[Peer], make_peer: MakePeer
) -> None:
    oldest, older = two_phones
    another_second = _proved(edge, "1001") + timedelta(seconds=1)
    wait_until(lambda: datetime.now(UTC) >= another_second, what="another second")
    assert older.register("1001", "pw-1001").status == 200
    newest = make_peer(edge, PHONE_HOST)
    assert newest.register("1001", "pw-1001").status == 200
    expected = {f"sip:{phone.host}:{phone.port}" for phone in (older, newest)}

    def kept() -> set[str]:
        return {one.received for one in edge.control.registrations()}

    wait_until(lambda: kept() == expected, what="the oldest to go")
    edge.restart()
    assert kept() == expected
    assert {one.received for one in edge.control.phones("1001")} == expected
    assert oldest.requests("INVITE") == []


def test_phone_that_answers_proves_alive_and_one_that_does_not_grows_old(
    edge: EdgeServer, two_phones: list[Peer]
) -> None:
    registered = _proved(edge, "1001")
    wait_until(lambda: _proved(edge, "1001") > registered, what="an answer to OPTIONS")
    for phone in two_phones:
        phone.close()
    last = _proved(edge, "1001")
    wait_until(
        lambda: (datetime.now(UTC) - _proved(edge, "1001")).total_seconds() > 2 * PING + 1,
        what="old age",
    )
    assert (_proved(edge, "1001") - last).total_seconds() <= 1
    assert edge.control.phones("1002") == []


def test_phone_on_tcp_is_alive_while_its_connection_stands(edge: EdgeServer, phone: Peer) -> None:
    aliveness = Aliveness(edge.control, clock=SystemClock())
    extension = CounselorId("1001")
    host, port = edge.address
    request = phone.request(
        "REGISTER", f"sip:{host}:{port}", sender="1001", to=f"<sip:1001@{host}:{port}>"
    )
    proven = phone.prove(request, "1001", "pw-1001")
    with closing(socket.create_connection(edge.address, source_address=(PHONE_HOST, 0))) as line:
        line.settimeout(5)
        line.sendall(proven.encode().replace(b"/UDP ", b"/TCP "))
        assert line.recv(4096).startswith(b"SIP/2.0 200 ")
        (connected,) = edge.control.phones(extension)
        assert connected.proved_at is None
        wait_until(lambda: edge.control.ping() >= 3, what="an edge that has settled")
        before = datetime.now(UTC)
        assert aliveness.last_proofs([extension])[extension] >= before
    wait_until(lambda: aliveness.last_proofs([extension]) == {}, what="the end of the phone")


def test_each_phone_is_asked_again_however_many_there_are(
    edge: EdgeServer, make_peer: MakePeer
) -> None:
    """Also where they become more one by one."""

    def proofs() -> list[datetime]:
        phones = [phone for one in EXTENSIONS for phone in edge.control.phones(one)]
        return [phone.proved_at for phone in phones if phone.proved_at]

    for number in range(DEVICES * len(EXTENSIONS)):
        extension = EXTENSIONS[number % len(EXTENSIONS)]
        phone = make_peer(edge, PHONE_HOST)
        assert phone.register(extension, f"pw-{extension}").status == 200
        here = datetime.now(UTC) + timedelta(seconds=1)  # proofs are to the second
        wait_until(lambda: min(proofs()) > here, what=f"OPTIONS to each of {number + 1}")  # noqa: B023
        assert len(proofs()) == number + 1


def test_edge_that_has_just_started_does_not_say_who_is_dead(
    edge: EdgeServer, two_phones: list[Peer]
) -> None:
    aliveness = Aliveness(edge.control, clock=SystemClock())
    for _ in range(5):  # asked too late, where the machine stood still, it may say so
        edge.restart()
        said = _last_proofs(aliveness, "1001")
        if edge.control.ping() < SETTLED_SECONDS:
            break
    assert said is None
    wait_until(lambda: edge.control.ping() >= 3, what="an edge that has settled")
    assert set(_last_proofs(aliveness, "1001", "1002") or ()) == {"1001"}


def _last_proofs(aliveness: Aliveness, *extensions: str) -> Mapping[CounselorId, datetime] | None:
    with suppress(EdgeUnavailable):
        return aliveness.last_proofs(map(CounselorId, extensions))
    return None


def _proved(edge: EdgeServer, extension: str) -> datetime:
    proofs = [one.proved_at for one in edge.control.phones(extension)]
    return max(proof for proof in proofs if proof is not None)
