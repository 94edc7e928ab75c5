"""Every Redis key of the queue, in this one place; all begin with ``hotline:``.

The scripts get `SCRIPT_KEYS` as their KEYS, in this order; `lua/prelude.lua` names them in the
same order. Keys that end in a colon are the stems of one key per contact, counselor or gateway,
which a script completes itself: the queue lives in one Redis, never in a Redis Cluster.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hotline.ids import GatewayId

JOURNAL: Final = "hotline:journal"
"""Stream of all events (`hotline.journal` writes contacts' events, the scripts counselors')."""
CHANGES: Final = "hotline:changes"
"""Stream, capped, numbered without a gap: every change of who waits and who is there (`feed`)."""
GENERATION: Final = "hotline:generation"
"""Random text, made once: another one means that Redis lost its data."""
WAITING: Final = "hotline:waiting"
"""ZSET contact or request -> `order.score_of`: who waits and was not offered to anybody."""
CONTACTS: Final = "hotline:contacts"
"""HASH contact -> JSON of what it asks for (`queueing.waiting`)."""
CONTACT: Final = "hotline:contact:"
"""HASH each: state, gateway, score, touched, digest, sticky, arrived (ms), since (that in JSON),
lag (ms by which the queue's time was ahead of that), because (of a place that was kept), promised
(a callback); counselor, offer, remember while offered or talking."""
READY: Final = "hotline:ready"
"""ZSET counselor -> ms since when idle."""
PROFILES: Final = "hotline:profiles"
"""HASH counselor -> JSON of the profile (`queueing.routing.skills`)."""
COUNSELOR: Final = "hotline:counselor:"
"""HASH each: state, since, reason, idle, on (ms of signing on), busy (ms since then), misses (in a
row); contact while serving; wish* for after the call."""
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
PLAN: Final = "hotline:plan"
"""HASH text, version, by, at, seq (last in the journal), run (seed that put it): the routing plan
in force; absent: the one that is shipped."""
SERVED: Final = "hotline:served:"
"""STRING each, by digest of a caller's number: the counselor who last took that caller."""
PLACE: Final = "hotline:place:"
"""HASH each, by digest: arrived (ms), since (JSON), lag (ms), because, contact, until (ms): the
place of one who was cut off or hung up."""
ANSWERS: Final = "hotline:answers"
"""ZSET of the last hour: "offer counselor priority" -> ms at which it was answered (`pace`)."""
PROMISE: Final = "hotline:promise:"
"""HASH each, by contact: a callback that is promised (`callbacks`): record (JSON), asks (JSON),
score, openings (JSON: [[ms, ms], ...]), digest, arrived, since, asked, seq (of its last event),
attempts, most, retry (ms), closes (ms); fence (the offer that dialled), dissolved (why), by."""
PROMISED: Final = "hotline:promised"
"""HASH digest of a caller's number -> contact: every promise that stands."""
LOOKS: Final = "hotline:promise-looks"
"""ZSET contact -> ms at which its opening begins or ends."""
TO_TELL: Final = "hotline:to-tell"
"""HASH ``counselor:ms`` (since when not ready) -> JSON of the notice (`queueing.notices`)."""
TELLING: Final = "hotline:telling:"
"""STRING each, by the same name, for as long as nobody else may call the counselor."""
ORDERED: Final = "hotline:ordered:"
"""STRING each, by the key of an order about a contact, so that it is given once (`orders`)."""
BLOCKED: Final = "hotline:blocked"
"""HASH digest of a caller's number -> JSON of the block (`queueing.blocks`)."""
CARE: Final = "hotline:care"
"""HASH digest of a caller's number -> JSON of the care plan (`queueing.care`)."""
TALKED: Final = "hotline:talked:"
"""HASH each, by digest and day: contact -> seconds of conversation."""
NOTICES: Final = "hotline:notices"
"""HASH dialled number -> prompt that its callers hear before the menu."""
PARTNER: Final = "hotline:partner:"
"""HASH each, by a partner's name, contact -> gateway: whom the partner has, or is called for, where
it takes so many at once (`partners`)."""
BEATEN: Final = "hotline:beaten"
"""HASH gateway -> the run of Redis under which it last beat: after a restart a gateway is *unheard*
until it has said what it does (`queueing.heart`)."""
BURIED: Final = "hotline:buried:"
"""HASH each, by gateway that was given up, contact -> seq of its ContactFailed: what the gateway is
told should it only have been silent."""
CLOCK: Final = "hotline:clock"
"""HASH latest (ms), ahead (ms): the queue's own time, which goes on when the hosts' is set back,
and by how much it is ahead of theirs. By it the places are given (`lua/enqueue.lua`)."""

SCRIPT_KEYS: Final = (
    JOURNAL, CHANGES, WAITING, CONTACTS, CONTACT, READY, PROFILES, COUNSELOR, SEQS,
    OFFER_NUMBER, RINGING, WRAP_UPS, GATEWAYS, CARRIED, INBOX, TAKEN, SWEPT, GENERATION,
    PLAN, SERVED, PLACE, ANSWERS, BEATEN, BURIED, CLOCK, ORDERED, PROMISE, PROMISED, LOOKS,
    PARTNER,
)  # fmt: skip


def milliseconds(at: datetime) -> int:
    """Return `at` as whole milliseconds since 1970, rounded down."""
    return int(at.timestamp()) * 1000 + at.microsecond // 1000


def inbox(gateway: GatewayId) -> str:
    """Return the key of a gateway's inbox."""
    return f"{INBOX}{gateway}"


def taken(gateway: GatewayId) -> str:
    """Return the key of the one message that a gateway took from its inbox and still handles."""
    return f"{INBOX}{gateway}{TAKEN}"
