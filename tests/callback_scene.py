"""Promised callbacks on a real Redis: what tests of them share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import redis

from hotline.events import Event, Priority, Reason, Result, SealedNumber, Termination
from hotline.ids import ContactId, CounselorId, GatewayId
from hotline.ports import Offer, Opening, Promise, Released
from hotline.wire import encode
from queueing import keys
from queueing.limits import Limits
from queueing.routing.pair import Pair
from queueing.store import QueueStore
from tests.queue_scene import GATEWAY, NOON, QueueScene, a_waiting

CALLER = "caller-1"
HOUR = 3600.0
SEQ = 4
"""Of the last event before the promise."""


def an_opening(begins: float, ends: float) -> Opening:
    """An opening in seconds past noon."""
    return Opening(NOON + timedelta(seconds=begins), NOON + timedelta(seconds=ends))


def a_promise(
    name: str = "c1",
    *openings: Opening,
    after: float = 0,
    digest: str = CALLER,
    choice: str = "soon",
    priority: Priority = Priority.NORMAL,
) -> Promise:
    """A promise to the contact of `a_waiting`: as soon as possible, for three hours."""
    waiting = a_waiting(name, after=after, digest=digest, priority=priority)
    return Promise(
        waiting=replace(waiting, gateway=GatewayId("")),
        caller=SealedNumber("sealed", digest),
        trunk="carrier",
        consent=True,
        choice=choice,
        openings=openings or (an_opening(0, 3 * HOUR),),
    )


async def promise(scene: QueueScene, made: Promise, *, gateway: GatewayId = GATEWAY) -> bool:
    """Let the contact wait, then promise."""
    waiting = made.waiting
    await scene.store.enqueue(replace(waiting, gateway=gateway, priority=Priority.NORMAL))
    return await scene.store.promise(waiting.contact, made, gateway=gateway, seq=SEQ)


async def claim(
    store: QueueStore, contact: str = "c1", extension: str = "1001", *, gateway: GatewayId = GATEWAY
) -> Offer | None:
    """Do as the dispatcher of `gateway` does."""
    pair = Pair(ContactId(contact), CounselorId(extension))
    return (await store.offer([pair], gateway=gateway))[0]


def told(scene: QueueScene, contact: str = "c1") -> list[Event]:
    """The contact's events that the scripts have journalled."""
    return [event for event in scene.journal() if event.subject == contact]


LIMITS = Limits(callback_attempts=2, callback_retry=600)
LAPSED = Termination(Result.LAPSED, Reason.NOT_REACHED)


def inbox(scene: QueueScene, gateway: GatewayId) -> list[dict[str, object]]:
    with redis.Redis.from_url(scene.url, decode_responses=True) as connection:
        return [json.loads(text) for text in connection.lrange(keys.inbox(gateway), 0, -1)]


def held(scene: QueueScene, key: str, field: str) -> str | None:
    with redis.Redis.from_url(scene.url, decode_responses=True) as connection:
        return connection.hget(key, field)


def lose(scene: QueueScene, key: str) -> None:
    """Let Redis lose `key`, as no script of ours does."""
    with redis.Redis.from_url(scene.url) as connection:
        assert connection.delete(key) == 1


async def dialled(scene: QueueScene, *, seq: int = SEQ + 2) -> Offer:
    """A promise whose caller's phone may ring now."""
    assert await promise(scene, a_promise())
    return await dialled_again(scene, seq=seq)


async def dialled_again(scene: QueueScene, *, seq: int) -> Offer:
    await scene.add_ready("1001")
    offer = await claim(scene.store)
    assert offer is not None
    assert await scene.store.dial(offer, seq=seq)
    return offer


async def release(scene: QueueScene, offer: Offer, *, seq: int, reason: Reason) -> Released:
    return await scene.store.release(offer, gateway=GATEWAY, seq=seq, reason=reason)


def journal(scene: QueueScene, events: Sequence[Event]) -> None:
    """Say what a gateway says."""
    with redis.Redis.from_url(scene.url, decode_responses=True) as connection:
        for event in events:
            connection.xadd(keys.JOURNAL, dict(encode(event)))  # type: ignore[arg-type]
