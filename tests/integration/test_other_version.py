"""Gateways of two versions on one real Redis, as while a site is upgraded one host after the other:
what a version does not know is passed over, what it cannot read is seen, and the others go on."""

from __future__ import annotations

import asyncio
import json

import redis

from hotline.events import AlarmKind
from hotline.events import CounselorState as S
from hotline.ids import ContactId, OfferId
from hotline.ports import Carried, Offer
from queueing import keys
from queueing.inbox import Inbox
from queueing.overview import Pulse
from tests.dispatching import dispatching, until, until_state
from tests.queue_scene import GATEWAY, QueueScene, a_queue, a_waiting

NOBODY_ELSE = "0 contacts wait and 1 counselors"


def newer(scene: QueueScene, contact: str) -> None:
    """A gateway of a newer version has put this contact in line, with a priority of its own."""
    with redis.Redis.from_url(scene.url, decode_responses=True) as connection:
        asks = json.loads(str(connection.hget(keys.CONTACTS, contact)))
        text = json.dumps(asks | {"priority": "much_later"})
        connection.hset(keys.CONTACTS, contact, text)
        change = {"op": "wait", "contact": contact, "score": "9", "asks": text, "sticky": ""}
        connection.xadd(keys.CHANGES, change, id="1-*")


async def test_contact_that_cannot_be_read_is_seen_and_counted_and_stops_nobody(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting("strange"))
        newer(scene, "strange")
        async with dispatching(scene) as dispatcher:
            await until(lambda: AlarmKind.UNREADABLE in dispatcher.alarms.standing)
            detail = dispatcher.alarms.standing[AlarmKind.UNREADABLE]
            assert detail.startswith("1 contacts wait and 0 counselors")
            await scene.store.enqueue(a_waiting("c1"))
            await scene.add_ready("1001")
            await until_state(scene, "1001", S.OFFERED)
            assert dispatcher.feed.epoch == 1  # it is counted: the picture agrees with Redis
            await scene.store.leave(ContactId("strange"))
            await until(lambda: AlarmKind.UNREADABLE not in dispatcher.alarms.standing)


async def test_contact_that_becomes_unreadable_leaves_the_picture_and_comes_back(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene) as dispatcher:
        await scene.store.enqueue(a_waiting("c1"))
        await until(lambda: dispatcher.feed.picture.waiting == 1)
        newer(scene, "c1")
        await until(lambda: AlarmKind.UNREADABLE in dispatcher.alarms.standing)
        assert dispatcher.feed.picture.waiting == 0
        assert dispatcher.feed.owner_of(ContactId("c1")) is None
        await scene.store.enqueue(a_waiting("c1"))
        await until(lambda: AlarmKind.UNREADABLE not in dispatcher.alarms.standing)
        assert dispatcher.feed.picture.waiting == 1
        assert dispatcher.feed.epoch == 1


