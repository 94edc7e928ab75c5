"""Errands are done in order, one at a time, and wait for an absent queue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hotline.clock import ManualTimers
from hotline.conversation.errands import RETRY_SECONDS, Errands
from hotline.errors import QueueUnavailable


async def turn() -> None:
    turned = asyncio.Event()
    asyncio.get_running_loop().call_soon(turned.set)
    await turned.wait()


def errand(done: list[str], name: str, faults: list[Exception]) -> Callable[[], Awaitable[None]]:
    """An errand that meets `faults`, one at each attempt, and then succeeds."""

    async def do() -> None:
        if faults:
            raise faults.pop(0)
        done.append(name)

    return do


async def test_errands_keep_their_order_while_the_first_has_to_wait() -> None:
    timers, done = ManualTimers(), list[str]()
    errands = Errands(timers=timers, name="test")
    errands.send(errand(done, "first", [QueueUnavailable("away"), QueueUnavailable("away")]))
    errands.send(errand(done, "second", []))
    for _ in range(3):
        await turn()
    assert done == []
    for _ in range(2):
        timers.advance(RETRY_SECONDS)
        for _ in range(4):
            await turn()
    assert done == ["first", "second"]
    assert errands.idle


async def test_fault_of_one_errand_does_not_hold_up_the_next() -> None:
    done = list[str]()
    errands = Errands(timers=ManualTimers(), name="test")
    errands.send(errand(done, "broken", [RuntimeError("a bug")]))
    errands.send(errand(done, "next", []))
    await errands.settled()
    assert done == ["next"]


async def test_cancelled_errands_are_forgotten() -> None:
    timers, done = ManualTimers(), list[str]()
    errands = Errands(timers=timers, name="test")
    errands.send(errand(done, "first", [QueueUnavailable("away")]))
    errands.send(errand(done, "second", []))
    await turn()
    errands.cancel()
    timers.advance(10 * RETRY_SECONDS)
    for _ in range(4):
        await turn()
    assert done == []


async def test_an_urgent_errand_does_not_wait_behind_those_that_are_stuck() -> None:
    done = list[str]()
    errands = Errands(timers=ManualTimers(), name="test")
    errands.send(errand(done, "stuck", [QueueUnavailable("away")]))
    errands.hurry(errand(done, "urgent", []))
    assert not errands.idle
    for _ in range(4):
        await turn()
    assert done == ["urgent"]
    errands.cancel()


async def test_a_queue_that_does_not_answer_is_told_later_what_was_taken_for_granted() -> None:
    done, timers = list[str](), ManualTimers()
    errands = Errands(timers=timers, name="test", patience=0.01)
    answers = asyncio.Event()

    async def ask() -> bool:
        await answers.wait()
        done.append("told")
        return False

    assert await errands.promptly(ask, otherwise=True)
    assert done == []
    answers.set()
    await errands.settled()
    assert done == ["told"]
    assert not await errands.promptly(ask, otherwise=True)
