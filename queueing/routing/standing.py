"""How a counselor stands at present: profile, state, and how busy this duty has been."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from hotline.events import CounselorState
from queueing.routing.skills import CounselorProfile

S = CounselorState
ON_DUTY: Final[Set[CounselorState]] = frozenset({S.READY, S.OFFERED, S.TALKING, S.WRAP_UP})
"""States in which a counselor takes contacts, now or after this one: what makes a step staffed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`idle_since` and `signed_on` are ms since 1970, `busy` the ms spent with contacts since
    `signed_on`, as told at the last change."""

    profile: CounselorProfile
    state: CounselorState
    idle_since: int
    busy: int
    signed_on: int

    @property
    def is_on_duty(self) -> bool:
        return self.state in ON_DUTY

    @property
    def is_ready(self) -> bool:
        return self.state is CounselorState.READY
