"""A phone never reaches a gateway but through the edge: its SIP is not where its speech is."""

from __future__ import annotations

import socket

import pytest

from tests.hotline_server import PHONES_ADDRESS, SPEECH_ADDRESS, HotlineServer
from tests.sip.wire import Peer


@pytest.mark.parametrize("slot", [0, 1])
def test_gateways_have_no_sip_where_phones_send_their_speech(
    hotline: HotlineServer, slot: int
) -> None:
    gateway = hotline.settings.gateway
    assert gateway.address == SPEECH_ADDRESS != gateway.sip_address
    port = gateway.first_port + slot
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((PHONES_ADDRESS, 0))
        phone.connect((gateway.address, port))
        phone.settimeout(10)
        phone.send(b"OPTIONS")
        with pytest.raises(ConnectionRefusedError):
            phone.recv(1)


@pytest.mark.parametrize("slot", [0, 1])
def test_call_past_the_edge_is_forbidden_also_on_this_machine(
    hotline: HotlineServer, slot: int
) -> None:
    gateway = hotline.settings.gateway
    phone = Peer(PHONES_ADDRESS, edge=(gateway.sip_address, gateway.first_port + slot))
    try:
        line = hotline.settings.lines[0].number
        assert phone.ask(phone.invite(line, sender="1001")).status == 403
    finally:
        phone.close()
