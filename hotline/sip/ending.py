"""Why a leg ended, read from the last SIP status. Pure.

The engine reports one status per ended dialog. For a dialog that was up: 200 is the peer's BYE;
408 is our own session timer (RFC 4028 section 10) or a refresh that nobody answered; 481 is a
refresh that the peer no longer knew.
"""

from __future__ import annotations

from hotline.events import Reason

_UP = {408: Reason.SESSION_EXPIRED, 481: Reason.SESSION_EXPIRED, 503: Reason.UNREACHABLE}
_INCOMING = {
    200: Reason.CALLER_CANCELLED,  # a BYE before our 200 was acknowledged
    487: Reason.CALLER_CANCELLED,
    400: Reason.MALFORMED,
    408: Reason.UNREACHABLE,  # our 200 was never acknowledged
    415: Reason.NO_CODEC,
    488: Reason.NO_CODEC,
    503: Reason.UNREACHABLE,
}
_OUTGOING = {
    486: Reason.DECLINED,
    600: Reason.DECLINED,
    603: Reason.DECLINED,
    487: Reason.WITHDRAWN,
    415: Reason.NO_CODEC,
    488: Reason.NO_CODEC,
    606: Reason.NO_CODEC,
}
_REFUSALS = {
    403: Reason.BLOCKED,
    603: Reason.BLOCKED,
    400: Reason.MALFORMED,
    488: Reason.NO_CODEC,
    486: Reason.OVER_CAPACITY,
    503: Reason.OVER_CAPACITY,
}


def reason_of(status: int, *, incoming: bool, was_up: bool, callers: bool = False) -> Reason:
    """Return why a leg ended that the other side, a caller or not, or the network, ended with
    `status`."""
    if was_up and status == 200:
        return Reason.CALLER_HUNG_UP if incoming or callers else Reason.COUNSELOR_HUNG_UP
    if was_up:
        return _UP.get(status, Reason.FAULT)
    if incoming:
        return _INCOMING.get(status, Reason.FAULT)
    return _OUTGOING.get(status, Reason.UNREACHABLE)


def refusal_of(status: int) -> Reason:
    """Return the reason that goes with a `status` by which we refuse an INVITE."""
    return _REFUSALS.get(status, Reason.FAULT)
