"""Events folded per second by one scribe on SQLite: ``python -m tests.bench.scribe_rate``."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from random import Random

from admin import schema
from hotline.clock import SystemClock
from hotline.database import open_engine
from hotline.journal.projection import ContactProjection, CounselorProjection
from hotline.journal.scribe import Scribe
from hotline.journal.stream import JOURNAL_STREAM, connect
from hotline.wire import encode
from queueing.journal import OfferProjection
from recordings.projection import RecordingProjection
from tests.histories import interleave, random_history
from tests.servers import RedisServer

CONTACTS = 1500


def main() -> None:
    random = Random(1)
    # As they come: some tens of contacts at a time, not all of them mixed.
    events = [
        event
        for part in range(CONTACTS // 50)
        for event in interleave([random_history(f"c{part}-{n}", random) for n in range(50)], random)
    ]
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder) / "redis")
        server.start()
        try:
            with connect(server.url) as stream, stream.pipeline() as pipeline:
                for event in events:
                    pipeline.xadd(JOURNAL_STREAM, dict(encode(event)))  # type: ignore[arg-type]
                pipeline.execute()
            engine = open_engine(f"sqlite:///{Path(folder) / 'hotline.sqlite'}")
            schema.upgrade(engine)
            scribe = Scribe(
                redis=connect(server.url),
                engine=engine,
                projections=[
                    ContactProjection(),
                    CounselorProjection(),
                    OfferProjection(),
                    RecordingProjection(),
                ],
                after_commit=lambda _events: None,
                clock=SystemClock(),
            )
            started, cpu = time.perf_counter(), time.process_time()
            while scribe.folded < len(events):
                scribe.step()
            wall, used = time.perf_counter() - started, time.process_time() - cpu
        finally:
            server.stop()
    print(f"{len(events)} events of {CONTACTS} contacts in {wall:.1f} s, {used:.1f} s of CPU")
    print(f"{len(events) / wall:.0f} events/s; {len(events) / used:.0f} per CPU second")


if __name__ == "__main__":
    main()
