"""The clock is set back an hour under callers who wait, are being offered and talk: nobody is given
up for it, nobody is stuck, and the journal says how each came to an end.

At the level of the store, whose clock is turned by hand; real gateways read the machine's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis

from hotline.events import CounselorState as S
from hotline.events import Priority
from hotline.ids import ContactId
from hotline.ports import KeptPlace, Offer
from queueing import keys
from queueing.limits import Limits
from tests.dispatching import dispatching, until, until_state
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


async def arrive(scene: QueueScene, *names: str, **more: Any) -> None:
    """Each comes a second after the one before, by whatever the clock says then."""
    for name in names:
        scene.clock.advance(1)
        waiting = replace(a_waiting(name, **more), arrived_at=scene.clock.now())
        await scene.store.enqueue(waiting)


async def served(scene: QueueScene, extension: str) -> str | None:
    """Return whom the counselor gets who becomes ready now."""
    await scene.add_ready(extension)
    await until_state(scene, extension, S.OFFERED)
    return (await scene.presence(extension)).contact


async def test_callers_who_come_after_the_clock_was_set_back_overtake_nobody(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        async with dispatching(scene) as one, dispatching(scene, OTHER_GATEWAY):
            await arrive(scene, "b1", "b2")
            await arrive(scene, "crisis1", priority=Priority.CRISIS)
            scene.clock.advance(-HOUR)
            await arrive(scene, "a1", gateway=OTHER_GATEWAY)
            await arrive(scene, "crisis2", priority=Priority.CRISIS)
            await arrive(scene, "a2")
            order = ["crisis1", "crisis2", "b1", "b2", "a1", "a2"]
            assert await scene.line() == order
            await scene.pass_time(10, GATEWAY, OTHER_GATEWAY)
            await scene.store.enqueue(a_waiting("b1", after=1))  # said again, it keeps its place
            assert await scene.line() == order
            await until(lambda: one.feed.picture.waiting == 6)
            assert [await served(scene, f"100{n}") for n in range(4)] == order[:4]
        async with dispatching(scene), dispatching(scene, OTHER_GATEWAY):  # begun after it
            assert [await served(scene, f"100{n}") for n in range(4, 6)] == order[4:]
        sound(redis_url)


async def test_clock_that_is_put_right_again_lets_nobody_overtake_either(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await arrive(scene, "before")
        scene.clock.advance(-HOUR)
        await arrive(scene, "between1", "between2")
        scene.clock.advance(HOUR)
        await arrive(scene, "after1", "after2")
        scene.clock.advance(-2 * HOUR)
        await arrive(scene, "again")
        line = ["before", "between1", "between2", "after1", "after2", "again"]
        assert await scene.line() == line
        with redis.Redis.from_url(redis_url) as connection:
            ahead = connection.hget(keys.CLOCK, "ahead")
        assert abs(int(ahead or 0) / 1000 - 2 * HOUR) < 2
        sound(redis_url)


async def test_caller_who_arrived_before_the_clock_was_set_back_and_queues_after_has_that_place(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        in_the_menu = replace(a_waiting("menu"), arrived_at=scene.clock.now())
        await arrive(scene, "quick")
        scene.clock.advance(-HOUR)
        await arrive(scene, "late")
        await scene.store.enqueue(in_the_menu)
        assert await scene.line() == ["menu", "quick", "late"]


@pytest.mark.parametrize("heard", [True, False])
async def test_place_that_is_kept_is_kept_over_the_clock_set_back(
    redis_url: str, heard: bool
) -> None:
    async with a_queue(redis_url) as scene:
        await arrive(scene, "first", digest="d1")
        await arrive(scene, "second")
        since = NOON + timedelta(seconds=1)
        await scene.store.leave(ContactId("first"), fault=True)
        scene.clock.advance(-HOUR)
        await arrive(scene, "third")
        again = replace(a_waiting("again", digest="d1"), arrived_at=scene.clock.now())
        assert await scene.store.enqueue(again) == KeptPlace(since, "fault")
        assert await scene.line() == ["again", "second", "third"]
        told = None if heard else KeptPlace(since, "fault")
        repeated = replace(again, arrived_at=since) if heard else again
        assert await scene.store.enqueue(repeated) == told
        assert await scene.line() == ["again", "second", "third"]
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
