"""Who may register, and whether it lasts."""

from __future__ import annotations

import socket
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from admin.supervision.group import members
from hotline.edge.configuration import database
from tests.edge_server import PHONE_HOST, EdgeServer
from tests.servers import wait_until
from tests.sip.conftest import MakePeer
from tests.sip.wire import Message, Peer


def _register(phone: Peer, user: str) -> Message:
    host, port = phone.edge
    return phone.request(
        "REGISTER", f"sip:{host}:{port}", sender=user, to=f"<sip:{user}@{host}:{port}>"
    )


def test_register_without_credentials_is_challenged(edge: EdgeServer, phone: Peer) -> None:
    answer = phone.ask(_register(phone, "1001"))
    assert answer.status == 401
    assert 'realm="hotline.local"' in answer.get("WWW-Authenticate")
    assert edge.control.registrations() == []


def test_register_with_right_password_is_accepted(edge: EdgeServer, phone: Peer) -> None:
    assert phone.register("1001", "pw-1001").status == 200
    (found,) = edge.control.registrations()
    assert found.extension == "1001"
    assert found.received == f"sip:{phone.host}:{phone.port}"
    assert 200 < found.expires_in <= 300


def test_wrong_password_and_unknown_name_look_the_same(edge: EdgeServer, phone: Peer) -> None:
    wrong = phone.register("1001", "guess")
    unknown = phone.register("7777", "guess")
    assert (wrong.status, unknown.status) == (401, 401)
    assert [n for n, _ in wrong.headers] == [n for n, _ in unknown.headers]
    assert edge.control.registrations() == []


def test_empty_ha1_cannot_be_used_with_a_name_at_a_realm(edge: EdgeServer, phone: Peer) -> None:
    request = phone.prove(_register(phone, "1001"), "1001@hotline.local", "pw-1001")
    assert phone.ask(request).status == 200
    request = phone.prove(_register(phone, "1001"), "1001@hotline.local", "")
    assert phone.ask(request).status == 401


@pytest.mark.parametrize("header", ["From", "To"])
def test_phone_cannot_register_another(edge: EdgeServer, phone: Peer, header: str) -> None:
    request = _register(phone, "1001")
    forged = [(n, v.replace("1001", "1002") if n == header else v) for n, v in request.headers]
    assert phone.ask_as(Message(request.start, forged), "1001", "pw-1001").status == 403
    assert edge.control.registrations() == []


def test_overheard_digest_cannot_be_replayed(edge: EdgeServer, phone: Peer) -> None:
    proven = phone.prove(_register(phone, "1001"), "1001", "pw-1001")
    assert phone.ask(proven).status == 200
    headers = [
        (name, value.replace("z9hG4bK", "z9hG4bKx") if name == "Via" else value)
        for name, value in proven.headers
    ]
    assert phone.ask(Message(proven.start, headers)).status == 401


def test_trunk_cannot_register(edge: EdgeServer, trunk: Peer) -> None:
    assert trunk.ask(_register(trunk, "1001")).status == 403


def test_password_change_counts_at_once(edge: EdgeServer, phone: Peer) -> None:
    assert phone.register("1001", "pw-1001").status == 200
    edge.credentials.put("1001", "fresh", "counselor")
    assert phone.register("1001", "pw-1001").status == 401
    assert phone.register("1001", "fresh").status == 200
    edge.credentials.remove("1001")
    assert phone.register("1001", "fresh").status == 401


def test_phone_can_unregister(edge: EdgeServer, phone: Peer) -> None:
    phone.register("1001", "pw-1001")
    assert phone.register("1001", "pw-1001", expires=0).status == 200
    assert edge.control.registrations() == []


def test_call_goes_to_where_the_register_came_from(
    edge: EdgeServer, gateways: list[Peer], phone: Peer, trunk: Peer
) -> None:
    """A phone that registers a number on the trunk as its contact must not get calls sent there."""
    request = _register(phone, "1001")
    forged = [
        (n, f"<sip:110@{trunk.host}:{trunk.port}>" if n == "Contact" else v)
        for n, v in request.headers
    ]
    assert phone.ask_as(Message(request.start, forged), "1001", "pw-1001").status == 200
    gateways[0].send(gateways[0].invite("1001", sender="hotline"))
    assert phone.receive_request("INVITE").uri.startswith("sip:110@")
    assert trunk.requests("INVITE") == []


def test_registration_survives_kill_of_the_whole_group(
    edge: EdgeServer, gateways: list[Peer], phone: Peer
) -> None:
    phone.register("1001", "pw-1001")
    edge.kill()
    assert not edge.answers(), "an orphan goes on answering"
    edge.start()
    gateways[0].send(gateways[0].invite("1001", sender="hotline"))
    assert phone.receive_request("INVITE").uri == f"sip:peer@{phone.host}:{phone.port}"


def receivers(edge: EdgeServer) -> list[int]:
    """The edge's processes that wait for a message; none of them ever sleeps by itself."""
    found = [pid for pid in members(edge.pid) if "skb" in waits_in(pid)]
    assert found, "no worker of the edge waits for a message"
    return found


def waits_in(pid: int) -> str:
    """The kernel's function that the process waits in."""
    return Path(f"/proc/{pid}/wchan").read_text("ascii")


def test_registration_reaches_the_disk_while_we_write(edge: EdgeServer, phone: Peer) -> None:
    """Kamailio's SQLite driver has no busy timeout: a short lock of ours must not lose a phone."""
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(database(edge.settings))) as connection:
            connection.execute("BEGIN IMMEDIATE")
            locked.set()
            release.wait(5)
            connection.rollback()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(5)
    proven = phone.prove(_register(phone, "1001"), "1001", "pw-1001")
    idle = receivers(edge)
    phone.send(proven)
    wait_until(lambda: any("nanosleep" in waits_in(pid) for pid in idle), what="a blocked worker")
    release.set()
    holder.join()
    assert phone.final(proven).status == 200
    assert [one.extension for one in edge.control.registrations()] == ["1001"]


def test_phones_that_register_at_once_all_reach_the_disk(
    edge: EdgeServer, make_peer: MakePeer
) -> None:
    extensions = [str(3000 + n) for n in range(60)]
    phones = []
    for n, extension in enumerate(extensions):
        edge.credentials.put(extension, "pw", "extension")
        phone = make_peer(edge, f"127.0.1.{n + 1}")
        phones.append((phone, phone.prove(_register(phone, extension), extension, "pw")))
    for phone, proven in phones:
        phone.send(proven)
    assert [phone.final(proven).status for phone, proven in phones] == [200] * 60
    edge.restart()
    assert [one.extension for one in edge.control.registrations()] == extensions


def test_phone_on_tcp_is_called_over_its_own_connection(
    edge: EdgeServer, gateways: list[Peer], phone: Peer
) -> None:
    proven = phone.prove(_register(phone, "1001"), "1001", "pw-1001")
    with closing(socket.create_connection(edge.address, source_address=(PHONE_HOST, 0))) as line:
        line.settimeout(5)
        line.sendall(proven.encode().replace(b"/UDP ", b"/TCP "))
        assert line.recv(4096).startswith(b"SIP/2.0 200 ")
        gateways[0].send(gateways[0].invite("1001", sender="hotline"))
        assert line.recv(4096).startswith(b"INVITE ")
    assert phone.requests("INVITE") == []
    edge.restart()
