"""What a caller's line is told before the answer, down to the bytes: through edge and gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.sip.wire import Message, Peer

CALLS = 10
"""The gateway rings and answers at once: now and then another process of the edge is faster with
the 200, behind which the 180 means nothing any more."""


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


def told(caller: Peer) -> list[Message]:
    """Call and hang up; return what was answered to the INVITE."""
    invite = caller.invite("12356", sender="anonymous")
    caller.send(invite)
    replies = replies_to(caller, invite)
    assert {m.get("CSeq") for m in replies} == {"1 INVITE"}
    assert replies[-1].status == 200
    assert replies[-1].get("Record-Route")
    caller.send(caller.within(replies[-1], "ACK", cseq=1))
    assert caller.ask(caller.within(replies[-1], "BYE")).status == 200
    return replies


def test_caller_is_told_that_it_tries_and_rings_before_the_answer(caller: Peer) -> None:
    for _ in range(CALLS):
        trying, *ringing, answer = told(caller)
        assert trying.status == 100
        assert [m.status for m in ringing] in ([180], [])
        if ringing:
            break
    assert ringing, f"the edge lost all of {CALLS}"
    assert ringing[0].get("To").partition(";tag=")[2]
    assert ringing[0].get("To") == answer.get("To"), "one dialog, early and then confirmed"
