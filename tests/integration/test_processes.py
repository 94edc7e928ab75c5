"""The platform's own specs, with the real Redis and the real Kamailio."""

# ruff: noqa: ASYNC110 - what is waited for has no event
from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from admin.initialize import write_config
from admin.processes.specs import probe, specs
from admin.supervision.heartbeat import Heartbeat, heartbeat_path
from admin.supervision.process import ProcessError
from admin.supervision.sockets import Endpoint
from admin.supervision.supervisor import Supervisor
from hotline.clock import SystemClock
from hotline.config import Settings
from hotline.configfile import load

CLOCK = SystemClock()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hotline.toml"
    write_config(path)
    return path


def supervise(settings: Settings, config: Path, *names: str) -> Supervisor:
    chosen = [
        replace(spec, needs=spec.needs & set(names))
        for spec in specs(settings, config, clock=CLOCK)
        if spec.name in names
    ]
    return Supervisor(chosen, run_dir=settings.run_dir, log_dir=settings.log_dir, clock=CLOCK)


async def test_redis_keeps_what_it_was_told_over_a_kill_and_a_stop(config: Path) -> None:
    settings = load(config)
    async with supervise(settings, config, "redis") as watched:
        await watched.wait_up(20)
        with redis.Redis.from_url(settings.redis_url) as connection:
            connection.set("waiting", "7f3a")
            assert connection.info()["aof_enabled"] == 1
            assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        [status] = watched.children
        assert status.pid is not None
        os.kill(status.pid, signal.SIGKILL)  # what it wrote is with the kernel by then
        async with asyncio.timeout(20):
            while not (watched.children[0].restarts == 1 and watched.children[0].state == "up"):
                await asyncio.sleep(0.02)
        with redis.Redis.from_url(settings.redis_url) as connection:
            assert connection.get("waiting") == b"7f3a"
    async with supervise(settings, config, "redis") as watched:
        await watched.wait_up(20)
        with redis.Redis.from_url(settings.redis_url) as connection:
            assert connection.get("waiting") == b"7f3a"


async def test_killed_edge_answers_again_and_leaves_no_orphan(config: Path) -> None:
    settings = load(config)
    async with supervise(settings, config, "edge") as watched:
        await watched.wait_up(20)
        [status] = watched.children
        assert status.pid is not None
        os.kill(status.pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            while not (watched.children[0].restarts == 1 and watched.children[0].state == "up"):
                await asyncio.sleep(0.02)
        assert await probe(settings, "edge", clock=CLOCK).serves()
    assert Endpoint("udp", settings.edge.address, settings.edge.port).obstacle() is None


def test_every_process_is_there_and_no_secret_is_in_a_command(config: Path) -> None:
    settings = load(config)
    every = specs(settings, config, clock=CLOCK)
    assert {spec.name for spec in every} == {
        "redis", "edge", "gateway-1", "gateway-2", "scribe", "worker",
    }  # fmt: skip
    secrets = [path.read_text().strip() for path in settings.secrets_dir.rglob("*.key")]
    assert secrets
    commands = [*(arg for spec in every for arg in spec.argv)]
    assert not [arg for arg in commands for secret in secrets if secret in arg]


def test_redis_elsewhere_is_not_started(config: Path) -> None:
    text = config.read_text().replace('#url = "redis://', 'url = "redis://')
    config.write_text(text)
    every = specs(load(config), config, clock=CLOCK)
    assert "redis" not in {spec.name for spec in every}
    assert all("redis" not in spec.needs for spec in every)


def test_unknown_process_is_told_with_those_there_are(config: Path) -> None:
    with pytest.raises(ProcessError, match="no process bell; there are redis, edge, gateway-1"):
        probe(load(config), "bell", clock=CLOCK)


async def test_scribe_serves_only_while_its_heart_beats(config: Path) -> None:
    settings = load(config)
    question = probe(settings, "scribe", clock=CLOCK)
    assert not await question.serves()
    Heartbeat(heartbeat_path(settings, "scribe")).beat()
    assert await question.serves()
    os.utime(heartbeat_path(settings, "scribe"), (0, 0))
    assert not await question.serves()
