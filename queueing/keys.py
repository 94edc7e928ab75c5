"""Every Redis key of the queue, in this one place; all begin with ``hotline:``.

The scripts get `SCRIPT_KEYS` as their KEYS, in this order; `lua/prelude.lua` names them in the
same order. Keys that end in a colon are the stems of one key per contact, counselor or gateway,
which a script completes itself: the queue lives in one Redis, never in a Redis Cluster.

The score of `WAITING` is priority and arrival in one number, exact to the millisecond: both
together stay below 2**53 until the year 2286.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hotline.events import Priority
from hotline.ids import GatewayId

JOURNAL: Final = "hotline:journal"
"""Stream of all events (`hotline.journal` writes contacts' events, the scripts counselors')."""
WAKE: Final = "hotline:wake"
"""Pub/sub channel: somebody waits or somebody is ready; dispatchers look at once."""
WAITING: Final = "hotline:waiting"
"""ZSET contact -> `waiting_score`: who waits and was not offered to anybody."""
CONTACTS: Final = "hotline:contacts"
"""HASH contact -> JSON of what it asks for (`queueing.waiting`)."""
CONTACT: Final = "hotline:contact:"
"""HASH each: state, gateway, score, touched; counselor and offer while offered or talking."""
READY: Final = "hotline:ready"
"""ZSET counselor -> ms since when idle."""
PROFILES: Final = "hotline:profiles"
"""HASH counselor -> JSON of the profile (`queueing.skills`)."""
COUNSELOR: Final = "hotline:counselor:"
"""HASH each: state, since, reason, idle; contact while serving; wish* for after the call."""
SEQS: Final = "hotline:counselor-seqs"
"""HASH counselor -> the last `seq` in the journal; outlives the counselor's profile."""
OFFER_NUMBER: Final = "hotline:offer-number"
"""Counter: the number of the last offer."""
RINGING: Final = "hotline:ringing"
"""ZSET contact -> ms at which the lease of its offer ends."""
WRAP_UPS: Final = "hotline:wrap-ups"
"""ZSET counselor -> ms at which the wrap-up ends."""
GATEWAYS: Final = "hotline:gateways"
"""ZSET gateway -> ms at which its lease ends."""
CARRIED: Final = "hotline:carried:"
"""HASH each, contact -> its last `seq`: what that gateway carries, also before the queue."""
INBOX: Final = "hotline:inbox:"
"""LIST each: what that gateway must be told (`queueing.inbox`)."""
TAKEN: Final = ":taken"
"""Ending of the key of the LIST that holds what was taken from an inbox."""
SWEPT: Final = "hotline:swept"
"""ms of the last sweep: a long gap means that Redis, or everybody, was away."""
BLOCKED: Final = "hotline:blocked"
"""HASH digest of a caller's number -> JSON of reason and end."""

SCRIPT_KEYS: Final = (
    JOURNAL, WAKE, WAITING, CONTACTS, CONTACT, READY, PROFILES, COUNSELOR, SEQS,
    OFFER_NUMBER, RINGING, WRAP_UPS, GATEWAYS, CARRIED, INBOX, TAKEN, SWEPT,
)  # fmt: skip

PRIORITY_STEP: Final = 10**13
RANKS: Final[Mapping[Priority, int]] = {
    Priority.CRISIS: 0,
    Priority.HIGH_RISK: 1,
    Priority.CALLBACK: 2,
    Priority.NORMAL: 3,
}
"""Which priority goes first."""


def milliseconds(at: datetime) -> int:
    """Return `at` as whole milliseconds since 1970, rounded down."""
    return int(at.timestamp()) * 1000 + at.microsecond // 1000


def waiting_score(priority: Priority, arrived_at: datetime) -> int:
    """Return the place in line: the smaller goes first."""
    return RANKS[priority] * PRIORITY_STEP + milliseconds(arrived_at)


def inbox(gateway: GatewayId) -> str:
    """Return the key of a gateway's inbox."""
    return f"{INBOX}{gateway}"


def taken(gateway: GatewayId) -> str:
    """Return the key of the one message that a gateway took from its inbox and still handles."""
    return f"{INBOX}{gateway}{TAKEN}"
