"""How many legs a gateway process carries, by its engine and by its RTP ports. Pure.

An INVITE takes a slot of the engine and two ports as soon as it comes in, also one that is then
refused with 503, and a dialog whose BYE is not answered keeps its own for 32 s. So some of both
are kept free of legs: without them the engine itself would say 486, or 500, and nobody else would
hear of that caller.
"""

from __future__ import annotations

PORTS = 2
"""Of one leg: RTP and RTCP."""


def capacity_of(limit: int) -> int:
    """Return how many legs may be there where the engine, or its ports, have room for `limit`."""
    return limit - max(1, limit // 16)


def legs_on(ports: int) -> int:
    """Return how many legs may be there with so many RTP ports."""
    return capacity_of(ports // PORTS)


def ports_for(legs: int) -> int:
    """Return how many RTP ports that many legs need."""
    ports = PORTS * legs
    while legs_on(ports) < legs:
        ports += PORTS
    return ports
