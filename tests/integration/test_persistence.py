"""A Redis that cannot write to its disk goes on, says so, and writes again when there is room."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.exceptions import RedisError

from admin.processes.persistence import AGAIN_SECONDS, ROOM, Persistence
from hotline.clock import ManualClock, SystemClock
from hotline.events import AlarmKind
from hotline.journal.stream import connect
from tests.fakes import FakeAlarms
from tests.servers import RedisServer, wait_until


class Scene:
    """A Redis whose files cannot grow while `disk_is_full`, and its watch."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.connection = connect(server.url)
        self.alarms = FakeAlarms()
        self.clock = ManualClock(SystemClock().now())
        self.free = 0
        self.watch = Persistence(
            self.connection, folder=server.folder, alarms=self.alarms, clock=self.clock,
            free=lambda _folder: self.free,
        )  # fmt: skip

    def fill_the_disk(self) -> None:
        self.free = 0
        _, hard = resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (1, hard))
        wait_until(lambda: not self.takes_writes(), what="MISCONF")

    def make_room(self) -> None:
        _, hard = resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.free = 10 * ROOM

    def takes_writes(self) -> bool:
        try:
            return bool(self.connection.incr("written"))
        except RedisError:
            return False

    @property
    def is_alarmed(self) -> bool:
        return AlarmKind.QUEUE_IN_MEMORY in self.alarms.standing

    @property
    def keeps_a_file(self) -> bool:
        return bool(self.connection.info("persistence")["aof_enabled"])

    def look(self) -> bool:
        """Look once; return whether all is well."""
        self.watch.look()
        return not self.is_alarmed


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    server = RedisServer(tmp_path / "redis", fsync="everysec")
    server.start()
    scene = Scene(server)
    yield scene
    scene.connection.close()
    server.kill()


def test_full_disk_stops_nobody_and_alarms_until_all_is_written(scene: Scene) -> None:
    assert scene.look()
    scene.fill_the_disk()
    assert not scene.look()
    assert scene.takes_writes()
    scene.make_room()
    scene.clock.advance(AGAIN_SECONDS)
    wait_until(scene.look, what="the end of the alarm")
    assert scene.keeps_a_file
    written = scene.connection.get("written")
    scene.server.kill()
    scene.server.start()
    with redis.Redis.from_url(scene.server.url) as next_life:
        assert next_life.get("written") == written


def test_file_is_not_begun_again_before_there_is_room(scene: Scene) -> None:
    scene.fill_the_disk()
    scene.look()
    scene.clock.advance(AGAIN_SECONDS)
    scene.free = ROOM
    assert not scene.look()
    assert not scene.keeps_a_file


def test_disk_that_fills_up_again_is_noticed_again(scene: Scene) -> None:
    scene.fill_the_disk()
    scene.look()
    scene.make_room()
    scene.clock.advance(AGAIN_SECONDS)
    wait_until(scene.look, what="the end of the alarm")
    scene.fill_the_disk()
    assert not scene.look()
    assert scene.takes_writes()
