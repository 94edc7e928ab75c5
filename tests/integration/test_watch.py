"""Following the journal: whoever watches is told what came, or why nothing comes any more."""

from __future__ import annotations

import asyncio

import pytest
import redis

from admin.demo.watch import NothingCame, Watch
from hotline import events as e
from tests.buried import a_call
from tests.scribe_scene import add
from tests.servers import RedisServer, select_pause

REDIS_PYS_PATIENCE = 5.0
"""Seconds for which its client waits for an answer unless told otherwise."""


def a_watch(url: str) -> Watch:
    return Watch(url, show=lambda _event: None)


async def test_loop_that_was_held_up_loses_nothing(redis_url: str, stream: redis.Redis) -> None:
    async with a_watch(redis_url) as watch:
        begun, *later = a_call().contact_events
        add(stream, [begun])
        await watch.expect("c1", e.InviteReceived)
        held_up = asyncio.Event()

        def hold_up() -> None:  # as a busy machine may, while the watch waits for more
            select_pause(REDIS_PYS_PATIENCE + 0.5)
            held_up.set()

        asyncio.get_running_loop().call_later(0.1, hold_up)
        await held_up.wait()
        add(stream, later)
        await watch.expect("c1", type(later[-1]))


async def test_whoever_waits_in_vain_is_told_why_nothing_comes_any_more(
    own_redis: RedisServer,
) -> None:
    async with a_watch(own_redis.url) as watch:
        own_redis.kill()
        with pytest.raises(NothingCame) as told:
            await watch.expect("c1", e.InviteReceived, seconds=1)
    assert isinstance(told.value.__cause__, redis.ConnectionError)
