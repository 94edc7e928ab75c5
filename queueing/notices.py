"""A counselor whose state somebody else has changed is told so: a short call to the phone.

The journal says who: one consumer group for all gateways, so that each change is read by one. What
is read is kept in Redis until the counselor was told, or is not in that state any more: a phone
that cannot be reached is called when it is back. Before it calls, a gateway claims the notice for
as long as a call may take; when it dies meanwhile, another one calls again.

Told is every change by an operator, and every one to not ready by the system, also the end of a
wrap-up where the site has set so: its owner may be at the record still, and would wait for calls
that do not come. The end of a wrap-up to ready is the one change by the system that is not told:
the next offer rings, and says so. What a counselor does by a feature code is confirmed in that
call.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from hotline.events import CounselorState
from hotline.ids import CounselorId
from hotline.ports import NoticeOutcome, Notifier
from queueing import keys
from queueing.cancellation import pause, still_wanted
from queueing.scripts import connect

log = logging.getLogger(__name__)

GROUP = "notices"
CONSUMER = "gateways"
"""One name for all: what a gateway that died had read and not kept is anybody's."""
BLOCK = 2.0
"""Seconds for which one look at the journal waits."""
EVERY = 1.0
"""Seconds between two looks at those who are to be told."""
CLAIM = 60.0
"""Seconds: longer than a call."""
AFTER_AWAY = 10.0
"""Seconds until a phone that could not be reached is tried again."""
AFTER_RANG = 300.0
"""Seconds until a phone that rang in vain rings again."""
MOST_RINGS = 3
OPERATOR = "operator:"
"""So begins, in the journal, the name of who gives a command."""
MOST_CALLS = 4
"""At a time, per gateway."""
AGAIN_AFTER = 0.5
"""Seconds until the next try when Redis is away."""

