"""Whoever hangs up, and whenever: the contact ends once, with the right reason."""

from __future__ import annotations

from pathlib import Path

from hotline import events as e
from hotline.events import CounselorState, Reason, Result, Termination
from tests.hotline_server import TRUNK_ADDRESS, HotlineServer, caller_id
from tests.sip.line import until
from tests.sip.parties import gathered, in_place
from tests.sip.wire import Peer

HUNG_UP = Termination(Result.ABANDONED, Reason.CALLER_HUNG_UP)


async def test_caller_who_hangs_up_before_anybody_answered_has_abandoned(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(answer_after=None) as counselor,
    ):
        menu, in_menu = await parties.dial()
        await parties.trunk.expect("answered", call=menu)
        queue, in_queue = await parties.queued("#12")
        offer, in_offer = await parties.queued()  # last: a phone rings for seconds only
        await counselor.phone.expect("incoming")
        for call, contact in ((offer, in_offer), (menu, in_menu), (queue, in_queue)):
            await parties.trunk.hang_up(call)
            await parties.watch.expect(contact, e.CallerLeft)
            assert parties.endings(contact) == [HUNG_UP]
        await counselor.phone.expect("ended", status=487)
        back = await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, previous=CounselorState.OFFERED
        )
        assert back.state is CounselorState.READY
        async with tonal_hotline.store() as store:
            await in_place(store, in_queue, 0)


async def test_cancel_right_behind_the_invite_abandons_the_contact_once(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties:
        edge = (tonal_hotline.settings.edge.address, tonal_hotline.settings.edge.port)
        peer = Peer(TRUNK_ADDRESS, edge=edge)
        try:
            number = parties.new_number()
            invite = peer.invite("12356", sender="caller", extra=tuple(caller_id(number).items()))
            peer.send(invite)
            peer.cancel(invite)
            await until(lambda: parties.invites())
            final = peer.final(invite)
            if final.status == 200:  # the answer was faster than the CANCEL: RFC 3261 section 9.1
                peer.send(peer.within(final, "ACK", cseq=1))
                peer.send(peer.within(final, "BYE"))
            else:
                peer.ack_refusal(invite, final)
            [arrival] = parties.invites()
            await parties.watch.expect(arrival.subject, e.CallerLeft)
            [ending] = [x for x in parties.of(arrival.subject) if hasattr(x, "termination")]
            assert ending.termination.result is Result.ABANDONED
            assert ending.termination.reason in (Reason.CALLER_CANCELLED, Reason.CALLER_HUNG_UP)
        finally:
            peer.close()


async def test_counselor_who_answers_and_hangs_up_at_once_ends_the_contact_or_frees_it(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    """Whichever the queue hears of first, nobody stays behind: neither caller nor counselor."""
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(answer_after=None) as counselor,
    ):
        call, contact = await parties.queued()
        ringing = (await counselor.phone.expect("incoming"))["call"]
        await counselor.phone.answer(ringing)
        await counselor.phone.hang_up(ringing)
        over = await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, previous=CounselorState.WRAP_UP
        )
        assert over.state is CounselorState.READY
        await until(lambda: parties.endings(contact) or counselor.phone.seen("incoming"))
        if not parties.endings(contact):  # nobody had spoken yet: the caller waits on
            again = (await counselor.phone.expect("incoming"))["call"]
            await counselor.phone.answer(again)
            await parties.watch.expect(contact, e.ContactAnswered)
            await parties.trunk.hang_up(call)
            await parties.watch.expect(contact, e.CallerLeft)
        [ending] = parties.endings(contact)
        assert ending.result is Result.COMPLETED


async def test_counselor_who_hangs_up_completes_the_contact(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        call, counselors_call, contact = await parties.talking(counselor)
        await counselor.phone.hang_up(counselors_call)
        await parties.trunk.expect("ended", call=call, status=200)
        await parties.watch.expect(contact, e.CounselorLeft)
        assert parties.endings(contact) == [Termination(Result.COMPLETED, Reason.COUNSELOR_HUNG_UP)]
