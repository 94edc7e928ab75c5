"""What the gateways of the property test journal of their contacts, numbered as they number it."""

from __future__ import annotations

from typing import Any

import redis

from hotline import events as e
from hotline.clock import Clock
from hotline.ids import ContactId, EventId, GatewayId, new_event_id, requested_for
from hotline.ports import Waiting
from hotline.wire import encode
from queueing import keys


class Tale:
    """Which number each life of a gateway takes for the last of each of its contacts."""

    def __init__(self, connection: redis.Redis, *, clock: Clock) -> None:
        self._redis = connection
        self._clock = clock
        self._seqs: dict[tuple[GatewayId, ContactId], int] = {}
        self._robbed: set[tuple[GatewayId, ContactId]] = set()
        self._revived: dict[tuple[GatewayId, ContactId], int] = {}
        self.unheard: set[EventId] = set()
        """What a life said of a contact that others had taken from it, before it heard of that."""

    def seq(self, gateway: GatewayId, contact: ContactId) -> int:
        return self._seqs.get((gateway, contact), 0)

    def knows(self, gateway: GatewayId, contact: ContactId, seq: int) -> None:
        """`gateway` is told of a number; it knows how things stand with the contact."""
        self._seqs[gateway, contact] = max(self.seq(gateway, contact), seq)
        self._robbed.discard((gateway, contact))

    def was_told(self, gateway: GatewayId, contact: ContactId) -> None:
        """A script has journalled the next event, and the gateway knows."""
        self._seqs[gateway, contact] = self.seq(gateway, contact) + 1

    def robbed(self, gateway: GatewayId, contact: ContactId) -> None:
        """The gateway was silent beyond its lease, and others took the contact for lost."""
        self._robbed.add((gateway, contact))

    def say(
        self, gateway: GatewayId, contact: ContactId, kind: type[e.ContactEvent], **facts: Any
    ) -> None:
        """`gateway` journals what happens to a contact, with the next number; of a request the
        journal knows nothing."""
        if requested_for(contact) is None:
            seq = self._seqs[gateway, contact] = self.seq(gateway, contact) + 1
            self.journal(gateway, self.event(contact, seq, kind, **facts))

    def queued(self, gateway: GatewayId, waiting: Waiting) -> None:
        """Something goes on with a contact: which event it is means nothing to a number."""
        self.say(gateway, waiting.contact, e.ContactQueued, **asked(waiting))

    def left(self, gateway: GatewayId, contact: ContactId) -> None:
        """The caller hangs up: the last event."""
        ending = e.Termination(e.Result.ABANDONED, e.Reason.CALLER_HUNG_UP)
        self.say(gateway, contact, e.CallerLeft, termination=ending)

    def revived(self, gateway: GatewayId, contact: ContactId, failed: int) -> None:
        """The gateway hears that others journalled that the contact failed; it says so once."""
        if failed > self._revived.get((gateway, contact), 0):
            self._revived[gateway, contact] = failed
            self.knows(gateway, contact, failed)
            self.say(gateway, contact, e.ContactRevived, state="queued", counselor=None)

    def event(
        self, contact: ContactId, seq: int, kind: type[e.ContactEvent], **facts: Any
    ) -> e.ContactEvent:
        return kind(id=new_event_id(), subject=contact, seq=seq, at=self._clock.now(), **facts)

    def journal(self, gateway: GatewayId, event: e.ContactEvent) -> None:
        if (gateway, event.subject) in self._robbed:
            self.unheard.add(event.id)
        self._redis.xadd(keys.JOURNAL, dict(encode(event)))  # type: ignore[arg-type]


def asked(waiting: Waiting) -> dict[str, Any]:
    """Return the facts of a ContactQueued."""
    return {name: getattr(waiting, name)
            for name in ("priority", "topic", "language", "skills", "node")}  # fmt: skip
