"""Nothing that the platform writes has a caller's number in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import redis

from hotline import events as e
from hotline.journal.stream import JOURNAL_STREAM
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import gathered

CALLERS_PREFIX = b"1370000"
"""What all numbers begin with that `Parties.new_number` makes."""


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
            yield path, path.read_bytes()


def contents(database: Path) -> bytes:
    return b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))


def stream(server: HotlineServer) -> bytes:
    with redis.Redis.from_url(server.settings.redis_url) as connection:
        return repr(connection.xrange(JOURNAL_STREAM)).encode()
