"""The plan in force: put there in one step with its journal event, and read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from hotline.clock import Clock
from queueing import keys
from queueing.routing.plan import Plan, plan_or_default, read_plan
from queueing.scripts import Scripts, connect, redis_errors


@dataclass(frozen=True, slots=True)
class Published:
    """What came of publishing. Not `is_new`: nothing was changed, there is no news of it."""

    version: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class PlanInForce:
    """The plan in force, by whom and when it was put there."""

    plan: Plan
    by: str
    at: datetime


class Plans:
    """Publishes plans and knows the one in force. Every method may raise QueueUnavailable."""

    def __init__(self, redis: Redis, *, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    @classmethod
    def open(cls, url: str, *, clock: Clock) -> Plans:
        """Return plans that connect to `url` when they are first used."""
        redis = connect(url)
        return cls(redis, scripts=Scripts(redis, clock=clock))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def publish(
        self, text: str, *, origin: str, by: str, only_first: bool = False
    ) -> Published:
        """Put the plan `text` in force for every gateway, and into the journal, in one step.

        Nothing happens when this very version is in force already or, with `only_first`, any.
        Raises PlanError naming `origin` and every fault; the plan in force stays then.
        """
        plan = read_plan(text, origin=origin)
        put = await self._scripts.run("put_plan", plan.version, text, by, int(only_first))
        return Published(plan.version, is_new=bool(put))

    async def in_force(self) -> PlanInForce | None:
        """Return the plan that was published last; None before the first one.

        Raises PlanError when this version of the program does not understand it.
        """
        with redis_errors():
            held: list[Any] = await self._redis.hmget(keys.PLAN, ["text", "by", "at"])
        text, by, at = held  # as text: so `connect` has it
        if text is None:
            return None
        plan = read_plan(text, origin="the plan in force")
        return PlanInForce(plan, by, datetime.fromisoformat(at))

    async def current_version(self) -> str | None:
        """Return the version of the published plan; None before the first one."""
        with redis_errors():
            version: Any = await self._redis.hget(keys.PLAN, "version")
        return None if version is None else str(version)

    async def current(self) -> Plan:
        """Return the plan by which contacts are routed now: the published one, else the shipped
        one, also in place of one that cannot be read (see `plan_or_default`)."""
        with redis_errors():
            text: Any = await self._redis.hget(keys.PLAN, "text")
        return plan_or_default(text)
