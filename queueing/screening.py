"""What is known of callers and lines: blocks, care plans, notices.

A caller is known by the digest of the number alone. Every change is journalled in the step that
makes it, with who made it; a block that has expired is taken away by whoever meets it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from redis.asyncio import Redis

from hotline import events as e
from hotline.clock import Clock
from hotline.ids import ContactId, new_event_id
from hotline.ports import Known
from hotline.wire import encode
from queueing import blocks, care, keys
from queueing.blocks import Block, review_date
from queueing.care import CarePlan
from queueing.scripts import Scripts, redis_errors

TALKED_KEPT = timedelta(days=2)
ANYTHING = "*"
SYSTEM = "system"


class Screening:
    """Implements `hotline.ports.Screening`. Every method may raise QueueUnavailable."""

    def __init__(self, redis: Redis, *, scripts: Scripts, clock: Clock) -> None:
        self._redis = redis
        self._scripts = scripts
        self._clock = clock

    async def known_of(self, caller_digest: str, *, line: str, at: datetime) -> Known:
        """See `hotline.ports.Screening.known_of`; one round trip, unless a block has expired."""
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as asked:
                asked.hget(keys.NOTICES, line)
                asked.hget(keys.BLOCKED, caller_digest)
                asked.hget(keys.CARE, caller_digest)
                asked.hvals(_talked_key(caller_digest, at))
                notice, block, plan, talked = await asked.execute()
        known = Known(notice=notice or "")
        if not caller_digest:  # all who withhold their number have this one: nobody's
            return known
        if plan is not None:
            known = _by_plan(care.from_text(plan), known, sum(map(float, talked)), at)
        return replace(known, blocked=block is not None and await self._holds(block))

    async def talked(
        self, caller_digest: str, contact: ContactId, *, seconds: float, at: datetime
    ) -> None:
        """See `hotline.ports.Screening.talked`. The day is that of the end."""
        key = _talked_key(caller_digest, at)
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as told:
                told.hset(key, contact, str(seconds))
                told.expire(key, TALKED_KEPT)
                await told.execute()

    # --- blocks ------------------------------------------------------------------

    async def block(
        self,
        caller_digest: str,
        *,
        reason: str,
        by: str,
        until: datetime,
        review: datetime | None = None,
    ) -> Block:
        """Block the caller until `until`; a later block replaces this one.

        `review`: when somebody must look at it again; after half of the time unless given.
        """
        now = self._clock.now()
        block = Block(
            caller=caller_digest,
            reason=reason,
            by=by,
            at=now,
            until=until,
            review=review or review_date(now, until),
        )
        event = _event(e.CallerBlocked, now, block.caller, by, reason=reason, until=until,
                       review=block.review)  # fmt: skip
        await self._put(keys.BLOCKED, caller_digest, blocks.to_text(block), event)
        return block

    async def confirm_block(
        self, caller_digest: str, *, by: str, reason: str, until: datetime
    ) -> bool:
        """Somebody looked at the block again: it goes on until `until`, under review as a new one.

        False: there is no such block any more.
        """
        held = await self._held_block(caller_digest)
        if held is None:
            return False
        now = self._clock.now()
        review = review_date(now, until)
        block = replace(held, until=until, review=review, confirmed_by=by, confirmed_at=now)
        event = _event(e.BlockConfirmed, now, caller_digest, by, reason=reason, until=until,
                       review=review)  # fmt: skip
        return await self._put(
            keys.BLOCKED, caller_digest, blocks.to_text(block), event, blocks.to_text(held)
        )

    async def unblock(self, caller_digest: str, *, by: str, reason: str) -> bool:
        """Let the caller through again. False: there was no block."""
        event = _event(e.CallerUnblocked, self._clock.now(), caller_digest, by, reason=reason)
        return await self._put(keys.BLOCKED, caller_digest, "", event)

    async def blocks(self) -> list[Block]:
        """Return the blocks that hold, the first to end first; take away those that do not."""
        with redis_errors():
            texts = [str(text) for text in await self._redis.hvals(keys.BLOCKED)]
        holding = [blocks.from_text(text) for text in texts if await self._holds(text)]
        return sorted(holding, key=lambda block: block.until)

    async def _held_block(self, caller_digest: str) -> Block | None:
        with redis_errors():
            held = await self._redis.hget(keys.BLOCKED, caller_digest)
        if held is None or not await self._holds(str(held)):
            return None
        return blocks.from_text(str(held))

    async def _holds(self, text: str) -> bool:
        block, now = blocks.from_text(text), self._clock.now()
        if block.holds(now):
            return True
        event = _event(e.CallerUnblocked, now, block.caller, SYSTEM, reason="expired")
        await self._put(keys.BLOCKED, block.caller, "", event, text)
        return False

    # --- care plans --------------------------------------------------------------

    async def put_care(self, caller_digest: str, plan: CarePlan | None, *, by: str) -> None:
        """Serve the caller by `plan` from now on; None: like anybody else."""
        text = "" if plan is None else care.to_text(plan)
        event = _event(e.CarePlanChanged, self._clock.now(), caller_digest, by, plan=text)
        await self._put(keys.CARE, caller_digest, text, event)

    async def care_plans(self) -> dict[str, CarePlan]:
        """Return every care plan, by the caller's digest."""
        with redis_errors():
            texts = await self._redis.hgetall(keys.CARE)
        return {str(digest): care.from_text(str(text)) for digest, text in texts.items()}

    # --- notices -----------------------------------------------------------------

    async def put_notice(self, line: str, prompt: str, *, by: str) -> None:
        """Let callers of `line` hear `prompt` before the menu; empty: nothing."""
        event = e.LineNoticeChanged(
            id=new_event_id(),
            subject=f"line:{line}",
            seq=0,
            at=self._clock.now(),
            prompt=prompt,
            by=by,
        )
        await self._put(keys.NOTICES, line, prompt, event)

    async def notices(self) -> dict[str, str]:
        """Return the prompt of each line that has a notice now."""
        with redis_errors():
            notices = await self._redis.hgetall(keys.NOTICES)
        return {str(line): str(prompt) for line, prompt in notices.items()}

    async def _put(
        self, key: str, field: str, value: str, event: e.Event, expected: str = ANYTHING
    ) -> bool:
        """Set one field (empty: take it away) and journal `event`; its number is the script's."""
        wire = encode(event)
        return bool(
            await self._scripts.run(
                "put_record", key, field, expected, value, wire["type"], wire["subject"],
                wire["data"],
            )
        )  # fmt: skip


def _talked_key(caller_digest: str, at: datetime) -> str:
    return f"{keys.TALKED}{caller_digest}:{at:%Y-%m-%d}"


def _by_plan(plan: CarePlan, known: Known, talked: float, at: datetime) -> Known:
    return replace(
        known,
        message=plan.turned_away(at, talked=talked),
        asked_for=plan.asked_for,
        high_risk=plan.high_risk,
        seconds=plan.seconds(talked=talked),
    )


def _event(
    kind: type[e.CallerEvent], at: datetime, caller: str, by: str, **facts: object
) -> e.CallerEvent:
    """Return an event about a caller; id and number are given to it by the script."""
    return kind(
        id=new_event_id(),
        subject=e.caller_subject(caller),
        seq=0,
        at=at,
        caller=caller,
        by=by,
        **facts,
    )
