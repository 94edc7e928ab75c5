"""In which order contacts are served: a crisis before all, the others by age plus a handicap.

The order is one number per contact that never changes while it waits, so that one sorted set
holds the line. What a handicap gives is a starvation bound: nobody below crisis is overtaken by
anybody below crisis who arrived later than one's own handicap, however many of them come. Requests
for a second counselor go between: there are never more of them than conversations.

A callback in a window that its caller chose has arrived, in this order, when the window begins
(`lua/shared/promise.lua`): by the first arrival it would go before every high-risk caller of the
hours in between, who wait on the line while it waits at home. Callbacks of one window stand in the
order of their first arrivals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hotline.events import Priority
from hotline.ids import requested_for
from hotline.ports import Waiting
from queueing.keys import milliseconds

_MINUTE: Final = 60_000

HANDICAP: Final[Mapping[Priority, int]] = {
    Priority.HIGH_RISK: 0,
    Priority.CALLBACK: 5 * _MINUTE,
    Priority.NORMAL: 15 * _MINUTE,
}
"""By how many ms somebody more urgent may arrive later and yet go first."""

BELOW_CRISIS: Final = 10**14
"""Added to the score of all but crises: more than any arrival until the year 5138."""


ESCALATED: Final = BELOW_CRISIS // 2
"""Added to the score of a request for a second counselor: right behind the crises, for somebody
talks to that caller who cannot help alone. A conversation has one request at most."""


def score_of(waiting: Waiting) -> int:
    """Return the place in line of a contact, or of a request; a crisis is one in both."""
    arrived = milliseconds(waiting.arrived_at)
    if requested_for(waiting.contact) and waiting.priority is not Priority.CRISIS:
        return ESCALATED + arrived
    return waiting_score(waiting.priority, arrived)


def waiting_score(priority: Priority, arrived_ms: int) -> int:
    """Return the place in line: the smaller goes first.

    `arrived_ms` is in ms since 1970. The score is below 2**53, so that Redis keeps it exactly.
    """
    if priority is Priority.CRISIS:
        return arrived_ms
    return BELOW_CRISIS + arrived_ms + HANDICAP[priority]
