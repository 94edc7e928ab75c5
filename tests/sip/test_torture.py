"""RFC 4475: messages that are strange, and messages that are wrong, end nobody's process."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

from hotline import events as e
from hotline.edge.health import answers_options
from hotline.sip.tone import seconds_with
from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, gathered
from tests.sip.torture_message import TortureMessage, torture_messages
from tests.sip.wire import Message, Peer

STRANGER = "127.0.0.9"
PROCESSES = ("edge", "gateway-1", "gateway-2")


def test_every_message_of_the_rfc_is_there_and_is_filled_in() -> None:
    messages = list(torture_messages())
    assert len(messages) == 49
    for message in messages:
        octets = message.encode(source=("127.0.0.2", 5060), target=("127.0.0.1", 5060))
        assert b"\r\n\r\n" in octets
        assert not any(
            mark in octets for mark in (b"{n}", b"{edge}", b"{source}", b"{sdp}", b"{repeat")
        )


async def test_torture_ends_neither_edge_nor_gateway(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    settings = tonal_hotline.settings
    edge = (settings.edge.address, settings.edge.port)
    gateways = [
        (settings.gateway.sip_address, settings.gateway.first_port + n)
        for n in range(settings.gateway.processes)
    ]
    before = {name: tonal_hotline.pid_of(name) for name in PROCESSES}
    with closing(Peer(TRUNK_ADDRESS, edge=edge)) as trunk, ExitStack() as strangers:
        peers = [trunk]
        peers += [strangers.enter_context(closing(Peer(STRANGER, edge=g))) for g in gateways]
        async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
            for message in torture_messages():
                for peer in peers:
                    await tortured(message, peer)
            assert not any(taken_as_calls(peer) for peer in peers[1:])
            hang_up_all(trunk)
            call, _, contact = await parties.talking(counselor)
            await until(lambda: seconds_with(parties.heard_by_caller(call), COUNSELOR_HERTZ) > 0.5)
            await parties.trunk.hang_up(call)
            await parties.watch.expect(contact, e.CallerLeft)
            contacts = {x.subject for x in parties.invites()}
            assert len(contacts) > 3  # those messages that are calls became contacts
            await until(lambda: all_ended(contacts, parties.events))
    assert {name: tonal_hotline.pid_of(name) for name in PROCESSES} == before
    status = tonal_hotline.status()
    assert status is not None
    assert all(child.restarts == 0 for child in status.children)
    assert tonal_hotline.tracebacks() == []


async def tortured(message: TortureMessage, peer: Peer) -> None:
    """Send `message`; whatever it is answered, its target serves on."""
    peer.send_bytes(message.encode(source=(peer.host, peer.port), target=peer.edge))
    lives = await answers_options(*peer.edge, 10.0)
    assert lives, f"{message.name} ({message.about}) at {peer.edge}"


def taken_as_calls(peer: Peer) -> list[Message]:
    """Every 200 with an SDP answer."""
    return [answer for answer in peer.received if answer.status == 200 and answer.body]


def hang_up_all(peer: Peer) -> None:
    """ACK and BYE for each message that was taken as a call."""
    for answer in taken_as_calls(peer):
        number = int(answer.get("CSeq").split()[0])
        peer.send(peer.within(answer, "ACK", cseq=number))
        peer.send(peer.within(answer, "BYE", cseq=number + 1))


def all_ended(contacts: set[str], events: list[e.Event]) -> bool:
    """Whether each contact that a message began has come to its end."""
    return contacts <= {event.subject for event in events if hasattr(event, "termination")}
