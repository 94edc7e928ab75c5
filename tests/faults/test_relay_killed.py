"""The relay while Redis is killed, while it is killed itself, and while the disk is full."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from hotline.clock import SystemClock
from hotline.events import AlarmKind, Event
from hotline.journal.relay import Relay
from hotline.journal.spool import Spool
from hotline.journal.stream import JOURNAL_STREAM
from hotline.wire import decode
from tests.histories import History
from tests.servers import RedisServer, free_port


class Board:
    """Shows the alarms that stand."""

    def __init__(self) -> None:
        self.standing: set[AlarmKind] = set()
        self.ever: list[AlarmKind] = []
        self.details: list[str] = []

    def raise_alarm(self, kind: AlarmKind, detail: str) -> None:
        self.standing.add(kind)
        self.ever.append(kind)
        self.details.append(detail)

    def clear_alarm(self, kind: AlarmKind) -> None:
        self.standing.discard(kind)


def delivered(url: str) -> list[Event]:
    """What the stream holds, each event once, in order."""
    with redis.Redis.from_url(url, decode_responses=True) as connection:
        entries = connection.xrange(JOURNAL_STREAM)
    once = {wire["id"]: decode(wire) for _, wire in entries}
    return list(once.values())


def make_relay(url: str, folder: Path, **options: int) -> tuple[Relay, Board]:
    relay = Relay(
        redis_url=url, spool_dir=folder, process="gateway-1", clock=SystemClock(), **options
    )
    board = Board()
    relay.report_to(board)
    return relay, board


async def until(condition: Callable[[], object], what: str, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - a test looks from outside
            await asyncio.sleep(0.01)
    assert condition(), what


def visits(count: int, name: str = "c") -> list[Event]:
    tales = [History(f"{name}{n}").arrive().greet().queue().leave(9.0) for n in range(count)]
    return [event for tale in tales for event in tale.events]


def per_subject(events: list[Event]) -> dict[str, list[str]]:
    order: dict[str, list[str]] = {}
    for event in events:
        order.setdefault(event.subject, []).append(event.id)
    return order


async def test_redis_killed_while_appending(own_redis: RedisServer, tmp_path: Path) -> None:
    events = visits(400)
    relay, board = make_relay(own_redis.url, tmp_path / "spool")
    relay.start()
    for number, event in enumerate(events):
        relay.append(event)
        if number % 20 == 0:
            await asyncio.sleep(0)
        if number == 700:
            await until(lambda: len(delivered(own_redis.url)) > 300, "some events")
            own_redis.kill()
        if number == 1600:
            await until(lambda: relay.is_away and not relay.in_memory, "the spool")
            assert AlarmKind.REDIS_AWAY in board.standing
            own_redis.start()
    await until(lambda: relay.is_settled and not relay.is_away, "all delivered")
    await relay.close()
    assert delivered(own_redis.url) == events
    assert board.standing == set()
    assert board.ever == [AlarmKind.REDIS_AWAY]
    assert list((tmp_path / "spool").iterdir()) == []


async def test_closing_while_redis_is_away_leaves_a_spool_for_the_next_life(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    own_redis.kill()
    relay, _ = make_relay(own_redis.url, tmp_path / "spool")
    relay.start()
    events = visits(3)
    for event in events:
        relay.append(event)
    await relay.close()
    own_redis.start()
    relay, _ = make_relay(own_redis.url, tmp_path / "spool")
    relay.start()
    await until(lambda: delivered(own_redis.url) == events, "the old spool")
    await relay.close()
    assert list((tmp_path / "spool").iterdir()) == []


@contextmanager
def relay_process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.relay_process", *arguments], stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def test_a_spool_of_a_killed_process_is_delivered_by_the_next_start(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    with relay_process(nobody, str(spool), "50") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"put aside\n"
        living, _ = make_relay(own_redis.url, spool)
        assert list(Spool.orphans(spool)) == []  # its owner lives
    (orphan,) = spool.iterdir()
    whole = orphan.read_bytes()
    orphan.write_bytes(whole + whole[:50])  # cut off in the middle of a line
    living.start()
    own = visits(5, "new")
    for event in own:
        living.append(event)
    await until(lambda: len(delivered(own_redis.url)) == 50 * 6 + len(own), "all events")
    await living.close()
    arrived = delivered(own_redis.url)
    assert all([event.seq for event in arrived if event.subject == f"killed-{n}"] ==
               [1, 2, 3, 4, 5, 6] for n in range(50))  # fmt: skip
    assert list(spool.iterdir()) == []


async def test_a_full_disk_keeps_events_in_memory_and_loses_none(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    own_redis.kill()
    relay, board = make_relay(own_redis.url, tmp_path / "spool")
    relay.start()
    events = visits(100)
    with no_file_longer_than(20_000):
        for event in events:
            relay.append(event)
        await until(lambda: AlarmKind.SPOOL_FULL in board.standing, "the alarm")
        assert relay.in_memory > 0
    own_redis.start()
    await until(lambda: relay.is_settled and not relay.is_away, "all delivered")
    await relay.close()
    assert delivered(own_redis.url) == events
    assert (relay.lost, board.standing) == (0, set())


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Let the kernel refuse to write further, as it does on a full disk (EFBIG, not ENOSPC)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_memory_is_bounded_when_nothing_takes_events(tmp_path: Path) -> None:
    blocked = tmp_path / "spool"
    blocked.write_text("not a folder")
    relay, _ = make_relay(f"redis://127.0.0.1:{free_port()}/0", blocked, memory_limit=10)
    relay.start()
    for event in visits(4):
        relay.append(event)
    assert (relay.in_memory, relay.lost) == (10, 14)
    await relay.close()


async def test_a_relay_never_raises_before_its_start_or_after_its_close(
    redis_url: str, tmp_path: Path
) -> None:
    relay, _ = make_relay(redis_url, tmp_path / "spool")
    first, second, *_ = visits(1)
    relay.append(first)
    relay.start()
    await relay.close()
    relay.append(second)
    assert delivered(redis_url) == [first]
