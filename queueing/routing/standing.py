"""How a counselor stands at present: profile, state, and how busy this duty has been."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from hotline.events import CounselorState
from queueing.routing.skills import CounselorProfile

S = CounselorState
ON_DUTY: Final[Set[CounselorState]] = frozenset({S.READY, S.OFFERED, S.TALKING, S.WRAP_UP})
"""States in which a counselor takes contacts, now or after this one: what makes a step staffed, and
the ready time of which occupancy is a share."""

BUSY: Final[Set[CounselorState]] = ON_DUTY - {S.READY}
"""What counts as busy in the occupancy, ringing included: whoever a contact is offered to is nobody
else's. The one definition: the scripts get it (`presence.lua_tables`), the simulator uses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`idle_since` and `counted` are ms since 1970; `busy` and `available` the ms spent in `BUSY`
    and `ON_DUTY` since signing on until `counted`, which is when `state` began."""

    profile: CounselorProfile
    state: CounselorState
    idle_since: int
    busy: int
    available: int
    counted: int

    def busy_by(self, now: int) -> int:
        """Return the ms spent busy since signing on; `now` in ms since 1970."""
        return self.busy + (max(0, now - self.counted) if self.state in BUSY else 0)

    def available_by(self, now: int) -> int:
        """Return likewise the ms spent busy or ready: breaks and training are none of it."""
        return self.available + (max(0, now - self.counted) if self.is_on_duty else 0)

    @property
    def is_on_duty(self) -> bool:
        return self.state in ON_DUTY

    @property
    def is_ready(self) -> bool:
        return self.state is CounselorState.READY
