"""The counselor machine: what one person can do now, and what may happen next.

    offline <--asked--> not ready <--asked--> ready --offered--> offered --answered--> talking
                            ^                   ^  <--withdrawn,-'   |                    |
                            |                   |     missed once    |                    |
                            |                   |                    |                    | call
                            '--missed, declined, unreachable---------|                    | ended
                            '-------------------+---- released, asked ---- wrap-up <------'

`TRANSITIONS` is the one table. The Lua scripts get it as a table of their own when they are
loaded (`lua_tables`), so that they cannot disagree with it; they are what carries it out, each
change in one step with its journal event.

What a counselor asks for while serving:

- *offered*: not ready or offline withdraws the offer at once; the contact goes back to its place
  and the gateway stops ringing.
- *talking*: nothing changes now. The wish is remembered and comes true when wrap-up ends, in place
  of the site's setting; the last wish counts.
- *wrap-up*: any of the three ends it early. Wrap-up is the person's, not a queue's: nothing but
  its owner and its deadline ends it.

The truth about a call is the gateway's: whoever is *found talking* (Redis came back without its
last second, or had given up a gateway that was only silent) is talking here as well, from wherever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.errors import IllegalTransition
from hotline.events import CounselorState
from hotline.ids import ContactId, CounselorId
from queueing.routing.skills import CounselorProfile
from queueing.routing.standing import BUSY, ON_DUTY


class Occasion(StrEnum):
    """What can happen to a counselor's state."""

    ASKED_READY = "asked_ready"
    ASKED_NOT_READY = "asked_not_ready"
    ASKED_OFFLINE = "asked_offline"
    OFFERED = "offered"
    ANSWERED = "answered"
    MISSED_ONCE = "missed_once"
    """An offer rang in vain, and that is not yet too often."""
    MISSED = "missed"
    """Likewise, as many times in a row as make not ready."""
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    FOUND_TALKING = "found_talking"
    """The gateway that carries the call says so, and the queue did not know."""
    CALL_ENDED = "call_ended"
    """The conversation is over and there is time for the record."""
    RELEASED_READY = "released_ready"
    """Wrap-up is over, or there is none; likewise the next two, by setting or by wish."""
    RELEASED_NOT_READY = "released_not_ready"
    RELEASED_OFFLINE = "released_offline"


S = CounselorState
On = Occasion

_ASKED: Mapping[Occasion, CounselorState] = {
    On.ASKED_READY: S.READY,
    On.ASKED_NOT_READY: S.NOT_READY,
    On.ASKED_OFFLINE: S.OFFLINE,
}
_RELEASED: Mapping[Occasion, CounselorState] = {
    On.RELEASED_READY: S.READY,
    On.RELEASED_NOT_READY: S.NOT_READY,
    On.RELEASED_OFFLINE: S.OFFLINE,
}

TRANSITIONS: Mapping[CounselorState, Mapping[Occasion, CounselorState]] = {
    S.OFFLINE: {**_ASKED, On.FOUND_TALKING: S.TALKING},
    S.NOT_READY: {**_ASKED, On.FOUND_TALKING: S.TALKING},
    S.READY: {**_ASKED, On.OFFERED: S.OFFERED, On.FOUND_TALKING: S.TALKING},
    S.OFFERED: {
        On.ASKED_READY: S.OFFERED,  # already on the way to a contact
        On.ASKED_NOT_READY: S.NOT_READY,
        On.ASKED_OFFLINE: S.OFFLINE,
        On.ANSWERED: S.TALKING,
        On.FOUND_TALKING: S.TALKING,
        On.MISSED_ONCE: S.READY,
        On.MISSED: S.NOT_READY,
        On.DECLINED: S.NOT_READY,
        On.UNREACHABLE: S.NOT_READY,
        On.WITHDRAWN: S.READY,
    },
    S.TALKING: {
        On.ASKED_READY: S.TALKING,  # remembered for the end of wrap-up, all three
        On.ASKED_NOT_READY: S.TALKING,
        On.ASKED_OFFLINE: S.TALKING,
        On.CALL_ENDED: S.WRAP_UP,
        **_RELEASED,
    },
    S.WRAP_UP: {**_ASKED, **_RELEASED, On.FOUND_TALKING: S.TALKING},
}
"""Every transition there is."""


def after(state: CounselorState, occasion: Occasion, counselor: CounselorId) -> CounselorState:
    """Return the state that follows; raise IllegalTransition where there is none."""
    try:
        return TRANSITIONS[state][occasion]
    except KeyError:
        raise IllegalTransition(f"counselor {counselor}", state, occasion) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A counselor, what they do now, since when and why.

    `contact` is set in offered, talking and wrap-up; `wish` is what they asked for while talking.
    """

    profile: CounselorProfile
    state: CounselorState
    since: datetime
    reason: str
    contact: ContactId | None
    wish: CounselorState | None


def lua_tables() -> str:
    """Return `TRANSITIONS` as a Lua table, state -> occasion -> state; and `BUSY` and `ON_DUTY` as
    Lua's sets."""
    busy, on_duty = (",".join(f"{state}=true" for state in sorted(s)) for s in (BUSY, ON_DUTY))
    return f"local TRANSITIONS = {_transitions()}\nlocal BUSY, ON_DUTY = {{{busy}}}, {{{on_duty}}}"


def _transitions() -> str:
    rows = []
    for state, row in TRANSITIONS.items():
        cells = ",".join(f"{occasion}='{following}'" for occasion, following in row.items())
        rows.append(f"{state}={{{cells}}}")
    return f"{{{','.join(rows)}}}"
