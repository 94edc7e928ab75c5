"""The figures of a fresh platform after a fixed set of calls, folded and computed again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from hotline import events as e
from hotline.clock import SystemClock
from hotline.events import CounselorState
from hotline.sip.tone import when
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import Parties, gathered

SHORT = 4.0


EVERY = 2
"""Seconds between two announcements of the place in line."""


async def test_figures_are_right_and_the_same_when_computed_again(
    tmp_path: Path, tonal_prompts: Path
) -> None:
    server = HotlineServer(
        tmp_path / "hotline",
        {
            "queueing.wrap_up": 1,
            "queueing.position_every": EVERY,
            "statistics.short_abandon": SHORT,
            "gateway.processes": 1,
        },
        prompts=tonal_prompts,
    )
    server.start()
    try:
        async with gathered(server, tmp_path) as parties:
            wait, talk, wrap_up = await a_served_call(parties)
            await the_unserved_calls(parties)
        folded, again = await asyncio.to_thread(settled, server)
        assert folded == again
        [row] = [row for row in folded if row["node"] == "city"]
        counts = {name: value for name, value in row.items() if isinstance(value, int)}
        assert counts == {
            "calls": 5, "offered": 3, "answered": 1, "abandoned": 1, "short_abandoned": 1,
            "abandoned_in_menu": 1, "forwarded": 0, "messages": 0,
            "refused": 1, "failed": 0, "open": 0, "handled": 1,
            "promised": 0, "reached": 0, "lapsed": 0, "given_up": 0,
        }  # fmt: skip
        assert row["asa"] == round_to(wait, row["asa"])
        assert row["aht"] == round_to(talk + wrap_up, row["aht"])
        assert row["connection_rate"] == 1 / 5
        assert row["service_level"] == {"15": 0.5, "20": 0.5, "30": 0.5}
    finally:
        server.stop()


def round_to(expected: float, found: float) -> float:
    """Return `found` where it is `expected` to a millisecond, else `expected`."""
    return found if abs(expected - found) < 0.001 else expected


async def a_served_call(parties: Parties) -> tuple[float, float, float]:
    """Return its wait, talk and wrap-up in seconds, by the journal."""
    async with parties.counselor() as counselor:
        call, _, contact = await parties.talking(counselor)
        await parties.trunk.hang_up(call)
        left = await parties.watch.expect(contact, e.CallerLeft)
        ended = await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, previous=CounselorState.WRAP_UP
        )
    queued = await parties.watch.expect(contact, e.ContactQueued)
    answered = await parties.watch.expect(contact, e.ContactAnswered)
    began = await parties.watch.expect(
        counselor.extension, e.CounselorStateChanged, state=CounselorState.WRAP_UP
    )
    return (
        (answered.at - queued.at).total_seconds(),
        (left.at - answered.at).total_seconds(),
        (ended.at - began.at).total_seconds(),
    )


async def the_unserved_calls(parties: Parties) -> None:
    """One leaves the queue late, one at once, one leaves the menu, one is blocked."""
    late, _ = await parties.queued("#12")
    heard = parties.heard_by_caller(late)
    await until(lambda: len(when(heard, tonal.POSITION_NEXT)) > SHORT / EVERY)
    await parties.trunk.hang_up(late)
    at_once, _ = await parties.queued("#12")
    await parties.trunk.hang_up(at_once)
    in_menu, _ = await parties.dial()
    await parties.trunk.expect("answered", call=in_menu)
    await parties.trunk.hang_up(in_menu)
    number = parties.new_number()
    async with parties.server.store() as store:
        tomorrow = SystemClock().now() + timedelta(days=1)
        await store.block(parties.digest(number), reason="test", by="test", until=tomorrow)
    blocked, refused = await parties.dial(number)
    await parties.hears_us(blocked)
    await parties.choose(blocked, "11")  # keys that mean nothing there: the message, then the end
    await parties.watch.expect(refused, e.ContactRefused)


def settled(server: HotlineServer) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The figures once the scribe has folded the last ending: from the tables, from the journal."""
    for _ in range(15):
        folded = server.stats("--by", "day")
        if sum(row["refused"] for row in folded) and not sum(row["open"] for row in folded):
            break
    return folded, server.stats("--by", "day", "--recompute")
