"""Who has had more than a fair share: occupancy kept even among the counselors of one node.

A counselor's share is the busy part of the time since signing on. Who is more than `MARGIN` above
the mean of those on duty at the same node is asked after the others who fit as early; nobody is
left out by it. What the level decides (a higher one is asked first) it decides within that margin:
in a simulated day of five with a level more than the other five, 0.15 let them work twice as much
(54 % to 25 %), 0.05 leaves 44 % to 35 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Final

from hotline.ids import CounselorId, NodeId
from queueing.routing.standing import Standing

MARGIN: Final = 0.05
SETTLED_MS: Final = 10 * 60_000
"""A share means something only this long after signing on; until then it counts for nothing."""


def overburdened(standings: Iterable[Standing], now: int) -> set[CounselorId]:
    """Return who, of those on duty, should be spared where others can be had."""
    shares: dict[NodeId, dict[CounselorId, float]] = defaultdict(dict)
    for standing in standings:
        if standing.is_on_duty and now - standing.signed_on >= SETTLED_MS:
            share = standing.busy / (now - standing.signed_on)
            shares[standing.profile.node][standing.profile.id] = share
    spared: set[CounselorId] = set()
    for node in shares.values():
        limit = fmean(node.values()) + MARGIN
        spared.update(counselor for counselor, share in node.items() if share > limit)
    return spared
