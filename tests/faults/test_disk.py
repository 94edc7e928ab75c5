"""The disk is full: calls go on and callers are connected, recording stops, alarms are raised."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis.exceptions import RedisError
from sqlalchemy import select

from admin import bootstrap
from hotline import events as e
from hotline.database import snapshot
from hotline.events import AlarmKind
from hotline.ids import ContactId
from hotline.journal.stream import JOURNAL_STREAM, connect
from hotline.journal.tables import JournalRow
from hotline.sip.tone import seconds_with
from recordings.tables import RecordingState
from tests.edge_server import PHONE_HOST, EdgeServer
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, Counselor, Parties, gathered
from tests.sip.test_recording import recordings_of
from tests.sip.wire import Peer


@pytest.mark.timeout(240)  # twice the set-up where it has to go into a namespace
async def test_full_disk_costs_the_recording_and_not_the_call(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if may_mount():
        await full_disk(tmp_path, request.getfixturevalue("tonal_prompts"))
    else:
        await asyncio.to_thread(as_root_of_a_namespace, request.node.nodeid)


async def full_disk(tmp_path: Path, tonal_prompts: Path) -> None:
    server = HotlineServer(
        tmp_path / "hotline",
        {"recording.reserve_mb": 1, "queueing.wrap_up": 1, "gateway.processes": 1},
        prompts=tonal_prompts,
    )
    recordings = server.settings.recordings_dir
    with small_disk(recordings, megabytes=4):
        server.start()
        try:
            async with gathered(server, tmp_path) as parties, parties.counselor() as counselor:
                call, _, cut_off = await parties.talking(counselor)
                await parties.watch.expect(cut_off, e.RecordingStarted)
                await goes_on(parties, call, 1.0)
                filler = fill(recordings)
                await parties.watch.expect(cut_off, e.RecordingFailed)
                alarm = await alarm_raised(parties)
                await goes_on(parties, call, 1.0)
                await parties.trunk.hang_up(call)
                await parties.watch.expect(cut_off, e.CallerLeft)

                call, _, unrecorded = await parties.talking(counselor)
                await parties.watch.expect(unrecorded, e.RecordingFailed, recording=None)
                await goes_on(parties, call, 0.5)
                filler.unlink()
                await until(lambda: cleared(parties, alarm))
                await parties.trunk.hang_up(call)
                await parties.watch.expect(unrecorded, e.CallerLeft)
                await until(lambda: sealed_seconds(server, cut_off) > 0.8, seconds=90)
                assert recordings_of(server, unrecorded) == []
        finally:
            server.stop()


@pytest.mark.timeout(300)  # twice the set-up where it has to go into a namespace
async def test_disk_without_a_byte_left_queues_and_connects_the_next_caller(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if may_mount():
        await whole_disk_full(tmp_path, request.getfixturevalue("tonal_prompts"))
    else:
        await asyncio.to_thread(as_root_of_a_namespace, request.node.nodeid)


def test_registered_phone_can_still_be_called_on_a_full_disk(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Its refresh is refused (500), for it cannot be written through, and yet prolongs it."""
    if not may_mount():
        as_root_of_a_namespace(request.node.nodeid)
        return
    server = EdgeServer(tmp_path / "e")
    with small_disk(server.settings.state, megabytes=8):
        server.credentials.put("1001", "pw-1001", "counselor")
        server.start()
        peer = Peer(PHONE_HOST, edge=server.address)
        try:
            assert peer.register("1001", "pw-1001", expires=60).status == 200
            fill(server.settings.state)
            refused = peer.register("1001", "pw-1001", expires=300)
            assert refused.status == 500
            assert "expires=300" in refused.get("Contact")
            assert len(server.control.phones("1001")) == 1
        finally:
            peer.close()
            server.kill()


async def whole_disk_full(tmp_path: Path, tonal_prompts: Path) -> None:
    """Queue, database, spool, logs, registrations: all on the disk that fills up in a call."""
    server = HotlineServer(tmp_path / "hotline", {"recording.reserve_mb": 1, "queueing.wrap_up": 1})
    with small_disk(server.settings.state, megabytes=128):
        server.settings.prompts_dir.symlink_to(tonal_prompts)
        server.start()
        try:
            async with gathered(server, tmp_path) as parties, parties.counselor() as first:
                call, _, begun_before = await parties.talking(first)
                async with parties.counselor() as second:
                    filler = fill(server.settings.state)
                    await until(lambda: "queue_in_memory" in server.command("status"), seconds=60)
                    later = await answered_on_a_full_disk(parties, second, call)
                    assert "queue_in_memory" in server.command("status")
                    filler.unlink()
                    await until(
                        lambda: "queue_in_memory" not in server.command("status"), seconds=60
                    )
                    await until(lambda: in_journal(server) >= {e.id for e in parties.events})
                    await until(lambda: figures_agree(server, {begun_before, later}), seconds=60)
                    await kept_over_a_kill(server)
        finally:
            server.stop()


