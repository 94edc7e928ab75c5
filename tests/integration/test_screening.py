"""Blocked callers, on a real Redis."""

from __future__ import annotations

from datetime import timedelta

from tests.queue_scene import NOON, a_queue


async def test_blocked_caller_is_known_by_the_digest_alone(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.block("digest", reason="harassment", until=None)
        assert await scene.store.is_blocked("digest")
        assert not await scene.store.is_blocked("other")


async def test_block_ends_by_itself(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.block("digest", reason="drunk", until=NOON + timedelta(hours=1))
        scene.clock.advance(3599)
        assert await scene.store.is_blocked("digest")
        scene.clock.advance(1)
        assert not await scene.store.is_blocked("digest")


async def test_unblocked_caller_gets_through(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.block("digest", reason="harassment", until=None)
        await scene.store.unblock("digest")
        await scene.store.unblock("digest")
        assert not await scene.store.is_blocked("digest")
