"""When the phones of an extension last proved that they are alive."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hotline.clock import Clock
from hotline.edge.control import Control, EdgeUnavailable
from hotline.ids import CounselorId

SETTLED_SECONDS = 3.0
"""An edge that started more lately may not have taken up its registrations yet."""


class Aliveness:
    """Asks one edge. Blocks for about 0.1 ms per extension: not for the reactor's thread."""

    def __init__(self, control: Control, *, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def last_proofs(self, extensions: Iterable[CounselorId]) -> dict[CounselorId, datetime]:
        """Return when a phone of each extension last registered or answered; a phone whose
        connection stands proves it now. Who has no phone is missing.

        Raises EdgeUnavailable, also while the edge starts.
        """
        if self._control.ping() < SETTLED_SECONDS:
            raise EdgeUnavailable("the edge has just started")
        now = self._clock.now()
        proofs: dict[CounselorId, datetime] = {}
        for extension in extensions:
            phones = self._control.phones(extension)
            if phones:
                proofs[extension] = max(phone.proved_at or now for phone in phones)
        return proofs

    def up_seconds(self) -> float:
        """Return for how long the edge has been up; raises EdgeUnavailable."""
        return self._control.ping()
