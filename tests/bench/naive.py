"""The peer: a dispatcher that keeps nothing and reads the queue at each look.

Whenever somebody comes into line or becomes ready it asks who is ready and, if anybody is, who
waits: the obvious way, and what this project had before its picture. It routes by the same plan
(every step counts as staffed, nobody is sticky) and claims with the same script.

`paged`: reads the line 200 at a time and stops when nobody is free any more, which is fast as long
as those in front suit whoever is free.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from hotline.clock import Clock
from queueing import keys
from queueing.offers import Offers
from queueing.routing.pair import Pair
from queueing.routing.plan import default_plan, tokens_of
from queueing.routing.route import opens_after
from queueing.routing.skills import CounselorProfile, profile_from_json
from queueing.scripts import connect
from queueing.waiting import waiting_from_json

PAGE = 200
BATCH = 32
LINE = """
local line = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2])
local rows = {}
for first = 1, #line, 1000 do
  local last = math.min(first + 999, #line)
  for _, asks in ipairs(redis.call('HMGET', KEYS[2], unpack(line, first, last))) do
    rows[#rows + 1] = asks
  end
end
return rows
"""
READY = """
local rows = {}
for _, counselor in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  rows[#rows + 1] = redis.call('HGET', KEYS[2], counselor)
end
return rows
"""


class NaiveDispatcher:
    """Dispatches for all gateways."""

    def __init__(self, url: str, *, offers: Offers, clock: Clock, paged: bool) -> None:
        self.seen = -1
        self._redis: Redis = connect(url)
        self._line = self._redis.register_script(LINE)
        self._ready = self._redis.register_script(READY)
        self._offers = offers
        self._clock = clock
        self._plan = default_plan()
        self._paged = paged

    async def run(self) -> None:
        """Look at every change that can make a pair."""
        last: Any = await self._redis.xrevrange(keys.CHANGES, count=1)
        since: str = last[0][0] if last else "0-0"
        await self.look()
        while True:
            found: Any = await self._redis.xread({keys.CHANGES: since}, count=1000, block=1000)
            changes = found[0][1] if found else []
            if changes:
                since = changes[-1][0]
            if any(c["op"] == "wait" or c.get("state") == "ready" for _, c in changes):
                await self.look()
            self.seen = int(since.partition("-")[2])

    async def look(self) -> None:
        """Claim whatever fits now."""
        profiles = await self._ready(keys=[keys.READY, keys.PROFILES])
        free = [profile_from_json(text) for text in profiles]
        start = 0
        while free:
            end = start + PAGE - 1 if self._paged else -1
            texts = await self._line(keys=[keys.WAITING, keys.CONTACTS], args=[start, end])
            pairs = self._pairs(texts, free)
            for first in range(0, len(pairs), BATCH):
                await self._offers.offer(pairs[first : first + BATCH], plan=self._plan.version)
            start += PAGE - len(pairs)
            if len(texts) < PAGE or not self._paged:
                return

    def _pairs(self, texts: list[str], free: list[CounselorProfile]) -> list[Pair]:
        """Take whoever gets a contact out of `free`, which is in order of idleness."""
        now = keys.milliseconds(self._clock.now())
        held = [(profile, tokens_of(profile, self._plan)) for profile in free]
        pairs = []
        for waiting in map(waiting_from_json, texts):
            if not held:
                break
            age = now - keys.milliseconds(waiting.arrived_at)
            route = self._plan.route_of(waiting)
            for step, opening in zip(route.steps, opens_after(route, lambda _: True), strict=True):
                wanted = step.tokens(waiting)
                if opening is None or opening > age or wanted is None:
                    continue
                fitting = next((one for one in held if wanted <= one[1]), None)
                if fitting is not None:
                    held.remove(fitting)
                    free.remove(fitting[0])
                    pairs.append(Pair(waiting.contact, fitting[0].id))
                    break
        return pairs
