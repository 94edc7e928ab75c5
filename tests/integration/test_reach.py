"""Who is ready with a dead phone is made not ready; what is unknown is no death."""

from __future__ import annotations

from datetime import timedelta

from hotline.events import AlarmKind, CounselorState, CounselorStateChanged
from hotline.ids import CounselorId
from queueing.reach import AWAY_SECONDS, EVERY
from tests.reach_scene import FIVE, FOUR, ONE, PATIENCE, PING, THREE, TWO, reach_scene


async def test_counselor_without_a_phone_is_made_not_ready_and_it_is_journalled(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO)
        scene.proves(TWO)
        assert await scene.reach.look() == [ONE]
        assert await scene.states() == {
            ONE: ("not_ready", "phone_unreachable"),
            TWO: ("ready", "asked"),
        }
        change = scene.queue.journal()[-1]
        assert isinstance(change, CounselorStateChanged)
        assert (change.subject, change.state, change.by) == (
            ONE,
            CounselorState.NOT_READY,
            "system",
        )
        assert await scene.reach.look() == []


async def test_phone_may_miss_one_question_but_not_two(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        scene.proves(ONE)
        for _ in range(2 * PING + 1):
            scene.queue.clock.advance(1)
            assert await scene.reach.look() == []
        scene.queue.clock.advance(2)
        assert await scene.reach.look() == [ONE]


async def test_proof_that_comes_again_keeps_the_counselor_ready(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        for _ in range(10):
            scene.proves(ONE)
            scene.queue.clock.advance(PING)
            assert await scene.reach.look() == []


async def test_edge_that_does_not_answer_takes_nobody_out(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        scene.phones.away = True
        scene.queue.clock.advance(3600)
        await scene.looks_in_vain()
        assert (await scene.states())[ONE] == ("ready", "asked")


async def test_edge_that_answers_again_takes_nobody_out_before_phones_could_prove_it(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO)
        scene.proves(ONE, TWO)
        assert await scene.reach.look() == []
        scene.phones.away = True
        for _ in range(3):
            scene.queue.clock.advance(PATIENCE / 2)
            await scene.looks_in_vain()
        scene.phones.away = False
        del scene.phones.proofs[TWO]  # its connection broke meanwhile
        assert await scene.reach.look() == []
        scene.queue.clock.advance(PATIENCE - 1)
        assert await scene.reach.look() == []
        scene.proves(ONE)
        scene.queue.clock.advance(1)
        assert await scene.reach.look() == [TWO]


async def test_phone_that_died_while_the_edge_was_away_is_found_out_after_the_doubt(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        scene.proves(ONE)
        assert await scene.reach.look() == []
        scene.phones.away = True
        await scene.looks_in_vain()
        scene.phones.away = False
        assert await scene.reach.look() == []
        scene.queue.clock.advance(PATIENCE + 1)
        assert await scene.reach.look() == [ONE]


async def test_edge_that_started_lately_takes_nobody_out_whose_connection_is_still_to_come(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO)
        scene.phones.up = 3.0
        assert await scene.reach.look() == []
        scene.proves(TWO)
        scene.queue.clock.advance(PATIENCE - 4)
        scene.phones.up = PATIENCE - 1
        assert await scene.reach.look() == []
        scene.queue.clock.advance(1)
        scene.phones.up = PATIENCE
        assert await scene.reach.look() == [ONE]


async def test_wall_clock_that_jumps_takes_nobody_out_for_a_while(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO)
        scene.proves(ONE)
        scene.wall.set_by = timedelta(hours=1)
        assert await scene.reach.look() == []
        told = (AlarmKind.CLOCK_SET, "the clock was set forward by 3600 s")
        assert told in scene.alarms.told
        scene.queue.clock.advance(PATIENCE + 1)
        assert await scene.reach.look() == [ONE, TWO]  # no new proof came: now it counts


async def test_wall_clock_set_back_lets_no_dead_phone_pass_for_alive(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE)
        scene.proves(ONE)
        assert await scene.reach.look() == []
        scene.wall.set_by = -timedelta(hours=1)
        assert await scene.reach.look() == []
        assert (AlarmKind.CLOCK_SET, "the clock was set back by 3600 s") in scene.alarms.told
        scene.queue.clock.advance(PATIENCE + 1)
        assert await scene.reach.look() == [ONE]


async def test_who_is_offered_is_left_alone(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.an_offer("c1", ONE)
        assert await scene.reach.look() == []
        assert await scene.queue.state(ONE) is CounselorState.OFFERED


async def test_most_phones_dead_at_once_are_doubted_once_and_an_operator_is_told(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO, THREE, FOUR, FIVE)
        scene.proves(FOUR, FIVE)
        assert await scene.reach.look() == []
        assert scene.alarms.standing == {
            AlarmKind.PHONES_UNREACHABLE: "3 of 5 who are ready have no phone that answers"
        }
        scene.queue.clock.advance(PATIENCE - 1)
        scene.proves(FOUR, FIVE)
        assert await scene.reach.look() == []
        scene.queue.clock.advance(1)
        assert await scene.reach.look() == [ONE, TWO, THREE]
        assert AlarmKind.PHONES_UNREACHABLE in scene.alarms.standing
        assert await scene.reach.look() == []
        assert scene.alarms.standing == {}


async def test_phones_that_come_back_in_the_doubt_keep_their_counselors_ready(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO, THREE)
        assert await scene.reach.look() == []
        scene.proves(ONE)  # two of three are not many, and wait with the doubt all the same
        scene.queue.clock.advance(EVERY)
        assert await scene.reach.look() == []
        scene.queue.clock.advance(PATIENCE - EVERY)
        scene.proves(ONE, TWO, THREE)
        assert await scene.reach.look() == []
        assert scene.alarms.standing == {}


async def test_alarm_of_dead_phones_stands_until_somebody_ready_has_a_live_one(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO, THREE)
        assert await scene.reach.look() == []
        scene.queue.clock.advance(PATIENCE)
        assert await scene.reach.look() == [ONE, TWO, THREE]
        assert await scene.reach.look() == []
        assert AlarmKind.PHONES_UNREACHABLE in scene.alarms.standing
        await scene.queue.ask(ONE, CounselorState.READY)
        scene.proves(ONE)
        assert await scene.reach.look() == []
        assert scene.alarms.standing == {}


async def test_few_dead_phones_are_not_doubted(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO)
        assert await scene.reach.look() == [ONE, TWO]
        assert scene.alarms.standing == {}


async def test_half_of_the_phones_dead_at_once_are_not_doubted(redis_url: str) -> None:
    six = CounselorId("1006")
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO, THREE, FOUR, FIVE, six)
        scene.proves(FOUR, FIVE, six)
        assert await scene.reach.look() == [ONE, TWO, THREE]
        assert scene.alarms.standing == {}


async def test_edge_that_stalls_while_most_phones_seem_dead_does_not_end_the_alarm(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:
        await scene.queue.add_ready(ONE, TWO, THREE)
        assert await scene.reach.look() == []
        scene.queue.clock.advance(PATIENCE - 1)
        scene.phones.away = True
        await scene.looks_in_vain()
        scene.phones.away = False
        scene.queue.clock.advance(2)
        assert await scene.reach.look() == []  # nothing is known of them
        assert AlarmKind.PHONES_UNREACHABLE in scene.alarms.standing
        scene.queue.clock.advance(PATIENCE)
        assert await scene.reach.look() == [ONE, TWO, THREE]


async def test_operator_is_told_of_an_edge_that_does_not_answer_until_it_does(
    redis_url: str,
) -> None:
    async with reach_scene(redis_url) as scene:  # nobody is ready: told all the same
        assert await scene.reach.look() == []
        scene.phones.away = True
        scene.queue.clock.advance(AWAY_SECONDS)
        await scene.looks_in_vain()
        scene.queue.clock.advance(AWAY_SECONDS - 1)
        await scene.looks_in_vain()
        assert scene.alarms.standing == {}
        scene.queue.clock.advance(1)
        await scene.looks_in_vain()
        assert set(scene.alarms.standing) == {AlarmKind.EDGE_CONTROL_AWAY}
        scene.phones.away = False
        assert await scene.reach.look() == []
        assert scene.alarms.standing == {}


async def test_edge_that_answers_ends_no_alarm_of_others(redis_url: str) -> None:
    async with reach_scene(redis_url) as scene:
        scene.alarms.raise_alarm(AlarmKind.EDGE_CONTROL_AWAY, "it rings no phone")
        assert await scene.reach.look() == []
        assert AlarmKind.EDGE_CONTROL_AWAY in scene.alarms.standing
