"""Plans on a real Redis: one step, versioned, journalled, told to every gateway."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import redis

from hotline.clock import ManualClock
from hotline.errors import PlanError
from hotline.events import RoutingPlanChanged
from hotline.wire import decode
from queueing import keys
from queueing.planning import Plans, Published
from queueing.routing.plan import default_plan
from tests.plan_scene import NOON


def a_plan(comment: str = "") -> str:
    return (
        f"# {comment}，按区分配\nformat = 1\n[[routes]]\n"
        'name = "all"\n[[routes.steps]]\nname = "区/anybody"\nreach = "anywhere"\n'
    )


@pytest.fixture
def stored(redis_url: str) -> Iterator[redis.Redis]:
    """What Redis holds, looked at past our own code."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        yield connection


@asynccontextmanager
async def a_publisher(url: str) -> AsyncIterator[tuple[Plans, ManualClock]]:
    clock = ManualClock(NOON)
    plans = Plans.open(url, clock=clock)
    try:
        yield plans, clock
    finally:
        await plans.close()


def journal(stored: redis.Redis) -> list[RoutingPlanChanged]:
    events = [decode(fields) for _, fields in rows(stored, keys.JOURNAL)]
    return [event for event in events if isinstance(event, RoutingPlanChanged)]


def changes(stored: redis.Redis) -> list[dict[str, str]]:
    return [fields for _, fields in rows(stored, keys.CHANGES)]


def rows(stored: redis.Redis, stream: str) -> list[tuple[str, dict[str, str]]]:
    found: Any = stored.xrange(stream)
    return [(str(number), dict(fields)) for number, fields in found]


async def test_published_plan_is_in_force_told_and_journalled_in_one_step(
    redis_url: str, stored: redis.Redis
) -> None:
    text = a_plan()
    async with a_publisher(redis_url) as (plans, _):
        published = await plans.publish(text, origin="p.toml", by="li")
        in_force = await plans.in_force()
        current = await plans.current()
    assert published.is_new
    assert in_force is not None
    assert (in_force.plan, in_force.by, in_force.at) == (current, "li", NOON)
    assert (current.version, current.text) == (published.version, text)
    assert changes(stored) == [{"op": "plan", "version": published.version}]
    (event,) = journal(stored)
    assert (event.subject, event.seq, event.at) == ("plan", 1, NOON)
    assert (event.version, event.by, event.text) == (published.version, "li", text)


async def test_the_version_in_force_is_not_put_again(redis_url: str, stored: redis.Redis) -> None:
    async with a_publisher(redis_url) as (plans, clock):
        first = await plans.publish(a_plan(), origin="p.toml", by="li")
        clock.advance(60)
        again = await plans.publish(a_plan(), origin="p.toml", by="wang")
        in_force = await plans.in_force()
    assert again == Published(first.version, is_new=False)
    assert in_force is not None
    assert (in_force.by, in_force.at) == ("li", NOON)
    assert len(journal(stored)) == len(changes(stored)) == 1


async def test_an_earlier_plan_can_come_back_and_numbers_go_on(
    redis_url: str, stored: redis.Redis
) -> None:
    async with a_publisher(redis_url) as (plans, clock):
        for comment in ("one", "two", "one"):
            clock.advance(60)
            assert (await plans.publish(a_plan(comment), origin="p", by="li")).is_new
    events = journal(stored)
    assert [event.seq for event in events] == [1, 2, 3]
    assert events[0].version == events[2].version != events[1].version
    assert len({event.id for event in events}) == 3
    assert events[2].at == NOON + timedelta(minutes=3)


async def test_a_faulty_plan_leaves_the_one_in_force(redis_url: str, stored: redis.Redis) -> None:
    async with a_publisher(redis_url) as (plans, _):
        first = await plans.publish(a_plan(), origin="p.toml", by="li")
        with pytest.raises(PlanError, match=r"bad\.toml: format: must be 1, not 7"):
            await plans.publish(
                a_plan().replace("format = 1", "format = 7"), origin="bad.toml", by="li"
            )
        assert (await plans.current()).version == first.version
    assert len(journal(stored)) == 1


