"""Dialogs through the edge: what tests of them share."""

from __future__ import annotations

from tests.sip.wire import Message, Peer, whoever_receives


def pass_on(sender: Peer, receiver: Peer, request: Message) -> Message:
    """Send within a dialog; return the request as it arrived, after a 200 went back."""
    sender.send(request)
    arrived = receiver.receive_request(request.method)
    receiver.reply(arrived, 200)
    assert sender.final(request).status == 200
    return arrived


def to_gateway(
    caller: Peer, gateways: list[Peer], call: Message
) -> tuple[Peer, Message, Message, Message]:
    """Let `call` be answered; return gateway, the INVITE it got, its 200, and the 200 received."""
    caller.send(call)
    gateway, invite = whoever_receives(gateways, "INVITE")
    sent = gateway.reply(invite, 200)
    answer = caller.final(call)
    caller.send(caller.within(answer, "ACK"))
    gateway.receive_request("ACK")
    return gateway, invite, sent, answer
