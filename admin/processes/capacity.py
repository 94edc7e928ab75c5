"""How many contacts a gateway process carries, and how many processes a machine needs."""

from __future__ import annotations

from hotline.gateway import LEGS_KEPT_FREE

FEWEST = 2
"""So that a crash takes half of the calls, never all."""
CONVERSATIONS = 8
"""What a new installation can carry at the least: four times the national guide's two seats."""
LEGS = 2
"""Of one conversation: the caller's, the counselor's."""


def contacts_on(legs: int) -> int:
    """Return how many contacts a process with `legs` legs carries: each can be given to a
    counselor, and where there is room for it, one caller more can hear an apology."""
    return max(1, (legs - LEGS_KEPT_FREE) // LEGS)


def legs_for(contacts: int) -> int:
    """Return how many legs so many contacts need."""
    return LEGS * contacts + LEGS_KEPT_FREE


def processes_for(legs: int) -> int:
    """Return how many processes to run, each of which carries `legs` legs."""
    return max(FEWEST, -(-CONVERSATIONS // contacts_on(legs)))
