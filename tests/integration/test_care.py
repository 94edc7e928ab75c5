"""Care plans on a real Redis: kept, journalled, and counted by the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hotline import events as e
from hotline.ids import ContactId, CounselorId
from hotline.ports import Known
from queueing import care
from queueing.care import CarePlan
from queueing.routing.pair import Pair
from tests.queue_scene import NOON, QueueScene, a_queue, a_waiting

CALLER = "a1" * 32
LINE = "12356"
SHANGHAI = ZoneInfo("Asia/Shanghai")
EVENING = NOON.astimezone(SHANGHAI)
"""Saturday, 20:00."""
ONE, TWO = ContactId("c1"), ContactId("c2")


async def known(scene: QueueScene, at: datetime = EVENING, caller: str = CALLER) -> Known:
    return await scene.store.known_of(caller, line=LINE, at=at)


async def put(scene: QueueScene, plan: CarePlan | None) -> None:
    await scene.store.put_care(CALLER, plan, by="operator:lin")


async def test_plan_is_known_of_its_caller_alone(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await put(scene, CarePlan(counselor=CounselorId("1001"), high_risk=True))
        assert await known(scene) == Known(asked_for=CounselorId("1001"), high_risk=True)
        assert await known(scene, caller="b2" * 32) == Known()


async def test_withheld_number_has_no_plan(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.put_care("", CarePlan(high_risk=True), by="operator:lin")
        assert await known(scene, caller="") == Known()


async def test_times_are_those_of_the_zone_that_is_asked_in(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await put(scene, CarePlan(times=("sat 20:00-21:00",), message="for_li"))
        assert (await known(scene)).message == ""
        assert (await known(scene, EVENING + timedelta(hours=1))).message == "for_li"
        assert (await known(scene, NOON)).message == "for_li"  # by Greenwich it is noon


async def test_ended_plan_is_forgotten(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await put(scene, CarePlan(times=("mon 20:00-21:00",)))
        assert (await known(scene)).message
        await put(scene, None)
        assert await known(scene) == Known()
        assert await scene.store.care_plans() == {}


async def test_each_change_of_a_plan_is_journalled_whole(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        plan = CarePlan(minutes_per_call=20, times=("sat 20:00-21:00", "sun 20:00-21:00"))
        for one in (plan, plan, None):
            await put(scene, one)
        changes = [event for event in scene.journal() if isinstance(event, e.CarePlanChanged)]
        assert [event.plan for event in changes] == [care.to_text(plan), ""]
        assert {(event.caller, event.by) for event in changes} == {(CALLER, "operator:lin")}
        assert await scene.store.care_plans() == {}


async def test_conversations_of_a_day_are_added_up(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await put(scene, CarePlan(minutes_per_day=30))
        assert (await known(scene)).seconds == 1800
        await scene.store.talked(CALLER, ONE, seconds=600, at=EVENING)
        await scene.store.talked(CALLER, TWO, seconds=300.5, at=EVENING)
        assert (await known(scene)).seconds == 899.5
        await scene.store.talked(CALLER, TWO, seconds=1200, at=EVENING)
        assert (await known(scene)).message == care.USED_UP


async def test_conversation_that_is_told_twice_counts_once(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await put(scene, CarePlan(minutes_per_day=30))
        for seconds in (600, 600, 700):  # told again, and again after a second stretch
            await scene.store.talked(CALLER, ONE, seconds=seconds, at=EVENING)
        assert (await known(scene)).seconds == 1100


async def test_day_begins_at_midnight_of_the_site(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await put(scene, CarePlan(minutes_per_day=30))
        await scene.store.talked(CALLER, ONE, seconds=1800, at=EVENING)
        before, midnight = EVENING.replace(hour=23, minute=59), EVENING + timedelta(hours=4)
        assert (await known(scene, before)).message == care.USED_UP
        assert (await known(scene, midnight)).message == ""


async def test_dedicated_counselor_comes_before_the_one_who_last_took_the_caller(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("c1", digest=CALLER))
        await scene.add_ready("1001")
        pair = Pair(ContactId("c1"), CounselorId("1001"))
        (last,) = await scene.store.offer([pair], remember=timedelta(days=1))
        assert last is not None
        assert await scene.store.accept(last)
        await scene.store.finish(last, requeue=False)
        again = a_waiting("c2", digest=CALLER)
        await scene.store.enqueue(again)
        assert await sticky(scene) == "1001"
        await scene.store.enqueue(replace(again, asked_for=CounselorId("1002")))
        assert await sticky(scene) == "1002"


async def sticky(scene: QueueScene) -> str | None:
    """Who is asked first for the one contact that waits."""
    ((_, counselor),) = (await scene.store.snapshot()).waiting
    return counselor
