"""Every circle that anybody asks for, kept in step with who holds what and who is on duty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from queueing.routing.circle import Circle
from queueing.routing.crew import Crew, Seat


class Circles:
    """Found by their tokens, or by what a counselor holds."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._by_tokens: dict[frozenset[str], Circle] = {}
        self._filed: dict[str, set[Circle]] = defaultdict(set)
        self.lined: set[Circle] = set()
        """Those in whose line anybody stands."""

    def of(self, tokens: frozenset[str]) -> Circle:
        """Return the circle of all who hold `tokens`."""
        circle = self._by_tokens.get(tokens)
        if circle is None:
            circle = self._by_tokens[tokens] = Circle(tokens, self.lined)
            self._filed[_drawer(tokens)].add(circle)
            circle.members = self._crew.who_hold(tokens)
            circle.staffed = bool(circle.members & self._crew.on_duty)
            for seat in self._crew.seats(circle.members):
                seat.circles.add(circle)
        return circle

    def remove(self, circle: Circle) -> None:
        for seat in self._crew.seats(circle.members):
            seat.circles.discard(circle)
        del self._by_tokens[circle.tokens]
        self._filed[_drawer(circle.tokens)].discard(circle)

    def join(self, seat: Seat, tokens: frozenset[str]) -> None:
        """Let a counselor who is in no circle hold `tokens`, and be in all circles that fit."""
        self._crew.hold_tokens(seat, tokens)
        seat.circles = set(self._fitting(tokens))
        for circle in seat.circles:
            circle.members |= seat.bit

    def leave(self, seat: Seat) -> set[Circle]:
        """Take a counselor out of all circles, and return them."""
        left, seat.circles = seat.circles, set()
        for circle in left:
            circle.members ^= seat.bit
        return left

    def check(self, some: set[Circle]) -> Iterator[Circle]:
        """Yield each that got its first counselor on duty, or lost the last."""
        on_duty = self._crew.on_duty
        for circle in some:
            staffed = bool(circle.members & on_duty)
            if staffed is not circle.staffed:
                circle.staffed = staffed
                yield circle

    def _fitting(self, held: frozenset[str]) -> Iterator[Circle]:
        for token in ("", *held):
            for circle in self._filed.get(token, ()):
                if circle.tokens <= held:
                    yield circle


def _drawer(tokens: frozenset[str]) -> str:
    """Return the one token under which a circle is filed: a skill if it asks for any, for that is
    what the fewest hold."""
    return max(tokens, key=lambda token: (token.startswith("skill:"), token), default="")
