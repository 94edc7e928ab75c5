"""In which order contacts are served: a crisis before all, the others by age plus a handicap.

The order is one number per contact that never changes while it waits, so that one sorted set
holds the line. What a handicap gives is a starvation bound: nobody below crisis is overtaken by
anybody below crisis who arrived later than one's own handicap, however many of them come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hotline.events import Priority

_MINUTE: Final = 60_000

HANDICAP: Final[Mapping[Priority, int]] = {
    Priority.HIGH_RISK: 0,
    Priority.CALLBACK: 5 * _MINUTE,
    Priority.NORMAL: 15 * _MINUTE,
}
"""By how many ms somebody more urgent may arrive later and yet go first."""

BELOW_CRISIS: Final = 10**14
"""Added to the score of all but crises: more than any arrival until the year 5138."""


def waiting_score(priority: Priority, arrived_ms: int) -> int:
    """Return the place in line: the smaller goes first.

    `arrived_ms` is in ms since 1970. The score is below 2**53, so that Redis keeps it exactly.
    """
    if priority is Priority.CRISIS:
        return arrived_ms
    return BELOW_CRISIS + arrived_ms + HANDICAP[priority]
