"""A city's worth of people on one Redis: 2,000 counselors, and as many who wait as a bench wants.

Counselors who are not ready are in wrap-up, so that every step of the plan is staffed: that is what
a full queue looks like.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import redis
from redis.connection import Connection

from hotline.clock import SystemClock
from hotline.events import CounselorState, Priority
from hotline.ids import ContactId, CounselorId, GatewayId, OfferId
from hotline.ports import Offer, Waiting
from queueing import keys
from queueing.limits import Limits
from queueing.routing.pair import Pair
from queueing.store import QueueStore
from tests.bench.picture_cost import ARRIVED_OVER, COUNSELORS, Load

GATEWAYS: Final = (GatewayId("gateway-1.aaaaaaaa"), GatewayId("gateway-2.bbbbbbbb"))
LIMITS: Final = Limits(wrap_up=36_000, gateway_lease=36_000, offer_lease=36_000)
"""Nobody's lease or wrap-up ends within a bench."""
CRISES: Final = 0.03
AT_ONCE: Final = 48
"""So many scripts are under way at a time while people are brought in."""
VOLLEY: Final = 32
"""So many scripts are sent before the answers are read."""


class Crowd:
    """Everybody on the Redis at `url`. To be used on one event loop."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = QueueStore.open(url, clock=SystemClock(), limits=LIMITS)
        self.redis = redis.Redis.from_url(url, decode_responses=True)
        self.counselors: list[CounselorId] = []
        self.random = random.Random(1)
        self._load = Load(seed=1)
        self._contacts = 0
        self._owners: Sequence[GatewayId] = GATEWAYS[:1]

    async def close(self) -> None:
        await self.store.close()
        self.redis.close()

    @property
    def waiting(self) -> int:
        return self.redis.zcard(keys.WAITING)

    def owned_by(self, owners: int) -> None:
        """From now on contacts come to so many gateways, in turn."""
        self._owners = GATEWAYS[:owners]

    async def hire(self) -> None:
        """Bring in all counselors; each has served somebody and is in wrap-up."""
        people = [self._load.counselor(n, CounselorState.READY) for n in range(COUNSELORS)]
        self.counselors = [one.profile.id for one in people]
        await _together(self.store.put_counselor(one.profile) for one in people)
        await _together(self.ready(counselor) for counselor in self.counselors)
        line = [self.a_contact(0) for _ in people]
        await _together(self.store.enqueue(waiting) for waiting in line)
        pairs = [Pair(w.contact, c) for w, c in zip(line, self.counselors, strict=True)]
        for first in range(0, len(pairs), AT_ONCE):
            made = await self.store.offer(pairs[first : first + AT_ONCE])
            await self.finish(offer for offer in made if offer is not None)
        for gateway in GATEWAYS:
            self.redis.delete(keys.inbox(gateway))

    async def fill(self, waiting: int) -> None:
        """Let contacts come until so many wait; they arrived over the last half hour."""
        ago = [self.random.uniform(0, ARRIVED_OVER) for _ in range(waiting - self.waiting)]
        await _together(self.store.enqueue(self.a_contact(seconds)) for seconds in ago)

    def a_contact(self, ago: float) -> Waiting:
        """Return a contact that arrived `ago` seconds ago."""
        self._contacts += 1
        waiting = self._load.contact(0)
        crisis = self.random.random() < CRISES
        return replace(
            waiting,
            arrived_at=SystemClock().now() - timedelta(seconds=ago),
            gateway=self._owners[self._contacts % len(self._owners)],
            caller_digest=sha256(waiting.contact.encode()).hexdigest(),
            priority=Priority.CRISIS if crisis else waiting.priority,
        )

    async def ready(self, counselor: CounselorId) -> None:
        await self.store.change_state(
            counselor, CounselorState.READY, reason="asked", by="counselor"
        )

    async def finish(self, offers: Iterable[Offer]) -> None:
        """Let conversations be over that began with these offers: to wrap-up."""
        await _together(self.store.finish(offer, requeue=False) for offer in offers)

    def take_offers(self) -> list[Offer]:
        """Empty all inboxes."""
        found = []
        for gateway in GATEWAYS:
            texts: Any = self.redis.lpop(keys.inbox(gateway), COUNSELORS)
            found += [an_offer(text) for text in texts or ()]
        return found

    def journalled(self) -> str:
        """Return where the journal ends now."""
        (last,) = self.redis.xrevrange(keys.JOURNAL, count=1)
        return str(last[0])

    def published_after(self, since: str) -> list[float]:
        """Return, for each counselor who became ready and was offered somebody after that entry of
        the journal, the seconds between the two, in order. Redis counts whole milliseconds."""
        ready: dict[str, int] = {}
        found = []
        entries: Any = self.redis.xrange(keys.JOURNAL, f"({since}")
        for entry, fields in entries:
            if fields["type"] != "CounselorStateChanged":
                continue
            state, at = json.loads(fields["data"])["state"], int(entry.partition("-")[0])
            if state == "ready":
                ready[fields["subject"]] = at
            elif state == "offered" and fields["subject"] in ready:
                found.append((at - ready.pop(fields["subject"])) / 1000)
        return found

    def line(self) -> list[ContactId]:
        contacts: Any = self.redis.zrange(keys.WAITING, 0, -1)
        return [ContactId(contact) for contact in contacts]

    def offered(self) -> int:
        """Return how many offers stand in the inboxes."""
        return sum(self.redis.llen(keys.inbox(gateway)) for gateway in GATEWAYS)


def an_offer(text: str) -> Offer:
    message = json.loads(text)
    return Offer(
        id=OfferId(message["offer"]),
        contact=ContactId(message["contact"]),
        counselor=CounselorId(message["counselor"]),
        expires_at=SystemClock().now(),
    )


class Volley:
    """Counselors who all become ready as fast as Redis takes it: sent as prepared bytes, for a
    client in Python would be slower than what is measured."""

    def __init__(self, crowd: Crowd) -> None:
        sha = crowd.store._scripts._scripts["change_state"].sha  # as Redis has it by now
        now = SystemClock().now()
        packer: Any = Connection()  # type: ignore[no-untyped-call]
        self._commands = [
            b"".join(
                packer.pack_command(
                    "EVALSHA", sha, len(keys.SCRIPT_KEYS), *keys.SCRIPT_KEYS,
                    keys.milliseconds(now), now.isoformat(), counselor,
                    counselor, "ready", "asked", "counselor",
                )
            )
            for counselor in crowd.counselors
        ]  # fmt: skip
        host, _, port = crowd.url.removeprefix("redis://").partition("/")[0].partition(":")
        self._socket = socket.create_connection((host, int(port)))

    def fire(self) -> None:
        """Return when all are ready."""
        answer = b"$5\r\nready\r\n"
        for first in range(0, len(self._commands), VOLLEY):
            some = self._commands[first : first + VOLLEY]
            self._socket.sendall(b"".join(some))
            expected = answer * len(some)
            got = b""
            while len(got) < len(expected):
                got += self._socket.recv(65536)
            if got != expected:
                raise AssertionError(f"not everybody became ready: {got[:80]!r}")
        self._socket.close()


async def _together(work: Iterable[Awaitable[object]]) -> None:
    """Do all of it, `AT_ONCE` at a time."""
    some: list[Awaitable[object]] = []
    for one in work:
        some.append(one)
        if len(some) == AT_ONCE:
            await asyncio.gather(*some)
            some.clear()
    await asyncio.gather(*some)
