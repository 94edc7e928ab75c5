"""Who must be told of a change by the platform is told, once, by one gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import redis

from hotline.events import CounselorState
from hotline.ids import CounselorId
from hotline.ports import NoticeOutcome, OfferOutcome
from queueing import keys, notices
from queueing.limits import Limits
from queueing.notices import Notices
from tests.queue_scene import QueueScene, a_queue

ONE = CounselorId("1001")


@dataclass
class Bell:
    """Implements ports.Notifier: notes whom it would call, and hangs up when the test says so."""

    outcome: NoticeOutcome = NoticeOutcome.SPOKEN
    said: list[tuple[str, str]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def notify(self, counselor: CounselorId, reason: str) -> NoticeOutcome:
        self.said.append((counselor, reason))
        try:
            await self.over.wait()
        finally:
            self.hung_up.set()
        return self.outcome


@dataclass
class Phones:
    """Implements `queueing.notices.Phones`."""

    dead: set[CounselorId] = field(default_factory=set)

    async def reachable(self, counselors: list[CounselorId]) -> set[CounselorId]:
        return set(counselors) - self.dead


@dataclass
class NoticeScene:
    queue: QueueScene
    bell: Bell
    phones: Phones
    gateways: list[Notices]

    async def missed(self, extension: str = ONE) -> None:
        offer = await self.queue.an_offer(f"c-{extension}", extension)
        assert await self.queue.store.give_back(offer, OfferOutcome.MISSED)

    async def look(self) -> None:
        """Every gateway reads what there is and calls whom it may."""
        await asyncio.gather(*(one.collect() for one in self.gateways))
        await asyncio.gather(*(one.tell() for one in self.gateways))
        await asyncio.sleep(0)

    async def settled(self) -> None:
        self.bell.over.set()
        async with asyncio.timeout(30):
            while any(one.calling for one in self.gateways):  # noqa: ASYNC110 - real Redis
                await asyncio.sleep(0.005)

    def to_tell(self) -> dict[str, str]:
        with redis.Redis.from_url(self.queue.url, decode_responses=True) as connection:
            return dict(connection.hgetall(keys.TO_TELL))

    def may_try_again(self) -> None:
        with redis.Redis.from_url(self.queue.url) as connection:
            for claim in connection.keys(keys.TELLING + "*"):
                connection.delete(claim)


@asynccontextmanager
async def notice_scene(url: str, *, limits: Limits | None = None) -> AsyncIterator[NoticeScene]:
    """Two gateways; the journal's group stands, and looks do not wait for more."""
    async with a_queue(url, limits) as queue, AsyncExitStack() as stack:
        bell, phones = Bell(), Phones()
        gateways = [Notices(url, notifier=bell, phones=phones, block=0.01) for _ in range(2)]
        for one in gateways:
            stack.push_async_callback(one.close)
        scene = NoticeScene(queue, bell, phones, gateways)
        await scene.look()
        yield scene
        bell.over.set()
        await scene.settled()


async def test_missed_offer_is_told_by_one_gateway_once(redis_url: str) -> None:
    async with notice_scene(redis_url) as scene:
        await scene.missed()
        for _ in range(3):
            await scene.look()
        assert scene.bell.said == [(ONE, "missed")]
        await scene.settled()
        assert scene.to_tell() == {}
        await scene.look()
        assert len(scene.bell.said) == 1


async def test_an_entry_that_cannot_be_read_stops_no_notice(redis_url: str) -> None:
    async with notice_scene(redis_url) as scene:
        with redis.Redis.from_url(redis_url) as connection:
            for data in ("{}", "no JSON"):
                connection.xadd(keys.JOURNAL, {"type": "CounselorStateChanged", "data": data})
        await scene.missed()
        for _ in range(2):
            await scene.look()
        assert scene.bell.said == [(ONE, "missed")]


async def test_what_the_counselor_or_the_site_does_is_not_told(redis_url: str) -> None:
    limits = Limits(wrap_up=5, after_wrap_up="not_ready")
    async with notice_scene(redis_url, limits=limits) as scene:
        offer = await scene.queue.a_talk("c1", ONE)
        await scene.queue.store.finish(offer, requeue=False)
        await scene.queue.pass_time(6)
        assert await scene.queue.state(ONE) is CounselorState.NOT_READY
        await scene.queue.add_ready("1002")
        await scene.queue.ask("1002", CounselorState.NOT_READY)
        declined = await scene.queue.an_offer("c2", "1003")
        assert await scene.queue.store.give_back(declined, OfferOutcome.DECLINED)
        await scene.look()
        assert scene.to_tell() == {}


async def test_call_is_hung_up_when_the_counselor_is_ready_again(redis_url: str) -> None:
    async with notice_scene(redis_url) as scene:
        await scene.missed()
        await scene.look()
        assert scene.bell.said
        await scene.queue.ask(ONE, CounselorState.READY)
        async with asyncio.timeout(notices.EVERY + 30):
            await scene.bell.hung_up.wait()
        await scene.settled()
        assert scene.to_tell() == {}


async def test_dead_phone_is_called_when_it_is_back(redis_url: str) -> None:
    async with notice_scene(redis_url) as scene:
        scene.phones.dead.add(ONE)
        await scene.missed()
        await scene.look()
        assert scene.bell.said == []
        scene.phones.dead.clear()
        await scene.look()
        assert scene.bell.said == [(ONE, "missed")]


async def test_phone_that_was_away_is_tried_again_but_not_at_once(redis_url: str) -> None:
    async with notice_scene(redis_url) as scene:
        scene.bell.outcome = NoticeOutcome.AWAY
        scene.bell.over.set()
        await scene.missed()
        await scene.look()
        await scene.settled()
        await scene.look()
        assert len(scene.bell.said) == 1
        scene.may_try_again()
        await scene.look()
        assert len(scene.bell.said) == 2


async def test_phone_that_rings_in_vain_rings_three_times_at_most(redis_url: str) -> None:
    async with notice_scene(redis_url) as scene:
        scene.bell.outcome = NoticeOutcome.RANG
        scene.bell.over.set()
        await scene.missed()
        for _ in range(5):
            await scene.look()
            await scene.settled()
            scene.may_try_again()
        assert len(scene.bell.said) == notices.MOST_RINGS
        assert scene.to_tell() == {}


async def test_change_that_was_read_by_a_gateway_that_died_is_told_by_another(
    redis_url: str,
) -> None:
    async with notice_scene(redis_url) as scene:
        await scene.missed()
        with redis.Redis.from_url(redis_url) as connection:
            read = connection.xreadgroup(
                notices.GROUP, notices.CONSUMER, {keys.JOURNAL: ">"}, count=100
            )
        assert read
        await scene.look()
        assert scene.bell.said == [(ONE, "missed")]


async def test_change_while_no_gateway_ran_is_told_later_if_it_still_holds(redis_url: str) -> None:
    async with notice_scene(redis_url) as scene:
        await scene.missed("1001")
        await scene.missed("1002")
        await scene.queue.ask("1002", CounselorState.READY)
        await scene.look()
        assert scene.bell.said == [("1001", "missed")]
        assert len(scene.to_tell()) == 1
