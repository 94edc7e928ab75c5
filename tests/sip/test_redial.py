"""A caller who was cut off, or hung up, and redials in time has the place of before."""

from __future__ import annotations

from pathlib import Path

from hotline import events as e
from tests.hotline_server import HotlineServer
from tests.sip.parties import gathered, in_place


async def test_caller_who_hangs_up_and_redials_goes_before_those_who_came_in_between(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, tonal_hotline.store() as store:
        number = parties.new_number()
        call, first = await parties.queued("#14", number=number)
        other, between = await parties.queued("#14")
        await parties.trunk.hang_up(call)
        await parties.watch.expect(first, e.CallerLeft)
        await in_place(store, between, 1)
        again, back = await parties.queued("#14", number=number)
        kept = await parties.watch.expect(back, e.PlaceKept)
        arrived = next(x for x in parties.invites() if x.subject == first)
        assert kept.because == "hung_up"
        assert abs((kept.since - arrived.at).total_seconds()) < 0.001
        await in_place(store, back, 1)
        await in_place(store, between, 2)
        for each in (again, other):
            await parties.trunk.hang_up(each)
