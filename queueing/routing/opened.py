"""Which steps have been open for a contact, as a text that outlives an offer.

``PLAN MASK ROUTE``: the version of the plan, the steps as bits of one number (1: the first step),
the name of the route. By another plan, or another route, a contact begins anew: its steps are
others.
"""

from __future__ import annotations

from queueing.routing.plan import Plan
from queueing.routing.route import Route


def opened_to_text(steps: int, *, plan: Plan, route: Route) -> str:
    return f"{plan.version} {steps} {route.name}"


def opened_from_text(text: str, *, plan: Plan, route: Route) -> int:
    """Return the steps of `route` that were open; none where the text is of another, or of none."""
    version, _, rest = text.partition(" ")
    steps, _, name = rest.partition(" ")
    if (version, name) != (plan.version, route.name) or not steps.isdecimal():
        return 0
    return int(steps)
