"""Redis: who waits now. It must keep what it is told, and must never throw a waiting caller out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis

from admin.doctor.finding import Finding, Phrase, apt, broken, fine, short
from admin.doctor.programs import output_of
from admin.supervision.status import read_status
from hotline.config import Settings

SUBJECT = "redis"
OLDEST = (7, 0)


def examine_redis(settings: Settings) -> Iterator[Finding]:
    embedded = settings.redis.url is None
    if embedded and output_of(("redis-server", "--version")) is None:
        yield broken(
            SUBJECT,
            Phrase("没有安装 redis-server", "redis-server is not installed"),
            apt("redis-server"),
        )
        return
    if embedded and read_status(settings.run_dir) is None:
        version = output_of(("redis-server", "--version")) or ""
        text = version.partition(" sha=")[0]
        yield fine(SUBJECT, f"{text}，没有运行", f"{text}, not running")
        return
    try:
        with redis.Redis.from_url(
            settings.redis_url, socket_timeout=3, socket_connect_timeout=3
        ) as connection:
            facts: dict[str, Any] = dict(connection.info())
    except (redis.RedisError, OSError, ValueError, TypeError) as error:  # also of the URL itself
        yield broken(
            SUBJECT,
            # Only the kind of the fault: its text may hold the URL and with it a password.
            Phrase(f"连接不上：{type(error).__name__}", f"out of reach: {type(error).__name__}"),
            Phrase(
                f"查看 {settings.log_dir / 'redis.log'}，或检查 redis.url",
                f"look into {settings.log_dir / 'redis.log'}, or check redis.url",
            ),
        )
        return
    yield from _qualities(facts)


def _qualities(facts: dict[str, Any]) -> Iterator[Finding]:
    version = str(facts["redis_version"])
    yield fine(SUBJECT, f"Redis {version} 有应答", f"Redis {version} answers")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        yield short(
            SUBJECT,
            Phrase(f"版本 {version} 太旧", f"version {version} is old"),
            Phrase("升级到 7.0 以上", "upgrade to 7.0 or later"),
        )
    if not facts.get("aof_enabled"):
        yield broken(
            SUBJECT,
            Phrase(
                "没有开启 appendonly，重启会丢失排队",
                "appendonly is off: a restart loses the queue",
            ),
            Phrase("设置 appendonly yes", "set appendonly yes"),
        )
    if facts.get("maxmemory_policy", "noeviction") != "noeviction":
        yield broken(
            SUBJECT,
            Phrase("内存满时会丢弃排队者", "it throws waiting callers out when memory is full"),
            Phrase("设置 maxmemory-policy noeviction", "set maxmemory-policy noeviction"),
        )