async def test_text_that_is_no_json_stops_no_snapshot(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for n, text in enumerate(("{", "", 'a"b\tc\nd\\', "null", "[1]")):
            await scene.store.enqueue(a_waiting(f"strange{n}"))
            with redis.Redis.from_url(redis_url) as connection:
                connection.hset(keys.CONTACTS, f"strange{n}", text)
        await scene.store.enqueue(a_waiting("c1"))
        async with dispatching(scene) as dispatcher:
            await scene.add_ready("1001")
            await until_state(scene, "1001", S.OFFERED)
            assert dispatcher.alarms.standing[AlarmKind.UNREADABLE].startswith("5 contacts wait")


async def test_counselor_who_cannot_be_read_is_seen_and_stops_nobody(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.add_ready("1001", "1002", "1003")
        with redis.Redis.from_url(redis_url) as connection:
            connection.hset(keys.PROFILES, "1001", '{"kind": "of a newer version"}')
        async with dispatching(scene) as dispatcher:
            await until(lambda: AlarmKind.UNREADABLE in dispatcher.alarms.standing)
            assert dispatcher.alarms.standing[AlarmKind.UNREADABLE].startswith(NOBODY_ELSE)
            with redis.Redis.from_url(redis_url) as connection:
                # The state is one of theirs; the pulse must not be what tells.
                connection.zrem(keys.READY, "1002")
                change = {"op": "counselor", "counselor": "1002", "state": "on_break", "idle": "0",
                          "busy": "0", "available": "0", "counted": "0"}  # fmt: skip
                connection.xadd(keys.CHANGES, change, id="1-*")
            await scene.store.enqueue(a_waiting("c1"))
            await until_state(scene, "1003", S.OFFERED)
            assert await scene.state("1002") is S.READY
            assert dispatcher.feed.epoch == 1


async def test_fields_that_are_not_known_are_passed_over(redis_url: str) -> None:
    async with a_queue(redis_url) as scene, dispatching(scene) as dispatcher:
        await scene.add_ready("1001")
        await until(lambda: dispatcher.feed.picture.ready == 1)
        with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
            await scene.store.enqueue(a_waiting("c1", node="nowhere"))
            asks = json.loads(str(connection.hget(keys.CONTACTS, "c1")))
            text = json.dumps(asks | {"node": "city", "mood": "of a newer version"})
            connection.hset(keys.CONTACTS, "c1", text)
            change = {"op": "wait", "contact": "c1", "score": "9", "asks": text, "sticky": "",
                      "mood": "of a newer version"}  # fmt: skip
            connection.xadd(keys.CHANGES, change, id="1-*")
        await until_state(scene, "1001", S.OFFERED)
        assert AlarmKind.UNREADABLE not in dispatcher.alarms.standing


async def test_change_of_an_unknown_kind_makes_the_picture_be_taken_anew(redis_url: str) -> None:
    pulses = 0
    async with a_queue(redis_url) as scene, dispatching(scene) as dispatcher:
        ask = scene.store.pulse

        async def pulse() -> Pulse:
            nonlocal pulses
            pulses += 1
            return await ask()

        scene.store.pulse = pulse  # type: ignore[method-assign]
        await until(lambda: dispatcher.feed.in_step)
        with redis.Redis.from_url(redis_url) as connection:
            for _ in range(3):
                connection.xadd(keys.CHANGES, {"op": "of a newer version"}, id="1-*")
        await until(lambda: dispatcher.feed.epoch == 2)
        with redis.Redis.from_url(redis_url) as connection:
            connection.xadd(keys.CHANGES, {"op": "of a newer version"}, id="1-*")
        await scene.store.enqueue(a_waiting("c1"))
        await scene.add_ready("1001")
        await until_state(scene, "1001", S.OFFERED)
        seen = pulses
        await until(lambda: pulses > seen + 2)
        assert dispatcher.feed.epoch == 2  # and not with every such change


class Taker:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.offers: asyncio.Queue[Offer] = asyncio.Queue()

    def offer_made(self, offer: Offer) -> None:
        self.offers.put_nowait(offer)

    def offer_withdrawn(self, offer: OfferId) -> None:
        raise AssertionError(f"offer {offer} was withdrawn")


async def test_message_of_an_unknown_kind_or_with_fields_more_or_less_stops_no_inbox(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        made = {"kind": "made", "offer": "3", "contact": "c1", "counselor": "1001", "expires": "0"}
        with redis.Redis.from_url(redis_url) as connection:
            newer_kind = made | {"kind": "of a newer version", "offer": "2"}
            for message in (newer_kind, made | {"mood": "calm"}):
                connection.rpush(keys.inbox(GATEWAY), json.dumps(message))
        taker = Taker()
        running = asyncio.create_task(Inbox(scene.url, gateway=GATEWAY, taker=taker).run())
        offer = await asyncio.wait_for(taker.offers.get(), 10)
        assert (offer.id, offer.plan, offer.step, offer.sticky) == ("3", "", 0, False)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_gateway_that_does_not_say_what_its_contacts_do_is_believed_what_it_says(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.a_talk()
        beat = await scene.store.heartbeat(GATEWAY, {ContactId("c1"): Carried(seq=4)})
        assert (beat.amiss, beat.forgotten) == ((), ())
        assert await scene.state() is S.TALKING
