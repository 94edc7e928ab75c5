"""A wrap-up that its owner lengthens, on a real Redis."""

from __future__ import annotations

import pytest

from hotline.errors import StateRefused, UnknownCounselor
from hotline.events import CounselorState as S
from hotline.events import WrapUpExtended
from hotline.ids import CounselorId
from queueing.limits import Limits
from tests.queue_scene import GATEWAY, QueueScene, a_queue

ONE = CounselorId("1001")
LIMITS = Limits(wrap_up=10, wrap_up_extension=20, wrap_up_most=45)


async def _in_wrap_up(scene: QueueScene) -> None:
    talk = await scene.a_talk("c1", ONE)
    await scene.store.finish(talk, requeue=False)
    assert await scene.state(ONE) is S.WRAP_UP


async def test_extension_lengthens_the_wrap_up_that_runs_and_is_journalled(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await _in_wrap_up(scene)
        await scene.pass_time(8, GATEWAY)
        ends = await scene.store.extend_wrap_up(ONE, by="counselor")
        assert (ends - scene.clock.now()).total_seconds() == 22
        extended = scene.journal()[-1]
        assert isinstance(extended, WrapUpExtended)
        assert (extended.subject, extended.seconds, extended.by) == (ONE, 30, "counselor")
        await scene.pass_time(21, GATEWAY)
        assert await scene.state(ONE) is S.WRAP_UP
        await scene.pass_time(2, GATEWAY)
        assert await scene.state(ONE) is S.READY
        seqs = [event.seq for event in scene.journal() if event.subject == ONE]
        assert seqs == list(range(1, len(seqs) + 1))


async def test_wrap_up_is_no_longer_than_the_most_there_may_be(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await _in_wrap_up(scene)
        began = scene.clock.now()
        for seconds in (30, 45):
            ends = await scene.store.extend_wrap_up(ONE, by="counselor")
            assert (ends - began).total_seconds() == seconds
        with pytest.raises(StateRefused):
            await scene.store.extend_wrap_up(ONE, by="counselor")
        await scene.pass_time(46, GATEWAY)
        assert await scene.state(ONE) is S.READY


async def test_only_a_wrap_up_can_be_longer(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        with pytest.raises(UnknownCounselor):
            await scene.store.extend_wrap_up(ONE, by="counselor")
        await scene.a_talk("c1", ONE)
        with pytest.raises(StateRefused):
            await scene.store.extend_wrap_up(ONE, by="counselor")
        assert not any(isinstance(event, WrapUpExtended) for event in scene.journal())


async def test_extension_does_not_outlive_its_wrap_up(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await _in_wrap_up(scene)
        await scene.store.extend_wrap_up(ONE, by="counselor")
        await scene.ask(ONE, S.OFFLINE)
        talk = await scene.a_talk("c2", ONE)
        await scene.store.finish(talk, requeue=False)
        scene.clock.advance(-3)  # a clock set back lengthens no wrap-up
        await scene.store.sweep()
        await scene.pass_time(11, GATEWAY)
        assert await scene.state(ONE) is S.READY


async def test_clock_set_back_does_not_shorten_a_wrap_up_that_was_lengthened(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        await _in_wrap_up(scene)
        await scene.store.extend_wrap_up(ONE, by="counselor")
        scene.clock.advance(-3600)
        await scene.store.sweep()
        await scene.pass_time(29, GATEWAY)
        assert await scene.state(ONE) is S.WRAP_UP
        await scene.pass_time(2, GATEWAY)
        assert await scene.state(ONE) is S.READY
