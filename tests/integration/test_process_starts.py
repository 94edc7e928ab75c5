"""A process that cannot start says why in one sentence and ends with status 1."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from admin import bootstrap, schema
from admin.files import private_folder
from admin.initialize import write_config
from hotline.config import Settings
from hotline.configfile import load
from hotline.journal.backlog import backlog
from hotline.journal.stream import JOURNAL_STREAM, connect
from tests.servers import RedisServer, wait_until


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hotline.toml"
    write_config(path)
    private_folder(load(path).state)
    return path


def with_section(config: Path, section: str, line: str) -> None:
    text = config.read_text("utf-8")
    config.write_text(text.replace(f"[{section}]", f"[{section}]\n{line} #", 1), "utf-8")


def run(config: Path, name: str) -> list[str]:
    """Run a process that must end by itself with status 1; return its lines that are no log."""
    done = subprocess.run(
        [sys.executable, "-m", "admin", "run", name, "--config", str(config)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    return [line for line in said.splitlines() if " INFO " not in line and " WARN" not in line]


def opened_key(settings: Settings) -> str:
    bootstrap.sealer(settings)
    (settings.secrets_dir / "number.key").chmod(0o644)
    return "it must be 0600"


def taken_port(settings: Settings) -> str:
    holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    holder.bind((settings.gateway.sip_address, settings.gateway.first_port))
    taken.append(holder)
    return str(settings.gateway.first_port)


taken: list[socket.socket] = []


@pytest.mark.parametrize("wrong", [opened_key, taken_port])
def test_gateway_that_cannot_start_says_why_and_ends(
    config: Path, wrong: Callable[[Settings], str]
) -> None:
    because = wrong(load(config))
    try:
        [sentence] = run(config, "gateway-1")
    finally:
        while taken:
            taken.pop().close()
    assert because in sentence


def test_edge_that_cannot_write_its_configuration_says_why_and_ends(config: Path) -> None:
    (load(config).run_dir).write_text("a file where a folder should be")
    [sentence] = run(config, "edge")
    assert sentence.startswith("edge cannot go on: ")


def test_worker_without_redis_says_why_and_ends(config: Path) -> None:
    [sentence] = run(config, "worker")
    assert sentence.startswith("worker cannot go on: redis: ")


def test_scribe_whose_folder_cannot_be_made_says_why_and_ends(config: Path) -> None:
    (load(config).run_dir).write_text("a file where a folder should be")
    [sentence] = run(config, "scribe")
    assert sentence.startswith("scribe cannot go on: ")


def test_scribe_with_another_versions_schema_says_what_to_run(
    config: Path, own_redis: RedisServer
) -> None:
    with_section(config, "redis", f'url = "{own_redis.url}"')
    [sentence] = run(config, "scribe")
    assert "run `hotline migrate`" in sentence


def test_platform_whose_database_is_away_says_why_and_ends(config: Path) -> None:
    with_section(config, "database", f'url = "sqlite:///{config}/no/folder.sqlite"')
    done = subprocess.run(
        [sys.executable, "-m", "admin", "up", "--config", str(config)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    [sentence] = [line for line in done.stderr.splitlines() if " INFO " not in line]
    assert sentence.startswith("up cannot go on: the database: ")


def test_scribe_waits_for_a_database_that_is_away_and_alarms(
    config: Path, own_redis: RedisServer
) -> None:
    """The events are safe in Redis meanwhile; then they are journalled."""
    away = config.parent / "away" / "hotline.sqlite"
    with_section(config, "redis", f'url = "{own_redis.url}"')
    with_section(config, "database", f'url = "sqlite:///{away}"')
    settings = load(config)
    scribe = subprocess.Popen(
        [sys.executable, "-m", "admin", "run", "scribe", "--config", str(config)],
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(own_redis.url) as stream:
            wait_until(lambda: kinds(stream) == ["database_away"], seconds=30, what="the alarm")
            away.parent.mkdir()
            schema.upgrade(bootstrap.database(settings))
            wait_until(lambda: has_cleared(stream), seconds=30, what="the end of the alarm")
            wait_until(lambda: backlog(stream) == [], what="the journal")
    finally:
        os.kill(scribe.pid, signal.SIGTERM)
        assert scribe.wait(timeout=20) == 0


def kinds(stream: redis.Redis) -> list[str]:
    return [str(entry.wire["data"]).split('"')[3] for entry in backlog(stream)
            if entry.wire["type"] == "AlarmRaised"]  # fmt: skip


def has_cleared(stream: redis.Redis) -> bool:
    entries = stream.xrange(JOURNAL_STREAM)
    return any(wire is not None and wire[b"type"] == b"AlarmCleared" for _, wire in entries)
