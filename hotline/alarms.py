"""The alarms of one process, journalled and logged: a condition once while it stands, an occurrence
each time."""

from __future__ import annotations

import logging

from hotline.clock import Clock
from hotline.events import (
    OCCURRENCES,
    AlarmCleared,
    AlarmKind,
    AlarmRaised,
    ProcessStarted,
    Sink,
)
from hotline.ids import new_event_id

log = logging.getLogger(__name__)

QUIET_SECONDS = 60.0
"""An occurrence is told again only after so long: a fault in a loop must not flood the journal."""


class JournalAlarms:
    """Implements `ports.Alarms`.

    `subject` names one life of one process (such as a GatewayId), for the sequence begins at 1.
    `detail` must name no caller's number: it is logged and journalled as it is.
    """

    def __init__(self, *, sink: Sink, subject: str, clock: Clock) -> None:
        self._sink = sink
        self._subject = subject
        self._clock = clock
        self._seq = 0
        self._standing: set[AlarmKind] = set()
        self._occurred: dict[tuple[AlarmKind, str], float] = {}

    def process_started(self) -> None:
        """Journal that this life began: what stood in an earlier one of the process is over."""
        self._sink.append(
            ProcessStarted(
                id=new_event_id(),
                subject=self._subject,
                seq=self._next(),
                at=self._clock.now(),
                process=self._subject.partition(".")[0],
            )
        )

    @property
    def standing(self) -> frozenset[AlarmKind]:
        """What an operator must look at now."""
        return frozenset(self._standing)

    def raise_alarm(self, kind: AlarmKind, detail: str) -> None:
        if kind in self._standing or self._is_repeated(kind, detail):
            return
        # Before the sink hears of it: a sink in trouble raises alarms itself.
        if kind in OCCURRENCES:
            self._occurred[_occurrence(kind, detail)] = self._clock.monotonic()
        else:
            self._standing.add(kind)
        log.error("alarm %s: %s", kind, detail)
        self._sink.append(
            AlarmRaised(
                id=new_event_id(),
                subject=self._subject,
                seq=self._next(),
                at=self._clock.now(),
                kind=kind,
                detail=detail,
            )
        )

    def clear_alarm(self, kind: AlarmKind) -> None:
        if kind not in self._standing:
            return
        self._standing.discard(kind)
        log.warning("alarm %s is over", kind)
        self._sink.append(
            AlarmCleared(
                id=new_event_id(),
                subject=self._subject,
                seq=self._next(),
                at=self._clock.now(),
                kind=kind,
            )
        )

    def _is_repeated(self, kind: AlarmKind, detail: str) -> bool:
        last = self._occurred.get(_occurrence(kind, detail))
        return last is not None and self._clock.monotonic() - last < QUIET_SECONDS

    def _next(self) -> int:
        self._seq += 1
        return self._seq


def _occurrence(kind: AlarmKind, detail: str) -> tuple[AlarmKind, str]:
    """Return what counts as the same occurrence: two who call for help are two."""
    return kind, detail if kind is AlarmKind.HELP_REQUESTED else ""
