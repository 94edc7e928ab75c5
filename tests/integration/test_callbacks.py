"""Promised callbacks in a real Redis: the place is kept, nobody is called twice, windows hold."""

from __future__ import annotations

from hotline import events as e
from hotline.clock import ManualTimers
from hotline.conversation.returns import Returns
from hotline.events import CounselorState as S
from hotline.events import Priority, Reason, Result, Termination
from hotline.ids import ContactId, GatewayId
from hotline.ports import Carried, OfferOutcome, Released
from queueing import keys
from tests.callback_scene import (
    CALLER,
    HOUR,
    LAPSED,
    LIMITS,
    SEQ,
    a_promise,
    an_opening,
    claim,
    dialled,
    dialled_again,
    held,
    inbox,
    promise,
    release,
    told,
)
from tests.fakes import FakeAlarms
from tests.queue_scene import GATEWAY, OTHER_GATEWAY, a_queue, a_waiting

# --- the place ---------------------------------------------------------------------


async def test_callback_as_soon_as_possible_keeps_exactly_its_place(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for n in range(3):
            await scene.store.enqueue(a_waiting(f"c{n}", after=n, digest=f"caller-{n}"))
        made = a_promise("c1", after=1)
        assert await scene.store.promise(made.waiting.contact, made, gateway=GATEWAY, seq=SEQ)
        assert await scene.line() == ["c0", "c1", "c2"]
        assert [w.gateway for w in await scene.waiting()] == [GATEWAY, "", GATEWAY]
        (said,) = told(scene, "c1")
        assert isinstance(said, e.CallbackPromised)
        assert (said.seq, said.choice) == (SEQ + 1, "soon")


async def test_promise_belongs_to_nobody_and_outlives_its_gateway(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, a_promise())
        await scene.store.heartbeat(
            GATEWAY, {ContactId("c1"): Carried(seq=SEQ + 1)}
        )  # it has not heard yet
        await scene.pass_time(40)
        assert await scene.line() == ["c1"]
        assert [type(event) for event in told(scene)] == [e.CallbackPromised]


async def test_who_is_offered_to_a_counselor_is_promised_nothing(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        await scene.store.enqueue(a_waiting(digest=CALLER))
        await scene.add_ready("1001")
        assert await scene.offer() is not None
        assert not await scene.store.promise(ContactId("c1"), a_promise(), gateway=GATEWAY, seq=4)
        assert told(scene) == []


async def test_caller_has_one_promise_at_most(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        for name in ("c1", "c2"):
            await scene.store.enqueue(a_waiting(name, digest=CALLER))
        store = scene.store
        assert await store.promise(ContactId("c1"), a_promise("c1"), gateway=GATEWAY, seq=4)
        assert not await store.promise(ContactId("c2"), a_promise("c2"), gateway=GATEWAY, seq=4)
        assert await scene.line() == ["c1", "c2"]


async def test_caller_who_calls_again_has_the_place_and_the_promise_is_no_more(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, a_promise(after=5))
        kept = await scene.store.enqueue(a_waiting("c2", after=300, digest=CALLER))
        assert kept is not None
        assert (kept.since, kept.because) == (a_waiting(after=5).arrived_at, "callback")
        assert await scene.line() == ["c2"]
        assert await scene.store.promised() == []
        last = told(scene)[-1]
        assert isinstance(last, e.CallbackWithdrawn)
        assert (last.by, last.seq) == ("caller", SEQ + 2)
        assert last.termination == Termination(Result.LAPSED, Reason.CALLED_AGAIN)


async def test_caller_who_heard_no_promise_stays_in_line(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, a_promise("c1", an_opening(HOUR, 2 * HOUR)))  # answer is lost
        await scene.store.enqueue(a_waiting(digest=CALLER))
        assert [(w.contact, w.gateway) for w in await scene.waiting()] == [("c1", GATEWAY)]
        assert await scene.store.promised() == []
        assert [type(x) for x in told(scene)] == [e.CallbackPromised]  # and no ending


# --- windows -------------------------------------------------------------------------


async def test_window_opens_and_closes_and_the_next_one_follows(redis_url: str) -> None:
    openings = an_opening(60, 120), an_opening(180, 240)
    async with a_queue(redis_url) as scene:
        made = a_promise("c1", *openings, choice="window", priority=Priority.CALLBACK)
        assert await promise(scene, made)
        seen = []
        for _ in range(12):
            seen.append(await scene.line())
            await scene.pass_time(20)
        inside, outside = [["c1"]] * 3, [[]] * 3
        # A sweep a second: an opening is seen when it is a second old.
        assert seen[0:3] + seen[4:6] + seen[7:9] == outside + inside[:2] + outside[:2]
        assert seen[10:12] == inside[:2]
        assert not any(isinstance(event, e.CallbackGivenUp) for event in told(scene))
        await scene.pass_time(20)
        last = told(scene)[-1]
        assert isinstance(last, e.CallbackGivenUp)
        assert (last.termination, last.attempts) == (LAPSED, 0)


async def test_window_callback_has_its_first_arrival_and_the_callers_priority(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        made = a_promise("c1", an_opening(600, 900), choice="window", priority=Priority.CALLBACK)
        assert await promise(scene, made)
        await scene.store.enqueue(a_waiting("normal", after=500))
        await scene.store.enqueue(a_waiting("high", after=1, priority=Priority.HIGH_RISK))
        await scene.pass_time(602, GATEWAY)
        assert await scene.line() == ["high", "c1", "normal"]


async def test_nobody_is_dialled_when_the_window_has_closed_meanwhile(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, a_promise("c1", an_opening(0, 10), an_opening(100, 200)))
        await scene.add_ready("1001")
        await scene.beat()
        offer = await claim(scene.store)
        assert offer is not None
        scene.clock.advance(11)
        assert await scene.store.dial(offer, seq=SEQ + 2) == 0
        assert await scene.store.give_back(offer, OfferOutcome.WITHDRAWN)
        released = await release(scene, offer, seq=SEQ + 3, reason=Reason.WITHDRAWN)
        assert (released, await scene.line()) == (Released.STANDS, [])


# --- claimed, dialled, reached ---------------------------------------------------------


async def test_callback_is_claimed_by_one_of_two_gateways(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, a_promise())
        for gateway in (GATEWAY, OTHER_GATEWAY):
            await scene.beat(gateway)
        await scene.add_ready("1001", "1002")
        first = await claim(scene.store, extension="1001", gateway=OTHER_GATEWAY)
        assert first is not None
        assert await claim(scene.store, extension="1002", gateway=GATEWAY) is None
        assert inbox(scene, GATEWAY) == []
        (message,) = inbox(scene, OTHER_GATEWAY)
        callback = message["callback"]
        assert isinstance(callback, dict)
        assert (callback["seq"], callback["attempts"]) == (SEQ + 1, 0)
        assert callback["promise"]["caller"]["cipher"] == "sealed"
        assert held(scene, keys.CARRIED + OTHER_GATEWAY, "c1") == str(SEQ + 1)


async def test_callback_that_its_gateway_cannot_read_is_nobodys_again_and_costs_no_counselor(
    redis_url: str,
) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, a_promise())
        for gateway in (GATEWAY, OTHER_GATEWAY):
            await scene.beat(gateway)
        await scene.add_ready("1001")
        offer = await claim(scene.store)
        assert offer is not None
        returns = Returns(
            gateway=GATEWAY,
            offers=scene.store,
            callbacks=scene.store,
            timers=ManualTimers(),
            alarms=FakeAlarms(),
        )
        returns.unreadable(offer)
        assert returns.rests
        await returns.settled()
        assert (await scene.state(), await scene.line()) == (S.READY, ["c1"])
        assert [w.gateway for w in await scene.waiting()] == [""]
        assert await claim(scene.store, gateway=OTHER_GATEWAY) is not None


async def test_gateway_that_nobody_knows_claims_no_callback(redis_url: str) -> None:
    async with a_queue(redis_url) as scene:
        assert await promise(scene, a_promise())
        await scene.add_ready("1001")
        assert await claim(scene.store, gateway=GatewayId("gateway-9.cccccccc")) is None
        assert (await scene.state(), await scene.line()) == (S.READY, ["c1"])


async def test_each_offer_dials_once(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        offer = await dialled(scene)
        assert await scene.store.dial(offer, seq=SEQ + 2) == 1  # the same attempt
        assert await scene.state() is S.TALKING
        attempts = [x for x in told(scene) if isinstance(x, e.CallbackDialled)]
        assert [(x.attempt, x.seq) for x in attempts] == [(1, SEQ + 3)]
        await release(scene, offer, seq=SEQ + 3, reason=Reason.NO_ANSWER)
        assert await scene.store.dial(offer, seq=SEQ + 4) == 0


async def test_attempt_in_vain_frees_the_counselor_at_once_and_is_made_again_later(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        offer = await dialled(scene)
        said = await release(scene, offer, seq=SEQ + 3, reason=Reason.DECLINED)
        assert said is Released.STANDS
        assert scene.moves()[-1] == (S.TALKING, S.READY, "callback_failed")
        await scene.pass_time(598)
        assert await scene.line() == []
        await scene.pass_time(4)
        assert await scene.line() == ["c1"]
        failed = told(scene)[-1]
        assert isinstance(failed, e.CallbackFailed)
        assert (failed.reason, failed.attempt, failed.seq) == (Reason.DECLINED, 1, SEQ + 4)


async def test_after_the_last_attempt_it_is_given_up_once(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        offer = await dialled(scene)
        await release(scene, offer, seq=SEQ + 3, reason=Reason.NO_ANSWER)
        await scene.pass_time(602, GATEWAY)
        again = await dialled_again(scene, seq=SEQ + 5)
        said = await release(scene, again, seq=SEQ + 6, reason=Reason.NO_ANSWER)
        assert said is Released.GIVEN_UP
        assert await release(scene, again, seq=SEQ + 6, reason=Reason.NO_ANSWER) is Released.GONE
        last = told(scene)[-1]
        assert isinstance(last, e.CallbackGivenUp)
        assert (last.attempts, last.seq, last.termination) == (2, SEQ + 8, LAPSED)
        assert (await scene.store.promised(), await scene.line()) == ([], [])
        assert await scene.state() is S.READY


async def test_reached_callback_is_a_conversation_like_any_other(redis_url: str) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        offer = await dialled(scene)
        await scene.store.reached(offer)
        assert await scene.store.promised() == []
        await scene.store.finish(offer, requeue=True)  # the counselor is lost: back in line
        assert [(w.contact, w.gateway) for w in await scene.waiting()] == [("c1", GATEWAY)]
        assert scene.moves()[-1] == (S.TALKING, S.WRAP_UP, "call_ended")


async def test_offer_that_nobody_took_is_no_attempt_and_the_place_is_the_old_one(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.store.enqueue(a_waiting("c2", after=3))
        for n in range(4):  # an ordinary contact would be forgotten at the third
            await scene.ask("1001", S.READY) if n else await scene.add_ready("1001")
            offer = await claim(scene.store)
            assert offer is not None
            assert await scene.store.give_back(offer, OfferOutcome.WITHDRAWN)
            said = await release(scene, offer, seq=SEQ + 3 + 2 * n, reason=Reason.NO_ANSWER)
            assert said is Released.STANDS
            assert await scene.line() == ["c1", "c2"]
        (one,) = await scene.store.promised()
        assert (one.attempts, one.state) == (0, "queued")


async def test_callback_is_not_forgotten_however_often_its_offers_are_withdrawn(
    redis_url: str,
) -> None:
    async with a_queue(redis_url, LIMITS) as scene:
        assert await promise(scene, a_promise())
        await scene.add_ready("1001")
        for _ in range(4):  # its gateway does not come to letting it go
            offer = await claim(scene.store)
            assert offer is not None
            assert await scene.store.give_back(offer, OfferOutcome.WITHDRAWN)
        assert await scene.line() == ["c1"]