async def answered_on_a_full_disk(parties: Parties, second: Counselor, call: int) -> ContactId:
    """The call goes on, and the next caller is answered; both hang up."""
    await goes_on(parties, call, 0.5)
    assert left_after_more(parties.server.settings.state) == 0
    other, _, later = await parties.talking(second)
    await goes_on(parties, other, 0.5)
    for ended in (call, other):
        await parties.trunk.hang_up(ended)
    await parties.watch.expect(later, e.CallerLeft)
    return later


def in_journal(server: HotlineServer) -> set[str]:
    engine = bootstrap.database(server.settings)
    with snapshot(engine) as session:
        return set(session.scalars(select(JournalRow.id)))


def figures_agree(server: HotlineServer, contacts: set[ContactId]) -> bool:
    """Whether these were answered and nobody else, and computing it again changes nothing."""
    before = server.stats()
    answered = sum(row["answered"] for row in before if row["node"] == "city")
    return answered == len(contacts) and server.stats("--recompute") == before


async def kept_over_a_kill(server: HotlineServer) -> None:
    """Redis writes to the disk again: its next life knows what happened without it."""
    with connect(server.settings.redis_url) as redis:
        length = redis.xlen(JOURNAL_STREAM)
    server.kill("redis")
    await until(lambda: length_of_journal(server) >= length)


def length_of_journal(server: HotlineServer) -> int:
    with connect(server.settings.redis_url) as redis, suppress(RedisError):
        return int(redis.xlen(JOURNAL_STREAM))
    return 0


async def goes_on(parties: Parties, call: int, seconds: float) -> None:
    """The caller hears the counselor for so long from now on."""
    heard = parties.heard_by_caller(call)
    before = seconds_with(heard, COUNSELOR_HERTZ) if heard.exists() else 0.0
    await until(lambda: heard.exists() and seconds_with(heard, COUNSELOR_HERTZ) > before + seconds)


def cleared(parties: Parties, alarm: e.AlarmRaised) -> bool:
    return any(
        isinstance(x, e.AlarmCleared) and x.kind is alarm.kind for x in parties.of(alarm.subject)
    )


async def alarm_raised(parties: Parties) -> e.AlarmRaised:
    def alarms() -> list[e.AlarmRaised]:
        raised = [x for x in parties.events if isinstance(x, e.AlarmRaised)]
        return [x for x in raised if x.kind is AlarmKind.DISK_FULL]

    await until(alarms)
    return alarms()[0]


def sealed_seconds(server: HotlineServer, contact: ContactId) -> float:
    """Seconds of the caller's side that are sealed and on the disk."""
    [row] = recordings_of(server, contact)
    if row.state != RecordingState.SEALED:
        return 0.0
    assert row.fault is not None
    assert (server.settings.recordings_dir / str(row.sealed_file)).is_file()
    return float(row.caller_seconds or 0)


def may_mount() -> bool:
    """Whether this user can mount: as root, or by sudo without a password."""
    if os.geteuid() == 0:
        return True
    sudo = ["sudo", "-n", "mount", "--version"]
    return shutil.which("sudo") is not None and subprocess.run(sudo, check=False).returncode == 0


def as_root_of_a_namespace(test: str) -> None:
    """Run `test` where we are root and mounts are our own; where that is not allowed either, it
    is passed over, but in CI it fails: nothing else shows what a full disk does."""
    within = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*within, "true"], capture_output=True, check=False).returncode != 0:
        give_up = pytest.fail if os.environ.get("HOTLINE_CI") else pytest.skip
        give_up("a small disk needs root, sudo without a password, or user namespaces")
    with tempfile.TemporaryDirectory(prefix="hd-") as folder:  # short: sockets are in it
        inner = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        inner += [f"--basetemp={folder}/t", test]
        done = subprocess.run([*within, *inner], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[None]:
    """Let `folder` be a disk of its own, of so many megabytes."""
    folder.mkdir(mode=0o700, parents=True)
    folder.parent.chmod(0o700)
    by = [] if os.geteuid() == 0 else ["sudo", "-n"]
    options = f"size={megabytes}m,mode=0700,uid={os.geteuid()},gid={os.getegid()}"
    mount = [*by, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield
    finally:
        # Lazily: this very process may still have a connection to a database there.
        subprocess.run([*by, "umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte; return the file that takes them."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            pass
    return filler


def left_after_more(folder: Path) -> int:
    """Take what became free since, as whatever filled the disk would; return what is left."""
    fill(folder)
    return shutil.disk_usage(folder).free
