"""Blocks and notices, on a real Redis: what is known, until when, and what the journal says."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import redis

from hotline import events as e
from hotline.clock import ManualClock
from hotline.ports import Known
from queueing import keys
from queueing.blocks import Block, to_text
from queueing.store import QueueStore
from tests.queue_scene import NOON, QueueScene, a_queue

CALLER = "a1" * 32
OTHER = "b2" * 32
LINE = "12356"
WEEK = timedelta(days=7)


async def block(scene: QueueScene, caller: str = CALLER, until: datetime = NOON + WEEK) -> None:
    await scene.store.block(caller, reason="harassment", by="operator:lin", until=until)


async def is_blocked(scene: QueueScene, caller: str = CALLER) -> bool:
    return (await scene.store.known_of(caller, line=LINE, at=scene.clock.now())).blocked


def journalled(scene: QueueScene) -> list[e.Event]:
    """What the journal says of callers and lines."""
    kinds = (e.CallerEvent, e.LineNoticeChanged)
    return [event for event in scene.journal() if isinstance(event, kinds)]


async def test_blocked_caller_is_known_by_the_digest_alone(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene)
        assert await is_blocked(scene)
        assert not await is_blocked(scene, OTHER)


async def test_block_is_journalled_with_reason_author_end_and_review(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene)
        event = journalled(scene)[-1]
        assert isinstance(event, e.CallerBlocked)
        assert (event.caller, event.reason, event.by) == (CALLER, "harassment", "operator:lin")
        assert (event.at, event.until, event.review) == (NOON, NOON + WEEK, NOON + WEEK / 2)
        assert event.subject == e.caller_subject(CALLER)


async def test_block_ends_by_itself_and_is_taken_away_by_whoever_meets_it(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene, until=NOON + timedelta(hours=1))
        scene.clock.advance(3599)
        assert await is_blocked(scene)
        scene.clock.advance(1)
        assert not await is_blocked(scene)
        assert not await is_blocked(scene)
        unblocked = [one for one in journalled(scene) if isinstance(one, e.CallerUnblocked)]
        assert [(one.by, one.reason) for one in unblocked] == [("system", "expired")]
        with redis.Redis.from_url(redis_url) as connection:
            assert connection.hlen(keys.BLOCKED) == 0


async def test_two_who_meet_an_expired_block_take_it_away_once(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene, until=NOON + timedelta(hours=1))
        scene.clock.advance(3600)
        other = QueueStore.open(redis_url, clock=scene.clock, limits=scene.limits)
        try:
            asked = [
                store.known_of(CALLER, line=LINE, at=NOON) for store in (scene.store, other) * 5
            ]
            assert not any(known.blocked for known in await asyncio.gather(*asked))
        finally:
            await other.close()
        assert sum(isinstance(one, e.CallerUnblocked) for one in journalled(scene)) == 1


class Meddler(ManualClock):
    """A clock that blocks the caller anew when it is asked for the time the `n`th time: what
    another process may do between two steps of this one."""

    def __init__(self, start: datetime, url: str, *, n: int, until: datetime) -> None:
        super().__init__(start)
        self._url, self._left, self._until = url, n, until

    def now(self) -> datetime:
        self._left -= 1
        if self._left == 0:
            anew = Block(
                caller=CALLER, reason="anew", by="x", at=NOON, until=self._until, review=self._until
            )
            with redis.Redis.from_url(self._url) as connection:
                connection.hset(keys.BLOCKED, CALLER, to_text(anew))
        return super().now()


async def test_block_that_was_made_anew_is_not_taken_away_as_expired(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene, until=NOON + timedelta(hours=1))
        late = NOON + timedelta(hours=2)
        clock = Meddler(late, redis_url, n=1, until=late + WEEK)
        other = QueueStore.open(redis_url, clock=clock, limits=scene.limits)
        try:
            await other.known_of(CALLER, line=LINE, at=late)
        finally:
            await other.close()
        scene.clock.advance(7200)
        assert await is_blocked(scene)


async def test_block_that_was_made_anew_is_not_confirmed_unseen(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene)
        clock = Meddler(NOON, redis_url, n=2, until=NOON + 4 * WEEK)
        other = QueueStore.open(redis_url, clock=clock, limits=scene.limits)
        try:
            assert not await other.confirm_block(CALLER, by="y", reason="r", until=NOON + WEEK)
        finally:
            await other.close()
        assert [held.reason for held in await scene.store.blocks()] == ["anew"]


async def test_unblocked_caller_gets_through_and_is_unblocked_once(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene)
        assert await scene.store.unblock(CALLER, by="operator:lin", reason="apologised")
        assert not await scene.store.unblock(CALLER, by="operator:lin", reason="apologised")
        assert not await is_blocked(scene)
        last = journalled(scene)[-1]
        assert isinstance(last, e.CallerUnblocked)
        assert last.reason == "apologised"
        assert len(journalled(scene)) == 2


async def test_events_of_one_caller_are_numbered_without_a_gap(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for _ in range(2):
            await block(scene)
            await scene.store.unblock(CALLER, by="operator:lin", reason="asked")
        await block(scene, OTHER)
        own = [one.seq for one in journalled(scene) if one.subject == e.caller_subject(CALLER)]
        assert own == [1, 2, 3, 4]
        assert len({one.id for one in journalled(scene)}) == 5


async def test_block_is_due_for_review_between_its_review_and_its_end(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene)
        (held,) = await scene.store.blocks()
        assert not held.review_due(NOON)
        assert held.review_due(NOON + WEEK / 2)
        assert not held.review_due(NOON + WEEK)


async def test_confirmed_block_goes_on_and_says_who_confirmed_it(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene)
        scene.clock.advance(WEEK.total_seconds() / 2)
        now = scene.clock.now()
        until = now + timedelta(days=2)
        assert await scene.store.confirm_block(
            CALLER, by="operator:wu", reason="again", until=until
        )
        (held,) = await scene.store.blocks()
        assert (held.by, held.confirmed_by, held.confirmed_at) == (
            "operator:lin",
            "operator:wu",
            now,
        )
        assert (held.until, held.review) == (until, now + timedelta(days=1))
        assert not held.review_due(now)
        confirmed = journalled(scene)[-1]
        assert isinstance(confirmed, e.BlockConfirmed)
        assert (confirmed.by, confirmed.reason) == ("operator:wu", "again")


async def test_block_that_is_gone_cannot_be_confirmed(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        assert not await scene.store.confirm_block(
            CALLER, by="operator:wu", reason="again", until=NOON + WEEK
        )
        assert journalled(scene) == []


async def test_blocks_are_listed_first_to_end_first_without_the_expired(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene, CALLER, NOON + WEEK)
        await block(scene, OTHER, NOON + timedelta(days=1))
        await block(scene, "c3" * 32, NOON + timedelta(seconds=1))
        scene.clock.advance(1)
        assert [held.caller for held in await scene.store.blocks()] == [OTHER, CALLER]


async def test_withheld_number_is_never_taken_for_a_blocked_one(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await block(scene, "")
        assert not await is_blocked(scene, "")


async def test_notice_is_known_for_its_line_alone_until_it_is_switched_off(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.put_notice(LINE, "storm", by="operator:lin")
        assert await scene.store.known_of("", line=LINE, at=NOON) == Known(notice="storm")
        assert await scene.store.known_of(CALLER, line="2", at=NOON) == Known()
        assert await scene.store.notices() == {LINE: "storm"}
        await scene.store.put_notice(LINE, "", by="operator:lin")
        assert await scene.store.known_of(CALLER, line=LINE, at=NOON) == Known()
        said = [(one.subject, one.prompt) for one in journalled(scene)]  # type: ignore[attr-defined]
        assert said == [("line:12356", "storm"), ("line:12356", "")]


async def test_saying_the_same_notice_again_says_nothing_new(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for _ in range(2):
            await scene.store.put_notice(LINE, "storm", by="operator:lin")
        assert len(journalled(scene)) == 1
