"""A gateway's inbox: offers for the contacts that it owns, and their withdrawal.

A message is moved to a list of its own while it is handled, so that a reply of Redis which is
lost on the way does not lose the offer: it is delivered when the connection is back. Message:
JSON with `kind` ``made`` (offer, contact, counselor, expires in ms, plan, step, sticky, callback:
JSON of `ports.Callback`, if it is one), ``withdrawn`` (offer), or ``escalate`` (contact, by,
reason). Other kinds and fields, of a newer version, are passed over.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from hotline.ids import ContactId, CounselorId, GatewayId, OfferId
from hotline.ports import Callback, EscalateContact, Offer, OfferTaker, OrderTaker
from queueing import keys
from queueing.cancellation import pause, still_wanted
from queueing.scripts import connect

log = logging.getLogger(__name__)

_CALLBACK = TypeAdapter(Callback)

MOST = 8
"""How many messages one look takes: in a rush, one at a time would be too slow."""
BLOCK = 2.0
"""Seconds for which one look at the inbox waits."""
AGAIN_AFTER = 0.5
"""Seconds until the next try when Redis is away."""


class Inbox:
    """Delivers to `taker`, and to `orders`, what the queue has for `gateway`, in order, until
    cancelled. `unreadable` is told of an offer of which only id, contact and counselor can be
    read."""

    def __init__(
        self,
        url: str,
        *,
        gateway: GatewayId,
        taker: OfferTaker,
        orders: OrderTaker | None = None,
        unreadable: Callable[[Offer], None] = lambda _offer: None,
    ) -> None:
        self._redis: Redis = connect(url, reply_within=BLOCK + 3)
        self._inbox = keys.inbox(gateway)
        self._taken = keys.taken(gateway)
        self._taker = taker
        self._orders = orders
        self._unreadable = unreadable
        self._delivered: set[str] = set()
        """What was handled and may still stand in the list of the taken."""

    async def run(self) -> None:
        """Consume; goes on by itself when Redis was away."""
        try:
            while still_wanted():
                try:
                    await self._consume()
                except (RedisError, OSError) as error:
                    log.warning("inbox: %s; trying again", type(error).__name__)
                    await pause(AGAIN_AFTER)
        finally:
            await self._redis.aclose()

    async def _consume(self) -> None:
        for text in await self._redis.lrange(self._taken, 0, -1):
            self._deliver(str(text))
        while still_wanted():
            taken = await self._take()
            self._delivered.clear()
            for text in taken:
                self._deliver(text)

    async def _take(self) -> list[str]:
        """Let go of what was handled, wait for a message, and take it with those behind it."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.delete(self._taken)
            pipe.blmove(self._inbox, self._taken, int(BLOCK), "LEFT", "RIGHT")
            for _ in range(MOST - 1):
                pipe.lmove(self._inbox, self._taken, "LEFT", "RIGHT")
            _, *taken = await pipe.execute()
        return [str(text) for text in taken if text is not None]

    def _deliver(self, text: str) -> None:
        if text in self._delivered:
            return  # handled already: only its removal from the list was lost
        self._delivered.add(text)
        try:
            self._hand_over(json.loads(text))
        except Exception:  # the next offer is not to blame for this one
            log.exception("inbox: a message could not be handled")

    def _hand_over(self, message: dict[str, Any]) -> None:
        if message["kind"] == "withdrawn":
            self._taker.offer_withdrawn(OfferId(message["offer"]))
            return
        if message["kind"] == "escalate":
            if self._orders is not None:
                self._orders.ordered(
                    EscalateContact(
                        contact=ContactId(message["contact"]),
                        by=message["by"],
                        reason=message["reason"],
                    )
                )
            return
        if message["kind"] != "made":  # of a newer version: not for us, and no reason to stop
            log.warning("inbox: a message of an unknown kind is passed over")
            return
        self._offer_made(message)

    def _offer_made(self, message: dict[str, Any]) -> None:
        names = Offer(
            id=OfferId(message["offer"]),
            contact=ContactId(message["contact"]),
            counselor=CounselorId(message["counselor"]),
            expires_at=datetime.fromtimestamp(0, UTC),
        )
        try:
            offer = replace(
                names,
                expires_at=datetime.fromtimestamp(int(message["expires"]) / 1000, UTC),
                plan=message.get("plan", ""),
                step=int(message.get("step", 0)),
                sticky=message.get("sticky") == "1",
                callback=_CALLBACK.validate_python(message["callback"])
                if "callback" in message
                else None,
            )
        except Exception as error:  # not with its text, which shows what was promised to whom
            log.error("inbox: offer %s cannot be read: %s", names.id, type(error).__name__)
            self._unreadable(names)
            return
        self._taker.offer_made(offer)
