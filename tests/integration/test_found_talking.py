"""What a gateway knows of its calls puts the queue right, on a real Redis: after Redis lost its
last second, and after a gateway was given up that was only silent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
import redis

from hotline.contact import ContactState as C
from hotline.events import CounselorState as S
from hotline.events import CounselorStateChanged
from hotline.ids import ContactId, CounselorId, GatewayId, OfferId
from hotline.ports import Carried, Offer, OfferOutcome, Restated
from queueing import keys
from queueing.limits import Limits
from tests.queue_scene import GATEWAY, OTHER_GATEWAY, QueueScene, a_profile, a_queue, a_waiting
from tests.queue_state import Look, copy_all

C1 = ContactId("c1")


async def amiss(
    scene: QueueScene, carried: Mapping[str, Carried], gateway: GatewayId = GATEWAY
) -> tuple[str, ...]:
    """Beat; return of which contacts the queue believes otherwise."""
    said = {ContactId(contact): one for contact, one in carried.items()}
    return (await scene.store.heartbeat(gateway, said)).amiss


def does(state: C, offer: Offer | None = None) -> Carried:
    return Carried(seq=5, state=state, offer=offer)


def sound(scene: QueueScene) -> None:
    """The invariants of the queue hold."""
    with redis.Redis.from_url(scene.url, decode_responses=True) as connection:
        Look(connection).take(-1).check()


class Disk:
    """What Redis had written when it was killed, and what it comes back with."""

    def __init__(self, scene: QueueScene) -> None:
        self._url = scene.url
        with redis.Redis.from_url(self._url) as connection:
            copy_all(connection, 0, 1)

    def come_back(self) -> None:
        with redis.Redis.from_url(self._url[:-1] + "1") as copy:
            copy_all(copy, 1, 0)


async def test_answer_that_redis_lost_is_known_again_and_the_journal_says_why(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        disk = Disk(scene)
        assert await scene.store.accept(offer)
        disk.come_back()
        assert await scene.state() is S.OFFERED

        assert await amiss(scene, {"c1": does(C.TALKING, offer)}) == ("c1",)
        assert await scene.store.restate(a_waiting(), offer, talking=True) is Restated.MENDED
        assert await scene.state() is S.TALKING
        assert await amiss(scene, {"c1": does(C.TALKING, offer)}) == ()
        last = scene.journal()[-1]
        assert isinstance(last, CounselorStateChanged)
        assert (last.state, last.reason, last.by) == (S.TALKING, "found_talking", "system")
        sound(scene)


async def test_counselor_whose_whole_offer_redis_lost_talks_in_the_queue_as_well(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001")
        disk = Disk(scene)
        offer = await scene.offer()
        assert offer is not None
        assert await scene.store.accept(offer)
        disk.come_back()
        assert await scene.line() == ["c1"]
        assert scene.ready() == ["1001"]

        assert await amiss(scene, {"c1": does(C.TALKING, offer)}) == ("c1",)
        assert await scene.store.restate(a_waiting(), offer, talking=True) is Restated.MENDED
        assert await scene.line() == []
        assert scene.ready() == []
        assert await scene.state() is S.TALKING
        await scene.store.finish(offer, requeue=False)
        assert await scene.state() is S.WRAP_UP
        sound(scene)


async def test_number_that_a_gateway_knows_is_never_given_to_another_offer(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        disk = Disk(scene)
        offer = await scene.an_offer()
        disk.come_back()
        await amiss(scene, {"c1": does(C.OFFERED, offer)})
        following = await scene.an_offer("c2", "1002")
        assert int(following.id) == int(offer.id) + 1


async def test_phone_that_rings_under_an_offer_that_redis_lost_rings_on_under_it(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001")
        disk = Disk(scene)
        offer = await scene.offer()
        assert offer is not None
        disk.come_back()
        assert await amiss(scene, {"c1": does(C.OFFERED, offer)}) == ("c1",)
        assert await scene.store.restate(a_waiting(), offer, talking=False) is Restated.MENDED
        assert await scene.line() == []
        assert await scene.state() is S.OFFERED
        sound(scene)
        await scene.pass_time(31, GATEWAY)  # it has the lease that it had
        assert await scene.state() is S.NOT_READY
        assert not await scene.store.accept(offer)


async def test_phone_of_one_who_is_not_ready_any_more_must_stop_ringing(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        await scene.ask("1001", S.NOT_READY)
        assert await scene.store.restate(a_waiting(), offer, talking=False) is Restated.REFUSED
        assert await scene.line() == ["c1"]
        assert await scene.state() is S.NOT_READY
        sound(scene)


@pytest.mark.parametrize("wrap_up", [0, 120])
async def test_gateway_that_was_only_silent_has_its_counselors_talking_again(
    redis_url: str, wrap_up: float
) -> None:
    async with a_queue(redis_url, Limits(wrap_up=wrap_up)) as scene:
        offer = await scene.a_talk()
        await scene.store.heartbeat(GATEWAY, {C1: Carried(seq=9)})
        await scene.pass_time(17, OTHER_GATEWAY)
        assert await scene.state() is (S.WRAP_UP if wrap_up else S.READY)

        beat = await scene.store.heartbeat(GATEWAY, {C1: does(C.TALKING, offer)})
        assert (beat.was_alive, beat.amiss, beat.failed) == (False, ("c1",), {"c1": 10})
        assert await scene.store.restate(a_waiting(), offer, talking=True) is Restated.MENDED
        assert await scene.state() is S.TALKING
        assert scene.moves()[-1][2] == "found_talking"
        beat = await scene.store.heartbeat(GATEWAY, {C1: does(C.TALKING, offer)})
        assert (beat.amiss, beat.failed) == ((), {"c1": 10})  # told until the contact is over
        sound(scene)
        await scene.store.finish(offer, requeue=False)
        await scene.store.heartbeat(GATEWAY, {})
        assert (await scene.store.heartbeat(GATEWAY, {C1: Carried(seq=12)})).failed == {}


async def test_caller_who_is_still_there_has_no_place_kept_for_another_call(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        waiting = a_waiting(digest="d")
        await scene.store.enqueue(waiting)
        await scene.add_ready("1001")
        offer = await scene.offer()
        assert offer is not None
        assert await scene.store.accept(offer)
        await scene.pass_time(17, OTHER_GATEWAY)
        await scene.store.restate(waiting, offer, talking=True)
        assert await scene.store.enqueue(a_waiting("again", after=60, digest="d")) is None


async def test_step_under_a_newer_offer_is_never_undone(redis_url: str) -> None:
    async with a_queue(redis_url, Limits(wrap_up=0)) as scene:
        offer = await scene.a_talk()
        await scene.pass_time(17, OTHER_GATEWAY)
        other = a_waiting("c2", gateway=OTHER_GATEWAY)
        await scene.store.enqueue(other)
        newer = await scene.offer("c2", "1001")
        assert newer is not None
        for talking in (True, False):
            answer = await scene.store.restate(a_waiting(), offer, talking=talking)
            assert answer is Restated.REFUSED
        assert await scene.store.accept(newer)
        assert await scene.store.restate(a_waiting(), offer, talking=True) is Restated.REFUSED
        assert (await scene.presence()).contact == "c2"
        sound(scene)
        await scene.store.finish(newer, requeue=False)
        assert await scene.store.restate(a_waiting(), offer, talking=True) is Restated.MENDED
        assert (await scene.presence()).contact == "c1"
        sound(scene)


@pytest.mark.parametrize("answered", [True, False])
async def test_what_stands_under_an_older_offer_gives_way(redis_url: str, answered: bool) -> None:
    async with a_queue(redis_url) as scene:
        old = await scene.an_offer("old", "1001")
        if answered:
            assert await scene.store.accept(old)
        newer = replace(old, id=OfferId("7"), contact=C1)  # of a time that Redis has lost
        assert await scene.store.restate(a_waiting(), newer, talking=True) is Restated.MENDED
        assert (await scene.presence()).contact == "c1"
        assert await scene.line() == ["old"]
        with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
            told = [json.loads(m)["kind"] for m in connection.lrange(keys.inbox(GATEWAY), 0, -1)]
        assert told == ["made"] + ["withdrawn"] * (not answered)
        sound(scene)


async def test_contact_that_talks_to_another_by_now_leaves_the_one_of_the_older_offer(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        old = await scene.a_talk("c1", "1001")
        await scene.add_ready("1002")
        newer = replace(old, id=OfferId("7"), counselor=CounselorId("1002"))
        assert await scene.store.restate(a_waiting(), newer, talking=True) is Restated.MENDED
        assert await scene.state("1001") is S.WRAP_UP
        assert await scene.state("1002") is S.TALKING
        assert scene.moves("1001")[-1] == ("talking", "wrap_up", "superseded")
        sound(scene)


async def test_wish_of_one_who_is_found_talking_comes_true_after_the_call(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk()
        await scene.pass_time(17, OTHER_GATEWAY)
        await scene.ask("1001", S.OFFLINE, "end of shift")
        assert await scene.store.restate(a_waiting(), offer, talking=True) is Restated.MENDED
        assert (await scene.presence()).wish is S.OFFLINE
        await scene.store.finish(offer, requeue=False)
        await scene.pass_time(121)
        assert scene.moves()[-1] == ("wrap_up", "offline", "end of shift")


async def test_counselor_who_was_removed_is_not_found(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk()
        await scene.pass_time(17, OTHER_GATEWAY)
        await scene.store.remove_counselor(offer.counselor, by="test")
        assert await scene.store.restate(a_waiting(), offer, talking=True) is Restated.REFUSED
        await scene.store.put_counselor(a_profile("1001"))
        assert await scene.store.restate(a_waiting(), offer, talking=True) is Restated.MENDED


async def test_heartbeat_that_is_older_than_the_last_word_changes_nothing(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk()
        await scene.store.finish(offer, requeue=False)
        await scene.ask("1001", S.READY)
        assert await amiss(scene, {"c1": does(C.TALKING, offer)}) == ("c1",)
        assert await scene.state() is S.READY
        assert await scene.line() == []
        sound(scene)


async def test_contact_that_waits_and_is_offered_or_waits_is_not_amiss(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        await scene.store.enqueue(a_waiting("c2"))
        waits = does(C.QUEUED)
        assert await amiss(scene, {"c1": waits, "c2": waits}) == ()  # the news is on its way
        assert await scene.store.accept(offer)
        assert await amiss(scene, {"c1": waits, "c2": waits}) == ("c1",)
        assert await amiss(scene, {"c1": does(C.OFFERED, offer), "c2": waits}) == ()
        assert await amiss(scene, {"c2": does(C.GREETED)}) == ()


async def test_offer_given_back_after_redis_lost_it_is_given_back_once(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        disk = Disk(scene)
        assert await scene.store.give_back(offer, OfferOutcome.DECLINED)
        disk.come_back()
        assert await scene.store.restate(a_waiting(), offer, talking=False) is Restated.KNOWN
        assert await scene.store.give_back(offer, OfferOutcome.DECLINED)
        assert await scene.state() is S.NOT_READY
        sound(scene)


async def test_two_talks_under_one_number_do_not_take_the_counselor_from_each_other_in_turns(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk()
        again = replace(offer, contact=ContactId("c2"))  # Redis has lost that it gave the number
        for _ in range(2):
            said = await scene.store.restate(a_waiting("c2"), again, talking=True)
            assert said is Restated.REFUSED
            assert await scene.store.restate(a_waiting(), offer, talking=True) is Restated.KNOWN
        assert scene.moves()[-1] == ("offered", "talking", "answered")
        sound(scene)
