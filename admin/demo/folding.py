"""The wait for what the demonstration's calls left to do: by the scribe and by the worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from admin.demo.scenes import Expected
from hotline.clock import Timers
from hotline.database import snapshot
from hotline.journal.tables import ContactRow
from recordings.tables import RecordingRow, RecordingState

LOOK_SECONDS = 0.2
LOOKS = 150
"""So often it is looked: for half a minute."""
LOOKS_PER_LINE = 10
"""After so many it is said how far they are."""

Tell = Callable[[str, str], None]
"""Shows a line, given in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Of all calls so many are in the database with their end, and of all recordings to be kept
    so many are sealed or given up (`settled`); `open`: there are others."""

    calls: int
    ended: int
    recordings: int
    settled: int
    open: bool

    @property
    def is_over(self) -> bool:
        return self.ended == self.calls and self.settled >= self.recordings and not self.open

    def tell(self, tell: Tell, seconds: float) -> None:
        tell(
            f"已等 {seconds:.0f} 秒：{self.ended}/{self.calls} 个来电已入库，"
            f"{self.settled}/{self.recordings} 份录音已处理",
            f"{seconds:.0f} s: {self.ended}/{self.calls} calls in the database, "
            f"{self.settled}/{self.recordings} recordings dealt with",
        )


async def folded(
    engine: Engine, expected: Sequence[Expected], *, timers: Timers, tell: Tell
) -> None:
    """Wait until scribe and worker have done all, and say how far they are; the verdict says so if
    they have not."""
    for look in range(LOOKS):
        progress = _progress(engine, expected)
        if progress.is_over:
            return
        if look and look % LOOKS_PER_LINE == 0:
            progress.tell(tell, look * LOOK_SECONDS)
        await timers.pause(LOOK_SECONDS)


def _progress(engine: Engine, expected: Sequence[Expected]) -> Progress:
    contacts = [one.contact for one in expected]
    with snapshot(engine) as session:
        rows = [session.get(ContactRow, contact) for contact in contacts]
        found = session.query(RecordingRow.state).where(RecordingRow.contact.in_(contacts))
        states = [state for (state,) in found]
    done = [state for state in states if state != RecordingState.RAW]
    return Progress(
        calls=len(contacts),
        ended=sum(row is not None and row.ended_at is not None for row in rows),
        recordings=sum(one.recorded for one in expected),
        settled=len(done),
        open=len(done) < len(states),
    )
