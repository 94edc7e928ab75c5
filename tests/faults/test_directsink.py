"""A process without a loop: its events arrive, or wait on the disk for a relay."""

from __future__ import annotations

from pathlib import Path

import redis

from hotline.journal.directsink import DirectSink
from hotline.journal.spool import Spool
from hotline.journal.stream import JOURNAL_STREAM
from hotline.wire import decode
from tests.histories import History
from tests.servers import RedisServer


def test_events_go_to_the_stream_and_to_the_disk_while_redis_is_away(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    before, after = History("c").arrive().refuse().events
    sink = DirectSink(redis_url=own_redis.url, spool_dir=tmp_path / "spool", process="scribe")
    sink.append(before)
    with redis.Redis.from_url(own_redis.url, decode_responses=True) as connection:
        ((_, wire),) = connection.xrange(JOURNAL_STREAM)
    assert decode(wire) == before
    own_redis.kill()
    sink.append(after)
    sink.close()
    (orphan,) = Spool.orphans(tmp_path / "spool")
    assert [decode(wire) for wire in orphan.peek(5)] == [after]
    orphan.close()
