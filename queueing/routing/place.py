"""One contact's place in the picture: what it asks for, and who may serve it by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotline.events import Priority
from hotline.ids import CounselorId
from hotline.ports import Waiting
from queueing.keys import milliseconds
from queueing.routing.circle import Circle
from queueing.routing.order import score_of
from queueing.routing.route import Openings

if TYPE_CHECKING:
    from queueing.routing.need import Need


class Place:
    """A contact is *in line* unless it is held for a proposal, kept for its sticky counselor, or
    deferred because only those are free who were tried.

    It stands in the lines of the widest circles that are open for it: whoever belongs to a
    narrower one belongs to one of these as well, and finds it there.
    """

    __slots__ = (
        "arrived", "due", "has_others", "held_by", "in_line", "kept_for", "kept_until", "need",
        "open", "opened", "rank", "sticky", "tried", "waiting", "widest",
    )  # fmt: skip

    need: Need

    def __init__(
        self,
        waiting: Waiting,
        sticky: CounselorId | None,
        score: int | None,
        tried: tuple[CounselorId, ...],
    ) -> None:
        self.waiting = waiting
        self.sticky = sticky
        self.tried = tried
        """Who was asked in vain, longest ago first."""
        self.has_others = False
        """Whether anybody else is on duty, in any step."""
        arrived = milliseconds(waiting.arrived_at)
        plain = score_of(waiting)
        self.rank = (plain if score is None else score, waiting.contact)
        self.arrived = arrived + self.rank[0] - plain
        """By the queue's own time, which a clock set back does not set back."""
        self.opened = 0
        """The steps that have ever been open, as bits."""
        self.open: list[tuple[int, Circle]] = []
        """Steps, from 0, in their order, with their circles: once open they stay open."""
        self.widest: list[Circle] = []
        """Those of the open circles that are within no other of them."""
        self.due: int | None = None
        """When something changes for this contact by time alone."""
        self.in_line = False
        self.held_by: CounselorId | None = None
        self.kept_for: CounselorId | None = None
        self.kept_until: int | None = None

    def is_as(self, other: Place) -> bool:
        """Whether both ask for the same, at the same place, after the same were tried."""
        mine = (self.waiting, self.sticky, self.rank, self.tried)
        return mine == (other.waiting, other.sticky, other.rank, other.tried)

    @property
    def dedicated(self) -> CounselorId | None:
        """Who was agreed on for this caller, and is asked whether they fit a step or not. A crisis
        goes to whoever is certified for it."""
        return None if self.is_crisis else self.waiting.asked_for

    @property
    def is_crisis(self) -> bool:
        return self.waiting.priority is Priority.CRISIS

    def enter(self) -> None:
        """Come into line."""
        if not self.in_line:
            self.in_line = True
            for circle in self.widest:
                circle.put(self.rank)

    def step_out(self) -> None:
        """Leave the line, for good or for now."""
        if self.in_line:
            self.in_line = False
            for circle in self.widest:
                circle.take(self.rank)

    def forget_steps(self) -> None:
        """The plan is another: the old circles are no more."""
        self.opened, self.open, self.widest = 0, [], []
        self.due, self.in_line = None, False

    def widen(self, now: int, openings: Openings) -> int:
        """Open what is due by `now`, or was open before; return the mask of everybody that was
        added."""
        added = 0
        self.due = self.kept_until
        already = {index for index, _ in self.open}
        for index, opening in enumerate(openings):
            circle = self.need.circles[index]
            if circle is None or index in already:
                continue
            if not self.opened >> index & 1:
                if opening is None:
                    continue
                at = self.arrived + opening
                if at > now:
                    self.due = at if self.due is None else min(at, self.due)
                    continue
                self.opened |= 1 << index
            self.open.append((index, circle))
            added |= circle.members
            self._stand_in(circle)
        self.open.sort(key=lambda step: step[0])
        return added

    def _stand_in(self, circle: Circle) -> None:
        """A circle was opened: into its line, and out of those that are within it."""
        if any(other.tokens <= circle.tokens for other in self.widest):
            return
        within = [other for other in self.widest if circle.tokens <= other.tokens]
        self.widest = [other for other in self.widest if other not in within]
        self.widest.append(circle)
        if self.in_line:
            circle.put(self.rank)
            for other in within:
                other.take(self.rank)

    def first_step(self, member: int) -> int | None:
        """Return the earliest open step, from 0, that this one counselor (a bit) fits."""
        return next((step for step, circle in self.open if circle.members & member), None)
