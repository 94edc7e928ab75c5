"""A scribe as a process of its own, to be killed: ``python -m tests.faults.scribe_process ...``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from hotline.clock import SystemClock
from hotline.database import open_engine
from hotline.events import Event
from hotline.journal.projection import ContactProjection, CounselorProjection
from hotline.journal.scribe import Scribe
from hotline.journal.stream import connect
from queueing.journal import OfferProjection


def main(redis_url: str, database_url: str, told_path: str) -> None:
    """Fold until killed; write each event id that `after_commit` hears of to `told_path`."""
    told = os.open(told_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def tell(events: Sequence[Event]) -> None:
        os.write(told, "".join(event.id + "\n" for event in events).encode())

    Scribe(
        redis=connect(redis_url),
        engine=open_engine(database_url),
        projections=[ContactProjection(), CounselorProjection(), OfferProjection()],
        after_commit=tell,
        clock=SystemClock(),
    ).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
