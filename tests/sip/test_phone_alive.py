"""A phone is offered a call only while it is alive: real phones, killed without a word."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hotline import events as e
from hotline.edge.aliveness import SETTLED_SECONDS
from hotline.edge.control import Control
from hotline.events import CounselorState
from hotline.ids import CounselorId
from queueing.reach import EVERY, patience_for
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import Parties, gathered

BUSY_MACHINE = 4.0
"""Seconds."""


def found_out_within(server: HotlineServer) -> float:
    """Seconds after which a dead phone must be known to be one."""
    patience = patience_for(server.settings.edge.phone_ping).total_seconds()
    return patience + EVERY + BUSY_MACHINE


def is_trusted(server: HotlineServer) -> bool:
    """Whether the edge has been up for so long that who has no phone is not doubted any more."""
    patience = patience_for(server.settings.edge.phone_ping).total_seconds()
    return Control.of(server.settings).ping() >= SETTLED_SECONDS + EVERY + patience


async def taken_out(parties: Parties, counselor: CounselorId) -> e.CounselorStateChanged:
    return await parties.watch.expect(
        counselor,
        e.CounselorStateChanged,
        state=CounselorState.NOT_READY,
        reason="phone_unreachable",
        by="system",
        seconds=found_out_within(parties.server),
    )


async def test_counselor_whose_phone_is_killed_is_not_ready_until_it_is_back(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(skill="family") as lost,
        parties.counselor(skill="family", ready=False) as other,
    ):
        await lost.phone.vanish()
        await taken_out(parties, lost.extension)
        call, contact = await parties.queued("#12")
        async with tonal_hotline.store() as store:
            await store.change_state(other.extension, CounselorState.READY, reason="", by="test")
        await parties.watch.expect(contact, e.ContactAnswered, counselor=other.extension)
        offers = [x.counselor for x in parties.of(contact) if isinstance(x, e.ContactOffered)]
        assert offers == [other.extension]
        await parties.trunk.hang_up(call)
        async with tonal_hotline.phone(lost.extension) as again:
            code = await again.dial(f"sip:*11@{tonal_hotline.edge}")
            await again.expect("ended", call=code, status=200)
            await parties.watch.expect(
                lost.extension, e.CounselorStateChanged, state=CounselorState.READY, by="counselor"
            )
            await stays_ready(parties, lost.extension)


async def stays_ready(parties: Parties, counselor: CounselorId) -> None:
    """The phone answers, again and again, and nobody takes the counselor out."""
    changes = len(parties.of(counselor))
    control = Control.of(parties.server.settings)

    def newest() -> float:
        return max(one.proved_at.timestamp() for one in control.phones(counselor) if one.proved_at)

    registered = newest()
    patience = patience_for(parties.server.settings.edge.phone_ping).total_seconds()
    await until(lambda: newest() > registered + patience)
    assert len(parties.of(counselor)) == changes


async def test_caller_offered_to_a_dead_phone_before_it_is_known_goes_to_another_at_once(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        parties.counselor(skill="family") as lost,
        parties.counselor(skill="family", ready=False) as other,
    ):
        call, contact = await parties.dial()
        await parties.hears_us(call)
        await lost.phone.vanish()
        await parties.choose(call, "#12")
        offered = await parties.watch.expect(contact, e.ContactOffered, counselor=lost.extension)
        async with tonal_hotline.store() as store:
            await store.change_state(other.extension, CounselorState.READY, reason="", by="test")
        back = await parties.watch.expect(
            lost.extension, e.CounselorStateChanged, previous=CounselorState.OFFERED
        )
        assert back.state is CounselorState.NOT_READY
        assert (back.at - offered.at).total_seconds() < 5 + BUSY_MACHINE
        answered = await parties.watch.expect(contact, e.ContactAnswered, counselor=other.extension)
        assert (answered.at - back.at).total_seconds() < BUSY_MACHINE
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)


async def test_counselor_made_ready_without_any_phone_is_offered_nobody(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    await until(lambda: is_trusted(tonal_hotline))
    extension = CounselorId("48003")
    await tonal_hotline.hire(extension, family=5)
    async with (
        gathered(tonal_hotline, tmp_path) as parties,
        tonal_hotline.store() as store,
        parties.counselor(skill="family", ready=False) as other,
    ):
        call, contact = await parties.queued("#12")
        await store.change_state(extension, CounselorState.READY, reason="", by="test")
        await taken_out(parties, extension)
        await store.change_state(other.extension, CounselorState.READY, reason="", by="test")
        await parties.watch.expect(contact, e.ContactAnswered, counselor=other.extension)
        offers = [x.counselor for x in parties.of(contact) if isinstance(x, e.ContactOffered)]
        assert offers == [other.extension]
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
        await store.change_state(extension, CounselorState.OFFLINE, reason="", by="test")


async def test_counselor_made_ready_without_any_phone_is_told_within_seconds(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    await until(lambda: is_trusted(tonal_hotline))
    extension = CounselorId("48002")
    await tonal_hotline.hire(extension, family=2)
    async with gathered(tonal_hotline, tmp_path) as parties, tonal_hotline.store() as store:
        printed = await asyncio.to_thread(tonal_hotline.command, "counselor", "ready", extension)
        assert "no phone registered" in printed
        ready = await parties.watch.expect(extension, e.CounselorStateChanged)
        out = await taken_out(parties, extension)
        assert (out.at - ready.at).total_seconds() < EVERY + BUSY_MACHINE
        await store.change_state(extension, CounselorState.OFFLINE, reason="", by="test")
