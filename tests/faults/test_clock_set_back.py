"""The clock is set back an hour under callers who wait, are being offered and talk: nobody is given
up for it, nobody is stuck, and the journal says how each came to an end.

At the level of the store, whose clock is turned by hand; real gateways read the machine's.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import redis

from hotline.events import CounselorState as S
from hotline.ports import KeptPlace, Offer
from queueing import keys
from queueing.limits import Limits
from tests.queue_history import check_journal, failures
from tests.queue_scene import GATEWAY, NOON, OTHER_GATEWAY, QueueScene, a_queue, a_waiting
from tests.queue_state import Look

HOUR = 3600
LIMITS = Limits(wrap_up=20, offer_lease=30, misses_in_a_row=2)
JUMPS = [-HOUR, HOUR]


@pytest.mark.parametrize("jump", JUMPS)
async def test_clock_that_jumps_an_hour_gives_nobody_up(redis_url: str, jump: int) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        talk = await everybody(scene)
        before = (await scene.store.counselors())[:2]
        line = await scene.line()
        scene.clock.advance(jump)
        sweep = await scene.store.sweep()
        assert sweep.was_away
        assert (sweep.lost, sweep.withdrawn) == ((), ())
        assert await scene.line() == line
        assert (await scene.store.counselors())[:2] == before  # the third's wrap-up may be over
        await scene.pass_time(10, GATEWAY, OTHER_GATEWAY)
        assert await scene.line() == line
        await scene.store.finish(talk, requeue=False)
        assert await scene.state("1001") is S.WRAP_UP
        sound(redis_url)


@pytest.mark.parametrize("jump", JUMPS)
async def test_whatever_waits_for_somebody_who_does_not_come_ends_as_soon_as_ever(
    redis_url: str, jump: int
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await everybody(scene)
        scene.clock.advance(jump)
        await scene.pass_time(LIMITS.offer_lease + 2, GATEWAY, OTHER_GATEWAY)
        assert await scene.state("1002") is S.READY  # rang in vain, once
        assert await scene.line() == ["ringing", "w0", "w1", "w2"]
        assert await scene.state("1003") is S.READY  # out of wrap-up
        sound(redis_url)


@pytest.mark.parametrize("jump", JUMPS)
async def test_gateway_that_died_before_the_clock_jumped_is_buried_once(
    redis_url: str, jump: int
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await everybody(scene)
        scene.clock.advance(jump)
        await scene.pass_time(LIMITS.gateway_lease + 3, OTHER_GATEWAY)
        assert await scene.line() == ["w1"]
        again = a_waiting("again", after=60, digest="d-w0", gateway=OTHER_GATEWAY)
        assert await scene.store.enqueue(again) == KeptPlace(NOON + timedelta(seconds=1), "fault")
        scene.clock.advance(-jump)
        await scene.pass_time(LIMITS.gateway_lease + LIMITS.wrap_up + 3, OTHER_GATEWAY)
        assert await scene.line() == ["again", "w1"]
        assert failures(journal(redis_url)) == Counter(["talking", "ringing", "w0", "w2"])
        assert {one.state for one in await scene.store.counselors()} == {S.READY}
        check_journal(journal(redis_url), {"1001", "1002", "1003"}, misses=2)
        sound(redis_url)


async def everybody(scene: QueueScene) -> Offer:
    """1001 talks, 1002's phone rings, 1003 is in wrap-up; three wait, one at the other gateway."""
    talk = await scene.a_talk("talking", "1001")
    await scene.an_offer("ringing", "1002")
    await scene.store.finish(await scene.a_talk("served", "1003"), requeue=False)
    for n, gateway in enumerate((GATEWAY, OTHER_GATEWAY, GATEWAY)):
        await scene.store.enqueue(
            a_waiting(f"w{n}", after=n + 1, gateway=gateway, digest=f"d-w{n}")
        )
    return talk


def journal(url: str) -> list[dict[str, str]]:
    with redis.Redis.from_url(url, decode_responses=True) as connection:
        entries: Any = connection.xrange(keys.JOURNAL)
        return [fields for _, fields in entries]


def sound(url: str) -> None:
    """The invariants of the queue hold."""
    with redis.Redis.from_url(url, decode_responses=True) as connection:
        Look(connection).take(-1).check()
