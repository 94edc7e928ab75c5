"""Chance that can be repeated: every source of it has dice of its own, named and seeded.

What happens to one caller then changes nothing about the next, so that two plans or two rosters
meet the very same callers (common random numbers), and a run is the same on every machine.
"""

from __future__ import annotations

from random import Random

Dice = Random


def dice(seed: int, *names: object) -> Dice:
    """Return the dice of the source `names` under `seed`."""
    text = ":".join(str(name) for name in (seed, *names))
    return Random(text)  # noqa: S311 - a simulation, no secret
