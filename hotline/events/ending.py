"""How a contact, or a leg, ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """How a contact ended, as statistics count it."""

    COMPLETED = "completed"
    """A counselor, or a partner's, spoke to the caller."""
    MESSAGE_LEFT = "message_left"
    """Nobody spoke to the caller yet, who left a message."""
    ABANDONED = "abandoned"
    """The caller left first."""
    REFUSED = "refused"
    """We did not serve the call: blocked, no codec, over capacity."""
    FAILED = "failed"
    """A fault of ours ended it."""
    LAPSED = "lapsed"
    """A promised callback came to nothing: not reached, withdrawn, or the caller called again."""


class Reason(StrEnum):
    """Why a leg or contact ended, chosen where the ending happened."""

    CALLER_HUNG_UP = "caller_hung_up"
    CALLER_CANCELLED = "caller_cancelled"
    COUNSELOR_HUNG_UP = "counselor_hung_up"
    PARTNER_HUNG_UP = "partner_hung_up"
    RTP_SILENCE = "rtp_silence"
    SESSION_EXPIRED = "session_expired"
    NO_CODEC = "no_codec"
    OVER_CAPACITY = "over_capacity"
    BLOCKED = "blocked"
    CARE_PLAN = "care_plan"
    """The caller's care plan: not now, or no more today."""
    CLOSED = "closed"
    """The line that was dialled is closed at this hour."""
    MALFORMED = "malformed"
    SERVED = "served"
    """A call that asked for nothing more, such as a feature code, was served and ended by us."""
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    NOT_CONFIRMED = "not_confirmed"
    """Whoever answered our callback did not say that it was theirs."""
    NOT_REACHED = "not_reached"
    """No attempt to call back reached the caller."""
    CALLED_AGAIN = "called_again"
    """The caller was on the line again before we called."""
    GATEWAY_LOST = "gateway_lost"
    SHUTDOWN = "shutdown"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Termination:
    """The one ending of a contact."""

    result: Result
    reason: Reason
