"""What a caller's line is told before the answer, down to the bytes: through edge and gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.sip.wire import Message, Peer


@pytest.fixture
def caller(hotline: HotlineServer) -> Iterator[Peer]:
    peer = Peer(TRUNK_ADDRESS, edge=(hotline.settings.edge.address, hotline.settings.edge.port))
    yield peer
    peer.close()


def replies_to(caller: Peer, invite: Message) -> list[Message]:
    """Everything that is answered up to the final reply, as it comes."""
    found: list[Message] = []
    while not found or found[-1].status < 200:
        found.append(
            caller.receive(
                lambda m: m.status > 0 and m.get("Call-ID") == invite.get("Call-ID"),
                what=f"reply after {[m.status for m in found]}",
            )
        )
    return found


def test_caller_is_told_that_it_tries_and_rings_before_the_answer(caller: Peer) -> None:
    invite = caller.invite("12356", sender="anonymous")
    caller.send(invite)
    trying, ringing, answer = replies_to(caller, invite)
    assert [trying.status, ringing.status, answer.status] == [100, 180, 200]
    assert {m.get("CSeq") for m in (trying, ringing, answer)} == {"1 INVITE"}
    assert ringing.get("To").partition(";tag=")[2]
    assert ringing.get("To") == answer.get("To"), "one dialog, early and then confirmed"
    assert answer.get("Record-Route")
    caller.send(caller.within(answer, "ACK", cseq=1))
    assert caller.ask(caller.within(answer, "BYE")).status == 200