_BY_COMMAND = (CounselorState.READY, CounselorState.NOT_READY, CounselorState.OFFLINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One counselor to be told. `since` (ms) is when the state began: it names the change."""

    counselor: CounselorId
    since: int
    reason: str
    """Why, as `Notifier.notify` takes it."""
    state: str = CounselorState.NOT_READY
    rings: int = 0

    @property
    def field(self) -> str:
        return f"{self.counselor}:{self.since}"

    def to_json(self) -> str:
        return json.dumps({"reason": self.reason, "state": self.state, "rings": self.rings})

    @classmethod
    def read(cls, field: str, text: str) -> Due:
        counselor, _, since = field.partition(":")
        return cls(counselor=CounselorId(counselor), since=int(since), **json.loads(text))


class Phones(Protocol):
    """Knows whose phone can be reached."""

    async def reachable(self, counselors: list[CounselorId]) -> set[CounselorId]:
        """Return those of them who have a live phone; all, where that cannot be known."""
        ...


class Notices:
    """Reads, keeps and tells, until cancelled."""

    def __init__(
        self, url: str, *, notifier: Notifier, phones: Phones, block: float = BLOCK
    ) -> None:
        self._redis: Redis = connect(url, reply_within=BLOCK + 3)
        self._notifier = notifier
        self._phones = phones
        self._block_ms = max(1, int(block * 1000))
        self._calls: dict[str, asyncio.Task[None]] = {}

    @property
    def calling(self) -> bool:
        """Somebody is being called now."""
        return any(not call.done() for call in self._calls.values())

    async def run(self) -> None:
        """Go on until cancelled, also when Redis was away."""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._forever(self.collect, 0))
                both.create_task(self._forever(self.tell, EVERY))
        finally:
            for call in self._calls.values():
                call.cancel()

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _forever(self, step: Callable[[], Awaitable[None]], seconds: float) -> None:
        while still_wanted():
            try:
                await step()
            except (RedisError, OSError) as error:
                log.debug("notices: %s", error)
                await pause(AGAIN_AFTER)
            await pause(seconds)

    # --- reading -----------------------------------------------------------------

    async def collect(self) -> None:
        """Take what is new in the journal, first what was taken and not kept; wait for it."""
        try:
            for position in ("0", ">"):
                answer: Any = await self._redis.xreadgroup(
                    GROUP, CONSUMER, {keys.JOURNAL: position}, count=500, block=self._block_ms
                )
                for _, entries in _streams(answer):
                    await self._keep(entries)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            await self._begin()

    async def _begin(self) -> None:
        """Make the group: from now on, for what was before is news to nobody."""
        try:
            await self._redis.xgroup_create(keys.JOURNAL, GROUP, id="$", mkstream=True)
        except ResponseError as error:  # another gateway was faster
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def _keep(self, entries: list[tuple[str, Mapping[str, str]]]) -> None:
        if not entries:
            return
        found = [due for entry, wire in entries if wire and (due := _read(entry, wire))]
        async with self._redis.pipeline(transaction=True) as pipe:
            for due in found:
                pipe.hset(keys.TO_TELL, due.field, due.to_json())
            pipe.xack(keys.JOURNAL, GROUP, *(entry for entry, _ in entries))
            await pipe.execute()

    # --- telling -----------------------------------------------------------------

    async def tell(self) -> None:
        """Begin a call to each who is to be told, can be reached, and is called by nobody yet."""
        self._let_go()
        waiting = [
            Due.read(str(field), str(text))
            for field, text in (await self._redis.hgetall(keys.TO_TELL)).items()
            if field not in self._calls
        ]
        if not waiting:
            return
        current = await self._current(waiting)
        reachable = await self._phones.reachable([due.counselor for due in current])
        for due in current:
            if len(self._calls) >= MOST_CALLS:
                return
            if due.counselor in reachable and await self._claim(due):
                self._calls[due.field] = asyncio.create_task(self._call(due))

    def _let_go(self) -> None:
        """Forget the calls that are over; one that failed is begun again when its claim ends."""
        for field, call in list(self._calls.items()):
            if call.done():
                del self._calls[field]
                if not call.cancelled() and (fault := call.exception()):
                    log.error("notices: a call failed: %r", fault)

    async def _current(self, waiting: list[Due]) -> list[Due]:
        """Forget those whose state has changed since; return the others."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for due in waiting:
                pipe.hmget(keys.COUNSELOR + due.counselor, "state", "since")
            rows = await pipe.execute()
        current = []
        for due, row in zip(waiting, rows, strict=True):
            if row == [due.state, str(due.since)]:
                current.append(due)
            else:
                await self._redis.hdel(keys.TO_TELL, due.field)
        return current

    async def _claim(self, due: Due) -> bool:
        claim = keys.TELLING + due.field
        return bool(await self._redis.set(claim, "1", nx=True, px=int(CLAIM * 1000)))

    async def _call(self, due: Due) -> None:
        log.info("counselor %s: calling to say: %s, %s", due.counselor, due.state, due.reason)
        call = asyncio.ensure_future(self._notifier.notify(due.counselor, due.reason))
        try:
            while not (await asyncio.wait({call}, timeout=EVERY))[0]:
                if not await self._still(due):
                    return
            await self._settle(due, call.result())
        except (RedisError, OSError) as error:
            log.warning("notices: %s: counselor %s may be told twice", error, due.counselor)
        finally:
            call.cancel()

    async def _still(self, due: Due) -> bool:
        """Whether it is still true; while Redis is away, as before."""
        try:
            return bool(await self._current([due]))
        except (RedisError, OSError):
            return True

    async def _settle(self, due: Due, outcome: NoticeOutcome) -> None:
        """Told, or until when nobody is to try."""
        log.info("counselor %s: notice %s", due.counselor, outcome)
        again = AFTER_AWAY
        if outcome is NoticeOutcome.RANG and due.rings + 1 < MOST_RINGS:
            again = AFTER_RANG
            rung = replace(due, rings=due.rings + 1)
            await self._redis.hset(keys.TO_TELL, due.field, rung.to_json())
        elif outcome is not NoticeOutcome.AWAY:
            await self._redis.hdel(keys.TO_TELL, due.field)
        await self._redis.pexpire(keys.TELLING + due.field, int(again * 1000))


def _read(entry: str, wire: Mapping[str, str]) -> Due | None:
    """Return whom `entry` is to be told to; one that cannot be read must not stop the others."""
    try:
        return _surprise(wire)
    except (KeyError, ValueError) as error:
        log.error("journal entry %s cannot be read: %s", entry, type(error).__name__)
        return None


def _surprise(wire: Mapping[str, str]) -> Due | None:
    """Return who is to be told of this entry of the journal, if anybody."""
    if wire.get("type") != "CounselorStateChanged":
        return None
    change = json.loads(wire["data"])
    state, previous, by = change["state"], change["previous"], change["by"]
    if by.startswith(OPERATOR) and state in _BY_COMMAND and state != previous:
        reason = f"operator_{state}"  # an operator's own words stay in the journal
    elif (state, by) == (CounselorState.NOT_READY, "system") and previous != state:
        reason = change["reason"]
    else:
        return None
    return Due(
        counselor=CounselorId(wire["subject"]),
        since=keys.milliseconds(datetime.fromisoformat(wire["at"])),
        reason=reason,
        state=state,
    )


def _streams(answer: Any) -> list[tuple[str, list[tuple[str, Mapping[str, str]]]]]:
    """Return the streams of an answer, which has another shape in each version of the protocol."""
    if isinstance(answer, dict):
        return [
            (name, [tuple(e) for part in parts for e in part]) for name, parts in answer.items()
        ]
    return list(answer or ())
