"""Ending a task that talks to Redis."""

from __future__ import annotations

import asyncio


def still_wanted() -> bool:
    """Whether the present task may go on: False once it was cancelled, heard or not.

    redis-py sends under `asyncio.wait_for`, which up to Python 3.11 swallows a cancellation that
    arrives as the send completes. A loop that asks here ends all the same.
    """
    task = asyncio.current_task()
    return task is None or not task.cancelling()


async def pause(seconds: float) -> None:
    """Sleep, unless the present task was cancelled already."""
    if still_wanted():
        await asyncio.sleep(seconds)
