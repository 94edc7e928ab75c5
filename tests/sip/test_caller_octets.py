"""A caller whose number is no text at all is a caller like any other."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hotline import events as e
from hotline.events import AlarmKind
from tests.hotline_server import TRUNK_ADDRESS, HotlineServer
from tests.sip.line import until
from tests.sip.parties import gathered
from tests.sip.wire import Peer

NUMBER = b"138\xff\xfe"
PLACE = b"138PLACE"


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
    raised = {event.kind for event in parties.events if isinstance(event, e.AlarmRaised)}
    assert not raised & {AlarmKind.FAULT, AlarmKind.UNREADABLE, AlarmKind.SPOOL_FULL}
