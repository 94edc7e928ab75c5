"""A need: what contacts ask for who could go to the same counselors at the same age.

Contacts with equal needs share one object: the circle of each of their steps, and after how many
ms each step opens. That is worked out once per need, and again only when one of its circles gets
its first counselor on duty or loses the last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hotline.events import Priority
from hotline.ids import NodeId
from hotline.ports import Waiting
from queueing.routing.circle import Circle
from queueing.routing.circles import Circles
from queueing.routing.place import Place
from queueing.routing.plan import Plan
from queueing.routing.route import Openings, Route, Step, opens_after, skill_token
from queueing.routing.skills import HIGHEST, LOWEST

SPARE = 4096
"""So many needs that nobody has now are kept for the next who has them."""


class NeedKey(NamedTuple):
    """All that a step may look at in a contact. The number that was dialled tells the route, and
    nothing else."""

    route: str
    priority: Priority
    topic: str
    skills: tuple[str, ...]
    preferred: tuple[str, ...]
    language: str
    node: NodeId


class Need:
    """Made and ended by `Needs`."""

    __slots__ = (
        "circles", "is_staffed", "key", "levels", "openings", "places", "preferred", "route",
        "settled",
    )  # fmt: skip

    def __init__(
        self, key: NeedKey, route: Route, circles: tuple[Circle | None, ...], waiting: Waiting
    ) -> None:
        self.key = key
        self.route = route
        self.circles = circles
        """By step; None: nobody can fit that step."""
        self.places: set[Place] = set()
        self.preferred = tuple(skill_token(skill, LOWEST) for skill in waiting.preferred)
        names = dict.fromkeys(skill.partition(":")[0] for skill in waiting.skills)
        self.levels = tuple(
            skill_token(name, level) for name in names for level in range(LOWEST, HIGHEST + 1)
        )
        """A counselor holds as many of these as the sum of the levels in the required skills."""
        self.settle()

    def settle(self) -> None:
        """Work out when each step opens, in ms after the arrival; None: not as things are."""
        self.openings = self._openings(lambda circle: circle.staffed)
        self.is_staffed = any(opening is not None for opening in self.openings)
        self.settled = True

    def is_staffed_by(self, some: int) -> bool:
        """Whether any of these (a mask) fits any step."""
        return any(circle is not None and circle.members & some for circle in self.circles)

    def openings_by(self, some: int) -> Openings:
        """Return when each step would open if these (a mask) alone were on duty."""
        return self._openings(lambda circle: bool(circle.members & some))

    def _openings(self, staffed: Callable[[Circle], bool]) -> Openings:
        circles = {id(s): c for s, c in zip(self.route.steps, self.circles, strict=True)}

        def is_staffed(step: Step) -> bool:
            circle = circles[id(step)]
            return circle is not None and staffed(circle)

        return opens_after(self.route, is_staffed)


class Needs:
    """All needs under one plan."""

    def __init__(self, plan: Plan, circles: Circles) -> None:
        self._plan = plan
        self._circles = circles
        self._by_key: dict[NeedKey, Need] = {}
        self._spare: dict[Need, None] = {}

    def add(self, place: Place) -> Need:
        """Return the need of a contact, which has it from now on."""
        need = self._find(place.waiting)
        self._spare.pop(need, None)
        if not need.settled:
            need.settle()
        need.places.add(place)
        return need

    def remove(self, place: Place) -> None:
        """Let a contact have its need no more."""
        need = place.need
        need.places.discard(place)
        if not need.places:
            self._spare[need] = None
        if len(self._spare) > SPARE:
            self._forget(next(iter(self._spare)))

    def _find(self, waiting: Waiting) -> Need:
        route = self._plan.route_of(waiting)
        key = NeedKey(
            route.name, waiting.priority, waiting.topic, waiting.skills, waiting.preferred,
            waiting.language, waiting.node,
        )  # fmt: skip
        need = self._by_key.get(key)
        if need is None:
            need = self._by_key[key] = Need(key, route, self._circles_of(route, waiting), waiting)
            for circle in need.circles:
                if circle is not None:
                    circle.needs.add(need)
        return need

    def _circles_of(self, route: Route, waiting: Waiting) -> tuple[Circle | None, ...]:
        tokens = [step.tokens(waiting) for step in route.steps]
        return tuple(None if some is None else self._circles.of(some) for some in tokens)

    def _forget(self, need: Need) -> None:
        del self._spare[need]
        del self._by_key[need.key]
        for circle in {circle for circle in need.circles if circle is not None}:
            circle.needs.discard(need)
            if not circle.needs:
                self._circles.remove(circle)
