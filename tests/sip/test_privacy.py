"""Nothing that the platform writes has a caller's number in the clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from hotline import events as e
from hotline.journal.stream import JOURNAL_STREAM
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import gathered

KEYS = "7364527"
"""Pressed by the caller in this order: in the menu, while waiting, and in conversation."""
ONE_KEY = re.compile(rb"(?i)(?:digit|dtmf|key|pressed)s?\W{0,4}[0-9*#](?![\w.])")
"""A key as a log or an event might name it."""
CALLERS_PREFIX = b"1370000"
"""What all numbers begin with that `Parties.new_number` makes."""


async def test_no_key_and_no_password_is_in_any_file_or_in_redis(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        call, contact = await parties.dial()
        await parties.hears_us(call)
        await parties.choose(call, f"#1{KEYS}0")
        await parties.watch.expect(contact, e.ContactQueued)
        await parties.choose(call, KEYS)
        await parties.trunk.hang_up(call)
        await until(lambda: parties.endings(contact))
        call, _, contact = await parties.talking(counselor)
        await parties.choose(call, KEYS)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
    settings = tonal_hotline.settings
    await until(lambda: contact.encode() in contents(settings.state / "hotline.sqlite"))
    assert settings.redis.password is not None
    places = {str(path): data for path, data in written(tonal_hotline)}
    places["the stream"] = stream(tonal_hotline)
    for ending in ("hotline.sqlite", "gateway-1.log", "status.json", "up.log", "the stream"):
        assert any(place.endswith(ending) for place in places)
    pressed = re.compile(rb"\W{0,6}".join(key.encode() for key in KEYS))
    assert [place for place, data in places.items() if pressed.search(data)] == []
    logs = {place: data for place, data in places.items() if place.endswith((".log", "stream"))}
    assert {
        place: ONE_KEY.findall(data) for place, data in logs.items() if ONE_KEY.search(data)
    } == {}
    password = settings.redis.password.encode()
    known = {str(settings.run_dir / "redis.conf")}  # by which Redis itself knows it; 0600
    assert {place for place, data in places.items() if password in data} == known
    assert (settings.run_dir / "redis.conf").stat().st_mode & 0o777 == 0o600
    assert [pid for pid, told in commands(tonal_hotline) if password in told] == []


@pytest.mark.parametrize(
    "line",
    [b"leg 1: digit 7", b"DTMF '3'", b"DigitPressed(leg=1, digit='6')", b"key pressed: 4"],
)
def test_the_search_would_find_a_key_that_is_logged_alone(line: bytes) -> None:
    assert ONE_KEY.search(line)


async def test_no_number_of_a_caller_is_in_any_file_or_in_redis(
    tonal_hotline: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(tonal_hotline, tmp_path) as parties, parties.counselor() as counselor:
        call, _, contact = await parties.talking(counselor)
        await parties.trunk.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
    database = tonal_hotline.settings.state / "hotline.sqlite"
    await until(lambda: contact.encode() in contents(database))
    places = {str(path): data for path, data in written(tonal_hotline)}
    for ending in ("hotline.sqlite", "gateway-1.log", "gateway-2.log", "edge.log", "up.log"):
        assert any(place.endswith(ending) for place in places)
    assert [place for place, data in places.items() if CALLERS_PREFIX in data] == []
    assert CALLERS_PREFIX not in stream(tonal_hotline)
    assert contact.encode() in stream(tonal_hotline)


def test_redis_lets_nobody_in_who_has_not_the_password(tonal_hotline: HotlineServer) -> None:
    with (
        redis.Redis(port=tonal_hotline.settings.redis.port) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_key_files_can_be_read_by_their_owner_alone(tonal_hotline: HotlineServer) -> None:
    folder = tonal_hotline.settings.secrets_dir
    assert folder.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.rglob("*")}
    assert "number.key" in modes
    assert set(modes.values()) == {0o600}
    assert tonal_hotline.settings.state.stat().st_mode & 0o777 == 0o700


def written(server: HotlineServer) -> Iterator[tuple[Path, bytes]]:
    """Every file of the platform: logs, databases with their journals, Redis' own, spools."""
    for path in (server.folder / "up.log", *server.settings.state.rglob("*")):
        if path.is_file() and "prompts" not in path.parts:
            with suppress(FileNotFoundError):  # a track that was sealed meanwhile
                yield path, path.read_bytes()


def commands(server: HotlineServer) -> Iterator[tuple[int, bytes]]:
    """The command line and the environment of every process of the platform."""
    status = server.status()
    assert status is not None
    for child in status.children:
        for name in ("cmdline", "environ"):
            assert child.pid is not None
            yield child.pid, Path(f"/proc/{child.pid}/{name}").read_bytes()


def contents(database: Path) -> bytes:
    return b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))


def stream(server: HotlineServer) -> bytes:
    with redis.Redis.from_url(server.settings.redis_url) as connection:
        return repr(connection.xrange(JOURNAL_STREAM)).encode()
