"""Counselors and their states, on a real Redis."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from hotline.errors import StateRefused, UnknownCounselor
from hotline.events import AlarmKind, AlarmRaised, CounselorMissedOffers, CounselorStateChanged
from hotline.events import CounselorState as S
from hotline.ids import CounselorId, NodeId
from hotline.ports import OfferOutcome
from queueing import keys
from queueing.limits import Limits
from tests.queue_scene import GATEWAY, NOON, QueueScene, a_profile, a_queue, a_waiting


async def test_new_counselor_is_offline_and_keeps_the_state_when_changed(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        assert await scene.store.put_counselor(a_profile())
        assert await scene.state() is S.OFFLINE
        await scene.ask("1001", S.READY)
        assert not await scene.store.put_counselor(a_profile(node="city/east", grief=3))
        (presence,) = await scene.store.counselors()
        assert presence.state is S.READY
        assert presence.profile == a_profile(node="city/east", grief=3)
        assert (await scene.store.snapshot()).counselors[0].profile.node == NodeId("city/east")


async def test_state_carries_since_and_reason(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.put_counselor(a_profile())
        scene.clock.advance(90)
        assert await scene.ask("1001", S.NOT_READY, "lunch") is S.NOT_READY
        presence = await scene.presence()
        assert (presence.since, presence.reason) == (NOON + timedelta(seconds=90), "lunch")


async def test_unknown_counselor_is_refused(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        with pytest.raises(UnknownCounselor, match="9999"):
            await scene.ask("9999", S.READY)
        with pytest.raises(UnknownCounselor, match="9999"):
            await scene.store.remove_counselor(CounselorId("9999"), by="system")


@pytest.mark.parametrize("state", [S.OFFERED, S.TALKING, S.WRAP_UP])
async def test_nobody_can_ask_for_what_only_calls_bring(redis_url: str, state: S) -> None:
    async with a_queue(redis_url) as scene:
        await scene.add_ready("1001")
        with pytest.raises(StateRefused, match=f"1001 cannot become {state}"):
            await scene.ask("1001", state)
        assert await scene.state() is S.READY


async def test_asking_for_what_is_so_already_keeps_the_idle_place(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.add_ready("1001", "1002")
        assert await scene.ask("1001", S.READY) is S.READY
        assert scene.ready() == ["1001", "1002"]
        assert len(scene.moves()) == 1


async def test_new_reason_of_being_not_ready_is_an_event(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.add_ready("1001")
        for reason in ("lunch", "lunch", "training"):
            await scene.ask("1001", S.NOT_READY, reason)
        assert scene.moves()[1:] == [
            ("ready", "not_ready", "lunch"),
            ("not_ready", "not_ready", "training"),
        ]


@pytest.mark.parametrize("wanted", [S.NOT_READY, S.OFFLINE])
async def test_stepping_away_from_an_offer_stops_the_phone(redis_url: str, wanted: S) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.an_offer()
        assert await scene.ask("1001", wanted) is wanted
        assert await scene.line() == ["c1"]
        with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
            told = connection.lrange(keys.inbox(GATEWAY), 0, -1)
        assert '"withdrawn"' in told[-1]
        assert f'"{offer.id}"' in told[-1]
        assert not await scene.store.give_back(offer, OfferOutcome.WITHDRAWN)
        assert await scene.state() is wanted


@pytest.mark.parametrize("wanted", [S.READY, S.NOT_READY, S.OFFLINE])
async def test_wish_while_talking_comes_true_when_wrap_up_ends(redis_url: str, wanted: S) -> None:
    limits = Limits(wrap_up=10, after_wrap_up="not_ready" if wanted is S.READY else "ready")
    async with a_queue(redis_url, limits) as scene:
        offer = await scene.a_talk()
        assert await scene.ask("1001", wanted, "wished") is S.TALKING
        assert (await scene.presence()).wish is wanted
        await scene.store.finish(offer, requeue=False)
        assert await scene.state() is S.WRAP_UP
        await scene.pass_time(9)
        assert await scene.state() is S.WRAP_UP
        await scene.pass_time(2)
        assert scene.moves()[-1] == ("wrap_up", wanted, "wished")
        assert (await scene.presence()).wish is None


async def test_last_wish_while_talking_counts(redis_url: str) -> None:
    async with a_queue(redis_url, Limits(wrap_up=0)) as scene:
        offer = await scene.a_talk()
        await scene.ask("1001", S.OFFLINE)
        await scene.ask("1001", S.NOT_READY, "lunch")
        await scene.store.finish(offer, requeue=False)
        assert scene.moves()[-1] == ("talking", "not_ready", "lunch")


@pytest.mark.parametrize("wanted", [S.READY, S.NOT_READY, S.OFFLINE])
async def test_counselor_ends_wrap_up_early(redis_url: str, wanted: S) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk()
        await scene.ask("1001", S.NOT_READY, "wished")
        await scene.store.finish(offer, requeue=False)
        assert await scene.ask("1001", wanted) is wanted
        await scene.pass_time(130)
        assert await scene.state() is wanted
        assert len(scene.moves()) == 5


async def test_removed_counselor_is_gone_and_the_journal_says_so(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.add_ready("1001", "1002")
        await scene.store.remove_counselor(CounselorId("1001"), by="2001")
        assert [p.profile.id for p in await scene.store.counselors()] == ["1002"]
        assert scene.ready() == ["1002"]
        assert scene.moves()[-1] == ("ready", "offline", "removed")


async def test_extension_that_returns_goes_on_counting(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.add_ready("1001")
        await scene.store.remove_counselor(CounselorId("1001"), by="system")
        await scene.add_ready("1001")
        assert [event.seq for event in scene.journal()] == [1, 2, 3]


async def test_serving_counselor_cannot_be_removed(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.a_talk("c1", "1001")
        await scene.an_offer("c2", "1002")
        for extension in ("1001", "1002"):
            with pytest.raises(StateRefused, match="is serving"):
                await scene.store.remove_counselor(CounselorId(extension), by="system")


async def test_wish_counts_for_one_call_only(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        offer = await scene.a_talk("c1")
        await scene.ask("1001", S.OFFLINE)
        await scene.store.finish(offer, requeue=False)
        await scene.ask("1001", S.READY)
        await scene.store.finish(await scene.a_talk("c2"), requeue=False)
        await scene.pass_time(121)
        assert await scene.state() is S.READY


PATIENT = Limits(wrap_up=0, misses_in_a_row=3)


async def miss(scene: QueueScene, extension: str = "1001") -> None:
    """An offer rings at this phone in vain."""
    offer = await scene.offer("c1", extension)
    assert offer is not None
    assert await scene.store.give_back(offer, OfferOutcome.MISSED)


def warnings(scene: QueueScene) -> list[int]:
    return [e.missed for e in scene.journal() if isinstance(e, CounselorMissedOffers)]


def alarms(scene: QueueScene) -> list[AlarmRaised]:
    return [e for e in scene.journal() if isinstance(e, AlarmRaised)]


async def test_one_missed_offer_of_several_allowed_costs_the_idle_place_alone(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, PATIENT) as scene:
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001", "1002")
        await miss(scene)
        assert scene.ready() == ["1002", "1001"]
        assert scene.moves()[-1] == ("offered", "ready", "missed")
        assert warnings(scene) == []


async def test_too_many_missed_offers_in_a_row_make_not_ready_and_tell(redis_url: str) -> None:
    async with a_queue(redis_url, PATIENT) as scene:
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001")
        for _ in range(3):
            assert await scene.state() is S.READY
            await miss(scene)
        assert scene.moves()[-1] == ("offered", "not_ready", "missed")
        told = scene.journal()[-2]
        assert isinstance(told, CounselorMissedOffers)
        assert (told.subject, told.missed, told.seq) == ("1001", 3, len(scene.moves()) + 1)


async def test_supervisor_is_told_of_missed_offers_in_the_step_that_makes_not_ready(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, Limits(misses_in_a_row=2)) as scene:
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001")
        await miss(scene, "1001")
        assert alarms(scene) == []
        await miss(scene, "1001")
        change, missed, alarm = scene.journal()[-3:]
        assert isinstance(change, CounselorStateChanged)
        assert isinstance(missed, CounselorMissedOffers)
        assert isinstance(alarm, AlarmRaised)
        assert change.at == missed.at == alarm.at
        assert (alarm.kind, alarm.subject, alarm.seq) == (AlarmKind.OFFERS_MISSED, "queue", 1)
        assert alarm.detail.startswith("1001 连续 2 次未接听")


async def test_each_time_that_offers_are_missed_is_told(redis_url: str) -> None:
    async with a_queue(redis_url, Limits(misses_in_a_row=1)) as scene:
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001", "1002")
        await miss(scene, "1001")
        await miss(scene, "1002")
        assert [(alarm.seq, alarm.detail[:4]) for alarm in alarms(scene)] == [
            (1, "1001"),
            (2, "1002"),
        ]


async def test_lease_that_ends_is_held_against_nobody(redis_url: str) -> None:
    """Its gateway never rang, or it had given the offer back before: a fault of ours."""
    async with a_queue(redis_url) as scene:
        await scene.an_offer()
        await scene.add_ready("1002")
        await scene.pass_time(31, GATEWAY)
        assert scene.moves()[-1] == ("offered", "ready", "withdrawn")
        assert scene.ready() == ["1001", "1002"], "in the old place among the idle"
        assert (await scene.store.snapshot()).line[0].tried == ()
        assert warnings(scene) == []


@pytest.mark.parametrize(("by", "state"), [("counselor", S.READY), ("1001", S.READY),
                                           ("2001", S.NOT_READY)])  # fmt: skip
async def test_asking_for_ready_in_person_begins_the_count_anew(
    redis_url: str, by: str, state: S
) -> None:
    async with a_queue(redis_url, PATIENT) as scene:
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001")
        await miss(scene)
        await miss(scene)
        await scene.store.change_state(CounselorId("1001"), S.READY, reason="", by=by)
        await miss(scene)
        assert await scene.state() is state


async def test_answered_offer_begins_the_count_anew(redis_url: str) -> None:
    async with a_queue(redis_url, PATIENT) as scene:
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001")
        await miss(scene)
        await miss(scene)
        offer = await scene.offer()
        assert offer is not None
        assert await scene.store.accept(offer)
        await scene.store.finish(offer, requeue=True)
        await miss(scene)
        assert await scene.state() is S.READY


async def test_declined_offer_changes_no_count(redis_url: str) -> None:
    async with a_queue(redis_url, PATIENT) as scene:
        await scene.store.enqueue(a_waiting())
        await scene.add_ready("1001")
        await miss(scene)
        await miss(scene)
        offer = await scene.offer()
        assert offer is not None
        assert await scene.store.give_back(offer, OfferOutcome.DECLINED)
        assert await scene.state() is S.NOT_READY
        await scene.store.change_state(CounselorId("1001"), S.READY, reason="", by="2001")
        await miss(scene)
        assert warnings(scene) == [3]
