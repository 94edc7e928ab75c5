"""Standing alarms of one process: told once, journalled, logged."""

from __future__ import annotations

import logging

from hotline.clock import Clock
from hotline.events import AlarmCleared, AlarmKind, AlarmRaised, Sink
from hotline.ids import new_event_id

log = logging.getLogger(__name__)


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

    @property
    def standing(self) -> frozenset[AlarmKind]:
        """What an operator must look at now."""
        return frozenset(self._standing)

    def raise_alarm(self, kind: AlarmKind, detail: str) -> None:
        if kind in self._standing:
            return
        # Before the sink hears of it: a sink in trouble raises alarms itself.
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

    def _next(self) -> int:
        self._seq += 1
        return self._seq
