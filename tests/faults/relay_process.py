"""A relay as a process of its own, to be killed: ``python -m tests.faults.relay_process ...``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hotline.clock import SystemClock
from hotline.journal.relay import Relay
from tests.histories import History


async def main(redis_url: str, spool: str, contacts: str) -> None:
    """Append the histories of `contacts` contacts, and print ``put aside`` once they are on disk
    (Redis is away); then live on until killed."""
    relay = Relay(
        redis_url=redis_url, spool_dir=Path(spool), process="gateway-9", clock=SystemClock()
    )
    relay.start()
    for number in range(int(contacts)):
        for event in History(f"killed-{number}").arrive().greet().queue().leave(9.0).events:
            relay.append(event)
    while not relay.is_away or relay.in_memory:  # noqa: ASYNC110 - looks from outside
        await asyncio.sleep(0.01)
    print("put aside", flush=True)  # noqa: T201 - the test waits for it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
