"""Right before a claim: nobody is offered a caller whose phone is dead since the last look."""

from __future__ import annotations

from hotline.events import CounselorState
from queueing.reach import EVERY
from tests.dispatching import dispatching, taking, until_state
from tests.queue_scene import a_waiting
from tests.reach_scene import ONE, PATIENCE, THREE, TWO, reach_scene


async def test_who_became_ready_without_a_phone_since_the_last_look_is_offered_nobody(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO)
        scene.proves(ONE)
        assert await scene.reach.unreachable({ONE, TWO}) == {TWO}
        assert await scene.states() == {
            ONE: ("ready", "asked"),
            TWO: ("not_ready", "phone_unreachable"),
        }


async def test_whom_the_last_look_found_alive_is_not_asked_for_again(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        scene.proves(ONE, TWO)
        assert await scene.reach.look() == []
        await scene.queue.add_ready(TWO)
        scene.phones.asked.clear()
        assert await scene.reach.unreachable({ONE, TWO}) == set()
        assert scene.phones.asked == [TWO]


async def test_edge_that_does_not_answer_keeps_nobody_from_being_offered(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        scene.phones.away = True
        assert await scene.reach.unreachable({ONE}) == set()
        scene.phones.away = False
        assert await scene.reach.unreachable({ONE}) == set()  # nothing is certain yet
        scene.queue.clock.advance(PATIENCE)
        assert await scene.reach.unreachable({ONE}) == {ONE}


async def test_edge_that_hangs_holds_up_one_claim_and_no_other(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO)
        scene.phones.answers.clear()
        try:
            assert await scene.reach.unreachable({ONE}) == set()
            assert await scene.reach.unreachable({TWO}) == set()
            assert scene.phones.asked == [ONE]
        finally:
            scene.phones.answers.set()
        scene.queue.clock.advance(EVERY)
        assert await scene.reach.unreachable({ONE}) == {ONE}


async def test_many_without_a_phone_at_once_are_left_to_the_look(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO, THREE)
        assert await scene.reach.unreachable({ONE, TWO, THREE}) == set()
        assert (await scene.states())[ONE] == ("ready", "asked")


async def test_who_is_not_ready_any_more_stays_as_they_are(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        await scene.queue.ask(ONE, CounselorState.OFFLINE)
        assert await scene.reach.unreachable({ONE}) == {ONE}  # by a picture that is behind
        assert (await scene.states())[ONE] == ("offline", "asked")


async def test_caller_goes_to_the_one_who_has_a_phone_and_rings_nobody_else(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene, taking(scene.queue) as taker:
        scene.proves(TWO)
        async with dispatching(scene.queue, phones=scene.reach):
            await scene.queue.store.enqueue(a_waiting("c1"))
            await scene.queue.add_ready(ONE)
            await until_state(scene.queue, ONE, CounselorState.NOT_READY)
            await scene.queue.add_ready(TWO)
            assert (await taker.next()).counselor == TWO
        assert scene.queue.moves(ONE) == [
            ("offline", "ready", "asked"),
            ("ready", "not_ready", "phone_unreachable"),
        ]


async def test_claims_go_on_for_others_while_one_is_refused(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene, taking(scene.queue) as taker:
        scene.proves(TWO, THREE)
        await scene.queue.add_ready(ONE, TWO, THREE)
        for name in ("c1", "c2"):
            await scene.queue.store.enqueue(a_waiting(name))
        async with dispatching(scene.queue, phones=scene.reach):
            made = [await taker.next() for _ in range(2)]
        assert {offer.counselor for offer in made} == {TWO, THREE}
        assert await scene.queue.state(ONE) is CounselorState.NOT_READY
