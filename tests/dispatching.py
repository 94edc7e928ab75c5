"""Dispatchers at work on a queue scene."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass

from hotline.events import CounselorState
from hotline.ids import ContactId, GatewayId
from queueing.dispatcher import Dispatcher
from queueing.feed import Feed
from tests.fakes import FakeAlarms
from tests.queue_scene import GATEWAY, QueueScene

TICK = 0.02
"""Seconds, of both clocks."""


@dataclass
class Dispatching:
    """A dispatcher that runs, its feed and the alarms that it raised."""

    feed: Feed
    alarms: FakeAlarms
    unstaffed: list[frozenset[ContactId]]
    """What the owner of the contacts was told, look by look."""
    task: asyncio.Task[None]


class Owner:
    """A gateway that is told for whom nobody is there."""

    def __init__(self) -> None:
        self.told: list[frozenset[ContactId]] = []

    def nobody_staffed(self, contacts: Collection[ContactId]) -> None:
        self.told.append(frozenset(contacts))


@contextlib.asynccontextmanager
async def dispatching(
    scene: QueueScene,
    gateway: GatewayId = GATEWAY,
    *,
    tick: float = 3600,
    calls_back: Callable[[], bool] = lambda: True,
) -> AsyncIterator[Dispatching]:
    """Run a gateway's dispatcher; with the default tick it looks only at changes and openings."""
    alarms, owner = FakeAlarms(), Owner()
    feed = Feed(scene.url, overview=scene.store, alarms=alarms, pulse_every=0.1)
    dispatcher = Dispatcher(
        offers=scene.store,
        feed=feed,
        gateway=gateway,
        clock=scene.clock,
        alarms=alarms,
        staffing=owner,
        tick=tick,
        calls_back=calls_back,
    )
    task = asyncio.create_task(dispatcher.run())
    try:
        yield Dispatching(feed, alarms, owner.told, task)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object], *, seconds: float = 30) -> None:
    """Let others run, turn by turn of the loop, until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await _turn()


async def until_seen(scene: QueueScene, condition: Callable[[], object]) -> None:
    """The same, while tick after tick goes by: a dispatcher that looks for those for whom nobody is
    there looks once a tick, and its picture may be a moment behind."""
    async with asyncio.timeout(30):
        while not condition():
            scene.clock.advance(TICK)
            await _turn()


async def _turn() -> None:
    turned = asyncio.Event()
    asyncio.get_running_loop().call_soon(turned.set)
    await turned.wait()


async def until_state(scene: QueueScene, extension: str, state: CounselorState) -> None:
    """Look until the counselor is in `state`; each look gives others time."""
    async with asyncio.timeout(30):
        while await scene.state(extension) is not state:
            pass
