"""How many gateway processes a machine needs for its engine."""

from __future__ import annotations

FEWEST = 2
"""So that a crash takes half of the calls, never all."""
CONVERSATIONS = 8
"""What a new installation can carry at the least: four times the national guide's two seats."""
LEGS = 2
"""Of one conversation: the caller's, the counselor's."""


def processes_for(legs: int) -> int:
    """Return how many processes to run, each of which carries `legs` legs."""
    each = max(1, legs // LEGS)
    return max(FEWEST, -(-CONVERSATIONS // each))
