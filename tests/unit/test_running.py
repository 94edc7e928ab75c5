"""A gateway's tasks: begun again after a fault, ended when they are told to."""

from __future__ import annotations

import asyncio
import contextlib

from admin.processes.gateway import Running
from hotline.events import AlarmKind
from queueing.cancellation import still_wanted
from tests.fakes import FakeAlarms


async def stopped(service: Running) -> None:
    async with asyncio.timeout(30):
        await service.stopService().asFuture(asyncio.get_running_loop())


async def test_task_whose_cancellation_was_swallowed_ends_all_the_same() -> None:
    begun = asyncio.Event()

    async def run() -> None:
        while still_wanted():
            begun.set()
            with contextlib.suppress(asyncio.CancelledError):  # as redis-py does under Python 3.11
                await asyncio.Event().wait()

    service = Running("deaf", run, alarms=FakeAlarms())
    service.startService()
    await begun.wait()
    await stopped(service)


async def test_fault_of_a_task_is_told_to_an_operator() -> None:
    alarms = FakeAlarms()

    async def run() -> None:
        raise RuntimeError("a bug")

    service = Running("dispatcher", run, alarms=alarms)
    service.startService()
    async with asyncio.timeout(30):
        while not alarms.told:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0)
    await stopped(service)
    [(kind, detail)] = alarms.told
    assert kind is AlarmKind.FAULT
    assert "dispatcher" in detail
