"""A caller whose number is no text at all is a caller like any other."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import AlarmKind
from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.sip.line import until
from tests.sip.parties import Parties, gathered
from tests.sip.wire import Message, Peer

NUMBER = b"138\xff\xfe"
PLACE = b"138PLACE"


def assert_unharmed(parties: Parties) -> None:
    """Nothing of ours stumbled over it."""
    raised = {event.kind for event in parties.events if isinstance(event, e.AlarmRaised)}
    assert not raised & {AlarmKind.FAULT, AlarmKind.UNREADABLE, AlarmKind.SPOOL_FULL}


GBK = "张三".encode("gbk")
NAMES = {
    "quoted": b'"' + GBK + b'" ',
    "bare": GBK + b" ",
    "utf-8": "张三 ".encode(),
    "half": b'"' + GBK[:3] + b'" ',
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_caller_whose_name_is_in_any_encoding_is_answered(
    hotline: HotlineServer, tmp_path: Path, name: bytes
) -> None:
    edge = (hotline.settings.edge.address, hotline.settings.edge.port)
    async with gathered(hotline, tmp_path) as parties:
        with closing(Peer(TRUNK_ADDRESS, edge=edge)) as trunk:
            invite = trunk.invite(hotline.settings.lines[0].number, sender="13800138000")
            trunk.send_bytes(invite.encode().replace(b"From: ", b"From: " + name))
            answer = trunk.final(invite)
            assert answer.status == 200, answer.start
            trunk.send(trunk.within(answer, "ACK", cseq=1))
            await until(lambda: len(parties.invites()) == 1)
            [arrival] = parties.invites()
            assert arrival.caller.digest == parties.digest("13800138000")
            trunk.send(trunk.within(answer, "BYE", cseq=2))
            await until(lambda: parties.endings(arrival.subject))
    assert_unharmed(parties)


async def test_caller_whose_number_is_not_utf_8_is_answered_and_known(
    hotline: HotlineServer, tmp_path: Path
) -> None:
    edge = (hotline.settings.edge.address, hotline.settings.edge.port)
    async with gathered(hotline, tmp_path) as parties:
        with closing(Peer(TRUNK_ADDRESS, edge=edge)) as trunk:
            invite = trunk.invite(
                hotline.settings.lines[0].number,
                sender="anonymous",
                extra=(("P-Asserted-Identity", f"<sip:{PLACE.decode()}@{TRUNK_ADDRESS}>"),),
            )
            trunk.send_bytes(invite.encode().replace(PLACE, NUMBER))
            answer = trunk.final(invite)
            assert answer.status == 200, answer.start
            trunk.send(trunk.within(answer, "ACK", cseq=1))
            await until(lambda: len(parties.invites()) == 1)
            [arrival] = parties.invites()
            number = NUMBER.decode("utf-8", "surrogateescape")
            assert arrival.caller.digest == parties.digest(number)
            trunk.send(trunk.within(answer, "BYE", cseq=2))
            await until(lambda: parties.endings(arrival.subject))
    assert_unharmed(parties)


async def test_caller_whose_from_is_not_utf_8_is_answered_and_may_hang_up(
    hotline: HotlineServer, tmp_path: Path
) -> None:
    edge = (hotline.settings.edge.address, hotline.settings.edge.port)

    def broken(request: Message) -> bytes:
        return request.encode().replace(b"From: <sip:" + PLACE, b"From: <sip:" + NUMBER)

    async with gathered(hotline, tmp_path) as parties:
        with closing(Peer(TRUNK_ADDRESS, edge=edge)) as trunk:
            invite = trunk.invite(hotline.settings.lines[0].number, sender=PLACE.decode())
            trunk.send_bytes(broken(invite))
            answer = trunk.final(invite)
            assert answer.status == 200, answer.start
            answer.headers[:] = [
                (n, invite.get("From") if n == "From" else v) for n, v in answer.headers
            ]
            trunk.send_bytes(broken(trunk.within(answer, "ACK", cseq=1)))
            await until(lambda: len(parties.invites()) == 1)
            [arrival] = parties.invites()
            bye = trunk.within(answer, "BYE", cseq=2)
            trunk.send_bytes(broken(bye))
            assert trunk.final(bye).status == 200
            await until(lambda: parties.endings(arrival.subject))
    assert_unharmed(parties)
