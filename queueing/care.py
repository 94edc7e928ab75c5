"""Care plans: what was agreed with a frequent caller, or is due to one at high risk.

A plan says who is asked first, at which times calls are taken, for how long, and what the caller
hears at other times. It never stands between the caller and help: the danger key works in every
message, and no conversation is cut off (`hotline.conversation.care`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import TypeAdapter

from hotline.ids import CounselorId
from hotline.menu.hours import read_hours

OTHER_TIMES = "care_message"
"""Said at a time that was not agreed on, where the plan has no message of its own."""
USED_UP = "care_minutes"
"""Said when the minutes of the day are used up."""
WORTHWHILE = 60.0
"""Seconds: with less than that left of the day, no conversation is begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarePlan:
    """One caller's plan.

    `counselor`: the dedicated one; `owner`: of the follow-up. `times`: as in `hotline.menu.hours`,
    none means at any time. `message`: the prompt heard when the call is not taken, empty: ours.
    """

    counselor: CounselorId | None = None
    owner: CounselorId | None = None
    times: tuple[str, ...] = ()
    minutes_per_call: float | None = None
    minutes_per_day: float | None = None
    message: str = ""
    high_risk: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError saying what cannot be."""
        read_hours(self.times)
        for name in ("minutes_per_call", "minutes_per_day"):
            minutes = getattr(self, name)
            if minutes is not None and minutes <= 0:
                raise ValueError(f"{name} must be more than 0, not {minutes}")

    @property
    def asked_for(self) -> CounselorId | None:
        """Who is asked first."""
        return self.counselor or self.owner

    def turned_away(self, at: datetime, *, talked: float) -> str:
        """Return the prompt with which a call at `at` (in the site's zone) is turned away, empty
        when it is taken. `talked`: seconds of conversation today."""
        if self.times and not read_hours(self.times).open_at(at):
            return self.message or OTHER_TIMES
        left = self._left_today(talked)
        if left is not None and left < min(WORTHWHILE, self._day or WORTHWHILE):
            return self.message or USED_UP
        return ""

    def seconds(self, *, talked: float) -> float | None:
        """Return how long a conversation may last now; None without limit."""
        per_call = None if self.minutes_per_call is None else self.minutes_per_call * 60
        limits = [s for s in (per_call, self._left_today(talked)) if s is not None]
        return min(limits) if limits else None

    @property
    def _day(self) -> float | None:
        return None if self.minutes_per_day is None else self.minutes_per_day * 60

    def _left_today(self, talked: float) -> float | None:
        return None if self._day is None else max(0.0, self._day - talked)


_PLAN = TypeAdapter(CarePlan)


def to_text(plan: CarePlan) -> str:
    """Return the plan as JSON."""
    return json.dumps(asdict(plan), separators=(",", ":"))


def from_text(text: str) -> CarePlan:
    """Return the plan that `to_text` wrote."""
    return _PLAN.validate_json(text)
