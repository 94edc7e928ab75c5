"""RFC 4475: messages that are strange, and messages that are wrong, end nobody's process."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from hotline import events as e
from hotline.edge.health import answers_options
from hotline.sip.tone import seconds_with
from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, gathered
from tests.sip.torture_message import TortureMessage, torture_messages

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
        (settings.gateway.address, settings.gateway.first_port + n)
        for n in range(settings.gateway.processes)
    ]
    before = {name: tonal_hotline.pid_of(name) for name in PROCESSES}
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        for message in torture_messages():
            await tortured(message, TRUNK_ADDRESS, edge)
            for gateway in gateways:
                await tortured(message, STRANGER, gateway)
        call, _, contact = await parties.talking(counselor)
        await until(lambda: seconds_with(parties.heard_by_caller(call), COUNSELOR_HERTZ) > 0.5)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
        await until(lambda: all_ended({x.subject for x in parties.invites()}, parties.events))
    assert {name: tonal_hotline.pid_of(name) for name in PROCESSES} == before
    status = tonal_hotline.status()
    assert status is not None
    assert all(child.restarts == 0 for child in status.children)


async def tortured(message: TortureMessage, host: str, target: tuple[str, int]) -> None:
    """Send `message`; whatever it is answered, its target serves on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((host, 0))
        sender.sendto(message.encode(source=sender.getsockname(), target=target), target)
        assert await answers_options(*target, 3.0), f"{message.name} ({message.about}) at {target}"
        await asyncio.to_thread(take_replies, sender)


def take_replies(sender: socket.socket) -> None:
    """Read what came by now, so that no answer meets a closed port."""
    sender.settimeout(0.01)
    try:
        while sender.recv(65535):
            pass
    except TimeoutError:
        return


def all_ended(contacts: set[str], events: list[e.Event]) -> bool:
    """Whether each contact that a message began has come to its end."""
    return contacts <= {event.subject for event in events if hasattr(event, "termination")}
