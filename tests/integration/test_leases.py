"""Leases on a real Redis: nobody stays stuck for somebody who does not come."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import redis

from hotline.contact import ContactState as C
from hotline.events import (
    AlarmKind,
    CallerLeft,
    ContactFailed,
    CounselorStateChanged,
    Event,
    MenuFinished,
    MessageLeft,
    PartnerLeft,
    Reason,
    Result,
    Termination,
)
from hotline.events import CounselorState as S
from hotline.ids import ContactId, GatewayId, new_event_id
from hotline.ports import Carried
from hotline.wire import encode
from queueing import keys
from queueing.heart import Heart
from queueing.limits import Limits
from queueing.reconciler import Reconciler
from tests.fakes import FakeAlarms
from tests.queue_scene import GATEWAY, NOON, OTHER_GATEWAY, QueueScene, a_queue, a_waiting

LOST = Termination(Result.FAILED, Reason.GATEWAY_LOST)


def write(scene: QueueScene, kind: type[Event], contact: str, seq: int, **facts: object) -> None:
    """Journal a contact's event, as its gateway does."""
    event = kind(id=new_event_id(), subject=contact, seq=seq, at=NOON, **facts)
    with redis.Redis.from_url(scene.url) as connection:
        connection.xadd(keys.JOURNAL, encode(event))


def failures(scene: QueueScene) -> list[ContactFailed]:
    return [event for event in scene.journal() if isinstance(event, ContactFailed)]


@dataclass
class FakeCarrier:
    """A gateway as its heart sees it: what it carries, and what it was told."""

    carried: dict[ContactId, Carried] = field(default_factory=dict)
    amiss: list[ContactId] = field(default_factory=list)
    revived: dict[ContactId, int] = field(default_factory=dict)
    alarms: FakeAlarms = field(default_factory=FakeAlarms)

    @classmethod
    def of(cls, contact: str, seq: int) -> FakeCarrier:
        return cls({ContactId(contact): Carried(seq=seq)})

    def tell_again(self, contacts: Collection[ContactId]) -> None:
        self.amiss.extend(contacts)

    def revive(self, failed: Mapping[ContactId, int]) -> None:
        self.revived.update(failed)

    def heart(self, scene: QueueScene, gateway: GatewayId = GATEWAY) -> Heart:
        return Heart(leases=scene.store, gateway=gateway, carrier=self, alarms=self.alarms)


