"""Redis is there and takes nothing: its memory or its disk is full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from hotline.events import AlarmKind
from hotline.journal.stream import JOURNAL_STREAM
from tests.faults.test_relay_killed import delivered, make_relay, until, visits
from tests.servers import RedisServer


@contextmanager
def out_of_memory(server: RedisServer) -> Iterator[None]:
    """OOM: it has more than it may have, and throws nothing out."""
    with redis.Redis.from_url(server.url) as connection:
        connection.config_set("maxmemory", 1)
        yield
        connection.config_set("maxmemory", 0)


@contextmanager
def full_disk(server: RedisServer) -> Iterator[None]:
    """MISCONF: a save to disk failed, as on a full one."""
    with redis.Redis.from_url(server.url) as connection:
        (server.folder / "dump.rdb").mkdir()  # where the snapshot would go
        connection.config_set("save", "3600 1")
        connection.bgsave()
        status = "rdb_last_bgsave_status"
        saved = connection.info("persistence")
        while saved[status] == "ok" or saved["rdb_bgsave_in_progress"]:
            saved = connection.info("persistence")
        yield
        connection.config_set("stop-writes-on-bgsave-error", "no")


@pytest.mark.parametrize(
    ("refuse", "says"),
    [(out_of_memory, "OutOfMemoryError"), (full_disk, "ResponseError MISCONF")],
    ids=["memory", "disk"],
)
async def test_redis_that_refuses_is_an_alarm_of_its_own_without_a_word_of_the_events(
    own_redis: RedisServer,
    tmp_path: Path,
    refuse: Callable[[RedisServer], object],
    says: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    events = visits(20)
    relay, board = make_relay(own_redis.url, tmp_path / "spool")
    relay.start()
    with refuse(own_redis):  # type: ignore[attr-defined]  # a context manager
        for event in events:
            relay.append(event)
        await until(lambda: board.standing and not relay.in_memory, "the alarm")
        assert board.ever == [AlarmKind.REDIS_REFUSES]
        assert board.details == [f"events are spooled on disk: {says}"]
        assert delivered(own_redis.url) == []
    await until(lambda: relay.is_settled and not relay.is_away, "all delivered")
    await relay.close()
    assert delivered(own_redis.url) == events
    assert board.standing == set()
    assert JOURNAL_STREAM not in caplog.text
    assert "XADD" not in caplog.text


async def test_redis_that_goes_away_while_it_refuses_is_away_and_no_longer_refuses(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    events = visits(3)
    relay, board = make_relay(own_redis.url, tmp_path / "spool")
    relay.start()
    with redis.Redis.from_url(own_redis.url) as connection:
        connection.config_set("maxmemory", 1)
    for event in events:
        relay.append(event)
    await until(lambda: board.standing == {AlarmKind.REDIS_REFUSES}, "the refusal")
    own_redis.kill()
    await until(lambda: board.standing == {AlarmKind.REDIS_AWAY}, "the absence")
    own_redis.start()
    await until(lambda: relay.is_settled and not relay.is_away, "all delivered")
    await relay.close()
    assert delivered(own_redis.url) == events
    assert board.standing == set()
