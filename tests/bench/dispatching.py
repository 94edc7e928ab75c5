"""One dispatcher as a process of its own: ``python -m tests.bench.dispatching URL GATEWAY KIND``.

KIND ``picture`` is the platform's; ``naive`` the peer (`tests.bench.naive`). For every line on
standard input it answers with the number of the last change it has seen, then how many looks it
has made; it ends with the input. ``--profile FILE`` writes what cProfile saw.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Protocol

from admin.processes.garbage import collect_rarely
from hotline.clock import SystemClock
from hotline.ids import GatewayId
from queueing.dispatcher import Dispatcher
from queueing.feed import Feed
from queueing.store import QueueStore
from tests.bench.crowd import LIMITS
from tests.bench.naive import NaiveDispatcher
from tests.fakes import FakeAlarms
from tests.servers import select_pause

KINDS = ("picture", "naive", "paged")


class Seen(Protocol):
    @property
    def seen(self) -> int: ...


async def serve(url: str, gateway: GatewayId, kind: str) -> None:
    """Dispatch until standard input ends."""
    collect_rarely()  # as a gateway does
    clock = SystemClock()
    store = QueueStore.open(url, clock=clock, limits=LIMITS)
    progress: Seen

    def has_looked() -> bool:
        """Whether the first look at everybody is over, which takes longer than all that follow."""
        return kind != "picture" or (feed.in_step and not feed.picture.is_unfinished)

    if kind == "picture":
        feed = Feed(url, overview=store, alarms=FakeAlarms())
        dispatcher = Dispatcher(
            offers=store, feed=feed, gateway=gateway, clock=clock, alarms=FakeAlarms()
        )
        running, progress = asyncio.create_task(dispatcher.run()), feed
    else:
        peer = NaiveDispatcher(url, offers=store, clock=clock, paged=kind == "paged")
        running, progress = asyncio.create_task(peer.run()), peer
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(progress.seen if has_looked() else -1, flush=True)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await store.close()


class Child:
    """That process, as its starter sees it."""

    def __init__(self, url: str, gateway: GatewayId, kind: str, profile: Path | None) -> None:
        more = [] if profile is None else ["--profile", str(profile)]
        self.kind = kind
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.dispatching", url, gateway, kind, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def seen(self) -> int:
        """Return the number of the last change that it has seen."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def catch_up(self, last: int, *, seconds: float = 60) -> None:
        """Return when it has seen that change."""
        deadline = perf_counter() + seconds
        while self.seen() < last:
            if perf_counter() > deadline:
                raise AssertionError(f"the dispatcher is behind: {self.seen()} of {last}")
            select_pause(0.01)

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def dispatchers(
    url: str, *gateways: GatewayId, kind: str = "picture", profile: Path | None = None
) -> Iterator[list[Child]]:
    """Run one for each gateway."""
    children = [Child(url, gateway, kind, profile) for gateway in gateways]
    try:
        yield children
    finally:
        for child in children:
            child.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.dispatching")
    parser.add_argument("url")
    parser.add_argument("gateway")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()
    work = serve(options.url, GatewayId(options.gateway), options.kind)
    if options.profile is None:
        asyncio.run(work)
        return
    with cProfile.Profile() as profile:
        asyncio.run(work)
    profile.dump_stats(options.profile)


if __name__ == "__main__":
    main()