async def test_offer_past_its_lease_is_withdrawn(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer("c1")
        await scene.store.enqueue(a_waiting("later", after=60))
        await scene.pass_time(29, GATEWAY)
        assert await scene.state() is S.OFFERED
        await scene.pass_time(2, GATEWAY)
        assert await scene.line() == ["c1", "later"]
        presence = await scene.presence()
        assert (presence.state, presence.reason) == (S.READY, "withdrawn")
        assert not await scene.store.accept(offer)
        with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
            assert '"withdrawn"' in connection.lrange(keys.inbox(GATEWAY), -1, -1)[0]


async def test_accepted_offer_has_no_lease_while_its_gateway_lives(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.a_talk()
        await scene.pass_time(120, GATEWAY)
        assert await scene.state() is S.TALKING


async def test_wrap_up_ends_at_its_deadline(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.finish(await scene.a_talk(), requeue=False)
        await scene.pass_time(119)
        assert await scene.state() is S.WRAP_UP
        await scene.pass_time(2)
        assert scene.moves()[-1] == ("wrap_up", "ready", "wrap_up_over")


async def test_traces_of_what_is_gone_stop_no_sweep(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.finish(await scene.a_talk(), requeue=False)
        await scene.store.sweep()
        with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
            connection.zadd(keys.RINGING, {"gone": 0})
            connection.zadd(keys.WRAP_UPS, {"nobody": 0})
            await scene.pass_time(121)
            assert await scene.state() is S.READY
            assert connection.zcard(keys.RINGING) == connection.zcard(keys.WRAP_UPS) == 0


async def test_dead_gateway_loses_its_contacts_and_frees_its_counselors(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.a_talk("talking", "1001")
        await scene.an_offer("ringing", "1002")
        await scene.store.enqueue(a_waiting("waiting"))
        await scene.store.enqueue(a_waiting("other", gateway=OTHER_GATEWAY))
        carried = {"menu": 3, "waiting": 5, "ringing": 6, "talking": 9}
        await scene.store.heartbeat(
            GATEWAY, {ContactId(c): Carried(seq=n) for c, n in carried.items()}
        )
        await scene.pass_time(14, OTHER_GATEWAY)
        assert failures(scene) == []
        await scene.pass_time(2, OTHER_GATEWAY)

        lost = {event.subject: event for event in failures(scene)}
        assert {contact: event.seq - 1 for contact, event in lost.items()} == carried
        assert {event.termination for event in lost.values()} == {LOST}
        assert await scene.line() == ["other"]
        assert await scene.state("1001") is S.WRAP_UP
        assert await scene.state("1002") is S.READY
        with redis.Redis.from_url(redis_url) as connection:
            assert connection.keys(f"*{GATEWAY}*") == [f"{keys.BURIED}{GATEWAY}".encode()]
            assert 0 < connection.pttl(f"{keys.BURIED}{GATEWAY}") <= 3_600_000


async def test_sweep_returns_whom_it_lost(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.a_talk("c1", "1001")
        await scene.store.heartbeat(GATEWAY, {ContactId("c1"): Carried(seq=9)})
        await scene.pass_time(15)
        scene.clock.advance(1)
        sweep = await scene.store.sweep()
        (lost,) = sweep.lost
        assert (lost.contact, lost.gateway, lost.seq) == ("c1", GATEWAY, 10)
        assert (lost.state, lost.counselor) == ("talking", "1001")
        assert (await scene.store.sweep()).lost == ()


@pytest.mark.parametrize(
    ("ending", "facts"),
    [
        (CallerLeft, {}),
        (PartnerLeft, {"partner": "north"}),
        (MessageLeft, {"recording": "r", "seconds": 9.0}),
    ],
)
async def test_lost_contact_is_counted_on_from_what_the_journal_says(
    redis_url: str, ending: type[Event], facts: dict[str, object]
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.heartbeat(GATEWAY, {ContactId(c): Carried(seq=2) for c in ("c1", "c2")})
        write(scene, MenuFinished, "c1", 3, outcome="chosen", topic="grief", language="zh")
        ended = Termination(Result.ABANDONED, Reason.CALLER_HUNG_UP)
        write(scene, ending, "c2", 3, termination=ended, **facts)
        await scene.pass_time(17)
        assert [(event.subject, event.seq) for event in failures(scene)] == [("c1", 4)]


async def test_last_words_are_found_below_many_entries_of_others(redis_url: str) -> None:
    """At forty calls a second a lease is more than five thousand entries."""
    async with a_queue(redis_url) as scene:
        await scene.store.heartbeat(GATEWAY, {ContactId(c): Carried(seq=2) for c in ("c1", "c2")})
        write(scene, MenuFinished, "c1", 3, outcome="chosen", topic="grief", language="zh")
        ended = Termination(Result.ABANDONED, Reason.CALLER_HUNG_UP)
        write(scene, CallerLeft, "c2", 3, termination=ended)
        with redis.Redis.from_url(scene.url) as connection:
            other = {"id": "x", "type": "MenuFinished", "subject": "other", "seq": 1, "at": "",
                     "data": "{}"}  # fmt: skip
            with connection.pipeline(transaction=False) as pipe:
                for _ in range(7_000):
                    pipe.xadd(keys.JOURNAL, other)
                pipe.execute()
        for _ in range(17):
            scene.clock.advance(1)
            await scene.store.sweep()
        with redis.Redis.from_url(scene.url, decode_responses=True) as connection:
            ((_, last),) = connection.xrevrange(keys.JOURNAL, count=1)
            assert (last["type"], last["subject"], last["seq"]) == ("ContactFailed", "c1", "4")
            assert connection.xlen(keys.JOURNAL) == 7_003
            await scene.store.heartbeat(OTHER_GATEWAY, {})
            assert set(connection.hkeys(keys.HEARD)) >= {OTHER_GATEWAY}


async def test_gateways_sweeping_at_once_mend_nothing_twice(redis_url: str) -> None:
    async with a_queue(redis_url) as one, a_queue(redis_url) as other:
        await one.a_talk("c1", "1001")
        await one.an_offer("c2", "1002")
        for _ in range(40):
            one.clock.advance(1)
            other.clock.advance(1)
            await asyncio.gather(one.store.sweep(), other.store.sweep())
        assert len(failures(one)) == 2
        assert [event.seq for event in one.journal() if event.subject == "1001"] == [1, 2, 3, 4]
        assert [event.seq for event in one.journal() if event.subject == "1002"] == [1, 2, 3]


async def test_absence_begins_all_leases_anew(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        scene.clock.advance(3600)  # Redis was away, and nobody could renew anything
        assert (await scene.store.sweep()).was_away
        assert failures(scene) == []
        await scene.pass_time(10)
        assert await scene.store.accept(offer)
        await scene.pass_time(10)
        assert [event.subject for event in failures(scene)] == ["c1"]


async def test_clock_set_back_an_hour_lengthens_no_lease(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.finish(await scene.a_talk("c1", "1001"), requeue=False)
        await scene.an_offer("c2", "1002")
        scene.clock.advance(-3600)
        await scene.pass_time(32, GATEWAY)
        assert await scene.state("1002") is S.READY
        await scene.pass_time(91, GATEWAY)
        assert await scene.state("1001") is S.READY


@pytest.mark.parametrize("talking", [True, False])
async def test_contact_that_its_gateway_no_longer_carries_is_mended(
    redis_url: str, talking: bool
) -> None:
    async with a_queue(redis_url, Limits(offer_lease=600)) as scene:
        await (scene.a_talk() if talking else scene.an_offer())
        await scene.store.heartbeat(GATEWAY, {ContactId("c1"): Carried(seq=4)})
        for _ in range(16):
            assert await scene.state() is (S.TALKING if talking else S.OFFERED)
            scene.clock.advance(1)
            beat = await scene.store.heartbeat(GATEWAY, {})
        assert beat.forgotten == ("c1",)
        assert await scene.state() is (S.WRAP_UP if talking else S.READY)
        assert failures(scene) == []  # its gateway lives and journals its end itself


async def test_contact_enqueued_while_the_beat_was_under_way_is_not_forgotten(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("c1"))
        assert (await scene.store.heartbeat(GATEWAY, {})).forgotten == ()
        assert await scene.line() == ["c1"]


async def test_gateway_that_was_given_up_is_told(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        answers = [await scene.store.heartbeat(GATEWAY, {}) for _ in range(2)]
        assert [beat.was_alive for beat in answers] == [False, True]
        await scene.pass_time(16)
        assert not (await scene.store.heartbeat(GATEWAY, {})).was_alive


async def test_heart_keeps_the_gateway_alive_with_what_it_carries(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        carrier = FakeCarrier()
        heart = carrier.heart(scene)
        for n in range(10):
            carrier.carried[ContactId("c1")] = Carried(seq=2 + n)
            await heart.beat()
            await scene.pass_time(3)
        await scene.pass_time(14)
        assert [event.seq for event in failures(scene)] == [12]


async def test_contact_that_redis_has_lost_is_told_of_at_the_next_beat(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        carrier = FakeCarrier.of("menu", 1)
        for name in ("waits", "held"):
            carrier.carried[ContactId(name)] = Carried(seq=1, state=C.QUEUED)
            await scene.store.enqueue(a_waiting(name))
        heart = carrier.heart(scene)
        await heart.beat()
        assert carrier.amiss == []
        with redis.Redis.from_url(redis_url) as connection:
            connection.flushall()
        await scene.store.enqueue(a_waiting("held"))
        await heart.beat()
        assert carrier.amiss == ["waits"]


async def test_operator_hears_of_a_contact_that_no_call_has_any_more(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.a_talk()
        carrier = FakeCarrier.of("c1", 4)
        heart = carrier.heart(scene)
        await heart.beat()
        carrier.carried.clear()
        for _ in range(16):
            scene.clock.advance(1)
            await heart.beat()
        ((kind, detail),) = carrier.alarms.told
        assert kind is AlarmKind.STUCK_STATE_MENDED
        assert detail == "1 contacts were in the queue and in no call"
        assert await scene.state() is S.WRAP_UP


async def test_gateway_that_was_given_up_hears_at_its_next_beat_who_was_failed(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        carrier = FakeCarrier.of("c1", 4)
        heart = carrier.heart(scene)
        await heart.beat()
        await scene.pass_time(17)
        await heart.beat()
        assert carrier.revived == {"c1": 5}


SLOT = "gateway-1.0000beef"


async def test_new_life_in_a_slot_ends_what_the_last_one_carried(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        dead, heir = GatewayId(f"{SLOT}.aaaaaaaa"), GatewayId(f"{SLOT}.bbbbbbbb")
        elsewhere = GatewayId("gateway-1.0000cafe.cccccccc")  # another host's slot of that name
        for gateway, contact in ((dead, "lost"), (elsewhere, "safe")):
            await scene.store.enqueue(a_waiting(contact, gateway=gateway))
            await FakeCarrier.of(contact, 2).heart(scene, gateway).beat()
        await scene.store.enqueue(a_waiting("young", gateway=heir))
        heart = FakeCarrier.of("young", 1).heart(scene, heir)
        await heart.beat()
        sweep = await scene.store.sweep()
        assert [(lost.contact, lost.gateway, lost.seq) for lost in sweep.lost] == [
            ("lost", dead, 3)
        ]
        assert await scene.line() == ["safe", "young"]


async def test_new_life_ends_the_last_one_although_nobody_swept_meanwhile(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("lost", gateway=GatewayId(f"{SLOT}.aaaaaaaa")))
        scene.clock.advance(8)  # the only gateway was down: leases begin anew, but not that one
        await FakeCarrier().heart(scene, GatewayId(f"{SLOT}.bbbbbbbb")).beat()
        sweep = await scene.store.sweep()
        assert sweep.was_away
        assert [lost.contact for lost in sweep.lost] == ["lost"]


async def test_only_the_first_beat_of_a_life_ends_another(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        old = FakeCarrier().heart(scene, GatewayId(f"{SLOT}.aaaaaaaa"))
        await old.beat()
        heir = GatewayId(f"{SLOT}.bbbbbbbb")
        await scene.store.enqueue(a_waiting("young", gateway=heir))
        await FakeCarrier.of("young", 1).heart(scene, heir).beat()
        await old.beat()  # frozen until now, and soon to be killed
        assert (await scene.store.sweep()).lost == ()
        assert await scene.line() == ["young"]


async def test_reconciler_tells_the_operator_what_it_mended(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        alarms = FakeAlarms()
        reconciler = Reconciler(leases=scene.store, alarms=alarms)
        await scene.store.enqueue(a_waiting("c1"))
        for _ in range(15):
            scene.clock.advance(1)
            await reconciler.reconcile()
        assert alarms.told == []
        scene.clock.advance(1)
        await reconciler.reconcile()
        ((_, detail),) = alarms.told
        assert detail.startswith("1 contacts lost with their gateway")


async def test_times_of_mended_states_are_those_of_the_mending(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.a_talk()
        await scene.pass_time(16)
        last = scene.journal()[-2]
        assert isinstance(last, CounselorStateChanged)
        assert last.at == NOON + timedelta(seconds=15, milliseconds=1)
        assert last.reason == "gateway_lost"
