"""The leg machine: one SIP dialog, incoming or outgoing, from INVITE to its one ending.

    incoming: invited -> ringing -> up <-> held -> ended
    outgoing: dialled -> ringing -> up <-> held -> ended

These events stay inside the gateway: the journal knows contacts, not dialogs. They are what
`hotline.sip` reports and what the gateway acts on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hotline.errors import IllegalTransition
from hotline.events import Reason
from hotline.ids import LegId

log = logging.getLogger(__name__)


class LegState(StrEnum):
    INVITED = "invited"
    DIALLED = "dialled"
    RINGING = "ringing"
    UP = "up"
    HELD = "held"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEvent:
    """Something the other end, or the network, did to one leg."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegInvited(LegEvent):
    """An INVITE arrived. `headers` has the edge's ``X-Hotline-*`` headers, names in lower case
    without the prefix; `caller` is the user part of P-Asserted-Identity or From (never log it)."""

    caller: str
    dialled: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegDialled(LegEvent):
    """We sent an INVITE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegTried(LegEvent):
    """100 came in (outgoing): the next hop has our INVITE, whatever becomes of it. Not every
    next hop says so before it says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRang(LegEvent):
    """180 or 183 went out (incoming) or came in (outgoing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered(LegEvent):
    """200 and ACK: media flows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegHeld(LegEvent):
    """The other end put us on hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegResumed(LegEvent):
    """The other end took us off hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitPressed(LegEvent):
    """One DTMF key (RFC 4733 or SIP INFO); never logged."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackFinished(LegEvent):
    """The playlist numbered `playlist` was heard to its end."""

    playlist: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LegFaulted(LegEvent):
    """A fault of ours while the engine told of this leg, which lives on: what was told, such as a
    key, may be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded(LegEvent):
    """The dialog is over. `status` is the final SIP status (200 for a BYE)."""

    reason: Reason
    status: int


S = LegState
TRANSITIONS: Mapping[LegState | None, Mapping[type[LegEvent], LegState]] = {
    None: {LegInvited: S.INVITED, LegDialled: S.DIALLED},
    S.INVITED: {
        LegRang: S.RINGING,
        LegAnswered: S.UP,
        LegFaulted: S.INVITED,
        LegEnded: S.ENDED,
    },
    S.DIALLED: {
        LegTried: S.DIALLED,
        LegFaulted: S.DIALLED,
        LegRang: S.RINGING,
        LegAnswered: S.UP,
        LegEnded: S.ENDED,
    },
    S.RINGING: {
        LegRang: S.RINGING,
        LegAnswered: S.UP,
        LegFaulted: S.RINGING,
        LegEnded: S.ENDED,
    },
    S.UP: {
        LegHeld: S.HELD,
        LegResumed: S.UP,  # a re-INVITE that changes nothing
        DigitPressed: S.UP,
        PlaybackFinished: S.UP,
        LegFaulted: S.UP,
        LegEnded: S.ENDED,
    },
    S.HELD: {
        LegHeld: S.HELD,
        LegResumed: S.UP,
        DigitPressed: S.HELD,
        PlaybackFinished: S.HELD,
        LegFaulted: S.HELD,
        LegEnded: S.ENDED,
    },
    S.ENDED: {  # what the network still delivers after the end is harmless
        LegTried: S.ENDED,
        LegRang: S.ENDED,
        LegAnswered: S.ENDED,
        LegHeld: S.ENDED,
        LegResumed: S.ENDED,
        DigitPressed: S.ENDED,
        PlaybackFinished: S.ENDED,
        LegFaulted: S.ENDED,
        LegEnded: S.ENDED,
    },
}


class LegMachine:
    """One leg's state."""

    def __init__(self, leg: LegId) -> None:
        self.leg = leg
        self.state: LegState | None = None

    def apply(self, event: LegEvent) -> bool:
        """Move by `event`; return False when it came after the end and must be dropped.

        Raises IllegalTransition where the table has no such pair.
        """
        late = self.state is S.ENDED
        try:
            state = TRANSITIONS[self.state][type(event)]
        except KeyError:
            raise IllegalTransition(
                f"leg {self.leg[:8]}", self.state or "nothing", type(event).__name__
            ) from None
        log.debug("leg %s: %s -[%s]-> %s", self.leg[:8], self.state, type(event).__name__, state)
        self.state = state
        return not late
