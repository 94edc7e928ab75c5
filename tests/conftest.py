"""Fixtures that several kinds of test share."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

from hotline.prompts.voice import generate_prompts
from tests.hotline_server import HotlineServer
from tests.servers import RedisServer
from tests.tonal import tonal_folder, tones_instead_of_words

# A busy machine takes its time over an example: that is no fault of what is tested.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an ``async def`` test on an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(scope="session")
def session_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(session_redis: RedisServer) -> str:
    """The URL of a real, empty Redis that other tests use too, one after the other."""
    with redis.Redis.from_url(session_redis.url) as connection:
        connection.flushall()
    return session_redis.url


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A real Redis of this test's own, which it may kill."""
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def spoken_prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every prompt, spoken once for all tests."""
    folder = tmp_path_factory.mktemp("prompts")
    generate_prompts(folder)
    return folder


@pytest.fixture(scope="session")
def hotline(
    tmp_path_factory: pytest.TempPathFactory, spoken_prompts: Path
) -> Iterator[HotlineServer]:
    """A running platform that tests share: each uses counselors and callers of its own, and
    leaves its counselors offline. RTP silence counts after 3 s, wrap-up takes 1 s."""
    server = HotlineServer(
        tmp_path_factory.mktemp("hotline"),
        {
            "edge.phone_ping": 3,
            "gateway.rtp_silence": 3,
            "gateway.ring_timeout": 6,
            "queueing.wrap_up": 1,
            "queueing.position_every": 4,
            "statistics.short_abandon": 1,
        },
        prompts=spoken_prompts,
    )
    server.start()
    yield server
    server.stop()
    assert server.tracebacks() == []


@pytest.fixture(scope="module")
def tonal_hotline(hotline: HotlineServer) -> Iterator[HotlineServer]:
    """The shared platform while each of its prompts says a tone of its own (`tests.tonal`)."""
    with tones_instead_of_words(hotline.settings.prompts_dir):
        yield hotline


@pytest.fixture(scope="session")
def tonal_prompts(tmp_path_factory: pytest.TempPathFactory, spoken_prompts: Path) -> Path:
    """The same prompts for a platform of a test's own."""
    return tonal_folder(tmp_path_factory.mktemp("tonal") / "prompts", spoken_prompts)
