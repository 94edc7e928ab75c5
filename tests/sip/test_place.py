"""The place in line as a real caller hears it: a band of waiting time only where the last hour has
answers enough, and no numbers in a crisis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from hotline import events as e
from hotline.clock import SystemClock
from hotline.events import Priority
from hotline.ids import CounselorId
from hotline.sip.tone import seconds_with, when
from queueing import keys
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import Parties, gathered

STRAY = 0.2
"""Seconds of a tone that a window at the edge of another may show."""


async def test_band_is_heard_behind_the_position_while_the_last_hour_supports_it(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        busy, _, _ = await parties.talking(counselor)
        with an_answer_each_minute(tonal_hotline, counselor.extension):
            call, _ = await parties.queued()
            await until(lambda: heard(parties, call, tonal.BAND_2_TO_5))
        path = parties.heard_by_caller(call)
        position, band = when(path, tonal.POSITION_NEXT)[0], when(path, tonal.BAND_2_TO_5)[0]
        assert position[0] < band[0] < position[1] + tonal.SECONDS
        promised = len(when(path, tonal.BAND_2_TO_5))  # one look at the answers serves some seconds
        await until(
            lambda: len(when(path, tonal.POSITION_NEXT)) > len(when(path, tonal.BAND_2_TO_5)) + 1
        )
        assert len(when(path, tonal.BAND_2_TO_5)) <= promised + 2
        assert seconds_with(path, tonal.BAND_OTHER) < STRAY
        for ended in (call, busy):
            await parties.trunk.hang_up(ended)
            await parties.trunk.expect("ended", call=ended)


async def test_no_band_is_heard_when_nobody_who_answered_is_here(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties:
        with an_answer_each_minute(tonal_hotline, CounselorId("gone")):
            call, _ = await parties.queued()
            path = parties.heard_by_caller(call)
            await until(lambda: len(when(path, tonal.POSITION_NEXT)) >= 2)
        for band in (tonal.BAND_2_TO_5, tonal.BAND_OTHER):
            assert seconds_with(path, band) < STRAY
        await parties.trunk.hang_up(call)
        await parties.trunk.expect("ended", call=call)


async def test_danger_key_is_confirmed_in_words_and_ends_the_numbers(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        busy, _, _ = await parties.talking(counselor)
        with an_answer_each_minute(tonal_hotline, counselor.extension):
            call, contact = await parties.queued()
            await until(lambda: heard(parties, call, tonal.PLEASE_WAIT))
            await parties.choose(call, "0")
            await until(lambda: heard(parties, call, tonal.DANGER_CONFIRMED))
            path = parties.heard_by_caller(call)
            numbers = len(when(path, tonal.POSITION_NEXT))
            await until(lambda: len(when(path, tonal.CRISIS_WAIT)) >= 2)
        await parties.watch.expect(contact, e.ContactQueued, priority=Priority.CRISIS)
        assert len(when(path, tonal.POSITION_NEXT)) == numbers
        for ended in (call, busy):
            await parties.trunk.hang_up(ended)
            await parties.trunk.expect("ended", call=ended)


def heard(parties: Parties, call: int, hertz: int) -> bool:
    """Whether the caller has heard the tone."""
    path = parties.heard_by_caller(call)
    return path.exists() and seconds_with(path, hertz) >= STRAY


@contextmanager
def an_answer_each_minute(server: HotlineServer, counselor: CounselorId) -> Iterator[None]:
    """An hour in which `counselor` was quick; forgotten afterwards."""
    now = keys.milliseconds(SystemClock().now())
    answers = {f"past-{n} {counselor} normal": now - 60_000 * n for n in range(60)}
    with redis.Redis.from_url(server.settings.redis_url) as connection:
        connection.zadd(keys.ANSWERS, answers)
        try:
            yield
        finally:
            connection.zrem(keys.ANSWERS, *answers)