async def test_without_a_published_plan_the_shipped_one_routes(redis_url: str) -> None:
    async with a_publisher(redis_url) as (plans, _):
        assert await plans.in_force() is None
        assert await plans.current() == default_plan()


async def test_a_plan_that_cannot_be_read_routes_nobody_wrongly(
    redis_url: str, stored: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    stored.hset(
        keys.PLAN, mapping={"text": "format = 9", "version": "x", "by": "", "at": NOON.isoformat()}
    )
    async with a_publisher(redis_url) as (plans, _):
        with caplog.at_level(logging.ERROR):
            assert await plans.current() == default_plan()
        assert "must be 1, not 9" in caplog.text
        with pytest.raises(PlanError, match="the plan in force: format"):
            await plans.in_force()


async def test_only_first_never_replaces_a_plan(redis_url: str, stored: redis.Redis) -> None:
    async with a_publisher(redis_url) as (plans, _):
        first = await plans.publish(a_plan("one"), origin="p", by="system", only_first=True)
        other = await plans.publish(a_plan("two"), origin="p", by="system", only_first=True)
        assert (first.is_new, other.is_new) == (True, False)
        assert (await plans.current()).version == first.version
    assert len(journal(stored)) == 1


async def test_of_two_publishers_at_once_each_plan_is_journalled_once_and_the_last_holds(
    redis_url: str, stored: redis.Redis
) -> None:
    texts = [a_plan(str(n)) for n in range(10)]
    async with a_publisher(redis_url) as (one, _), a_publisher(redis_url) as (other, _):
        done = await asyncio.gather(
            *(
                plans.publish(text, origin="p", by=by)
                for text in texts
                for plans, by in ((one, "one"), (other, "other"))
            )
        )
        current = await one.current()
    events = journal(stored)
    assert sum(published.is_new for published in done) == len(events)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[-1].version == current.version
    assert [change["version"] for change in changes(stored)] == [e.version for e in events]
    assert all(a.version != b.version for a, b in pairwise(events))
    assert {event.text for event in events} == set(texts)


async def test_of_two_platforms_that_start_at_once_one_publishes(
    redis_url: str, stored: redis.Redis
) -> None:
    async with a_publisher(redis_url) as (one, _), a_publisher(redis_url) as (other, _):
        done = await asyncio.gather(
            one.publish(a_plan("one"), origin="p", by="system", only_first=True),
            other.publish(a_plan("two"), origin="p", by="system", only_first=True),
        )
    assert sorted(published.is_new for published in done) == [False, True]
    assert len(journal(stored)) == 1


class ForgetfulRedis:
    """Stands before Redis; hangs up once, in place of passing on that a script answered 1."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.forgot = 0

    @asynccontextmanager
    async def url(self) -> AsyncIterator[str]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            yield f"redis://127.0.0.1:{port}/0"

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        redis, to_redis = await asyncio.open_connection("127.0.0.1", self._port)
        asking = asyncio.create_task(self._pass_on(client, to_redis))
        while answer := await redis.read(65536):
            if answer == b":1\r\n" and not self.forgot:
                self.forgot += 1
                break
            to_client.write(answer)
        asking.cancel()
        to_redis.close()
        to_client.close()

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()


async def test_a_lost_answer_neither_doubles_the_event_nor_hides_the_news(
    redis_url: str, stored: redis.Redis
) -> None:
    forgetful = ForgetfulRedis(int(redis_url.rpartition(":")[2].partition("/")[0]))
    async with forgetful.url() as url, a_publisher(url) as (plans, _):
        published = await plans.publish(a_plan(), origin="p", by="li")
    assert forgetful.forgot == 1
    assert published.is_new
    assert len(journal(stored)) == len(changes(stored)) == 1
