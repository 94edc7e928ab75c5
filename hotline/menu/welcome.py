"""How one caller is welcomed: the menu, and what is known before it."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.events import Priority, Reason
from hotline.ids import CounselorId
from hotline.menu.flow import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What the caller meets.

    `refusal`: why, if the flow ends the contact. `asked_for`, `high_risk`, `seconds`: see
    `ports.Known`.
    """

    flow: Flow
    refusal: Reason = Reason.BLOCKED
    asked_for: CounselorId | None = None
    high_risk: bool = False
    seconds: float | None = None

    def priority(self, asked: Priority) -> Priority:
        """Return the priority of a caller who chose what has the priority `asked`."""
        return Priority.HIGH_RISK if self.high_risk and asked is not Priority.CRISIS else asked
