"""A circle: all counselors who hold certain tokens, and the contacts who may go to any of them now.

Each step of each contact is a circle, and contacts that ask for the same share it: there are as
many circles as different wishes, not as contacts. Circles know their counselors and counselors
their circles, so that neither is ever searched for when a state changes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from hotline.ids import ContactId

if TYPE_CHECKING:
    from queueing.routing.need import Need

Rank = tuple[int, ContactId]
"""A contact's place among all: score, then id."""


class Circle:
    """Made and ended by `queueing.routing.circles`."""

    __slots__ = ("_lined", "line", "members", "needs", "staffed", "tokens")

    def __init__(self, tokens: frozenset[str], lined: set[Circle]) -> None:
        self.tokens = tokens
        self._lined = lined
        """All circles in whose line anybody stands."""
        self.members = 0
        """Mask of the counselors who hold all tokens, whatever their state."""
        self.staffed = False
        """Whether any member is on duty."""
        self.line: list[Rank] = []
        """Contacts for whom this circle is open, no wider one is, and who can be given away; next
        first."""
        self.needs: set[Need] = set()
        """Whose steps this circle is."""

    def put(self, rank: Rank) -> None:
        insort(self.line, rank)
        self._lined.add(self)

    def take(self, rank: Rank) -> None:
        """Take out a contact that stands in the line."""
        del self.line[bisect_left(self.line, rank)]
        if not self.line:
            self._lined.discard(self)
