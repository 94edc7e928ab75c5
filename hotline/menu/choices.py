"""What a caller has chosen on the way through a menu, and what that asks for all together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hotline.events import Priority
from hotline.ids import NodeId
from hotline.menu.flow import Choice

URGENCY = (Priority.CRISIS, Priority.HIGH_RISK, Priority.CALLBACK, Priority.NORMAL)


@dataclass(frozen=True, slots=True)
class Choices:
    """The keys that counted, oldest first, each with the menu's node where it was pressed. Whoever
    comes to a node again and presses another key has thought better of it: the last one counts."""

    made: tuple[tuple[str, Choice], ...] = ()

    def at(self, node: str, choice: Choice) -> Choices:
        """Return these and `choice`, made at `node`."""
        others = (one for one in self.made if one[0] != node)
        return Choices((*others, (node, choice)))

    @property
    def skills(self) -> tuple[str, ...]:
        """Every skill that a key requires, at the highest level that one asks for."""
        return united(skill for _, choice in self.made for skill in choice.skills)

    @property
    def preferred(self) -> tuple[str, ...]:
        """Likewise every preferred one."""
        return united(skill for _, choice in self.made for skill in choice.preferred)

    @property
    def priority(self) -> Priority:
        """The most urgent one."""
        given = {choice.priority for _, choice in self.made}
        return next((one for one in URGENCY if one in given), Priority.NORMAL)

    @property
    def node(self) -> NodeId | None:
        """The tier node that was named last."""
        named = [choice.node for _, choice in self.made if choice.node is not None]
        return NodeId(named[-1]) if named else None


def united(skills: Iterable[str]) -> tuple[str, ...]:
    """Return each skill once, in their order, with its highest level."""
    levels: dict[str, int] = {}
    for skill in skills:
        name, _, level = skill.partition(":")
        levels[name] = max(levels.get(name, 0), int(level or 0))
    return tuple(f"{name}:{level}" if level else name for name, level in levels.items())
