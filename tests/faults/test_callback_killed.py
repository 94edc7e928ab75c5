"""Processes are killed while a callback is promised, and while it is dialled: nobody is called
twice, and no promise is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import CounselorState as S
from hotline.events import Reason
from tests.faults.test_process_killed import LEASE, all_active, is_up, journalled_once
from tests.hotline_server import HotlineServer
from tests.sip.home import at_home, callback_settings, promised
from tests.sip.line import until
from tests.sip.parties import gathered

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path
) -> Iterator[HotlineServer]:
    platform = HotlineServer(
        tmp_path_factory.mktemp("callback"),
        callback_settings(callback__attempts=2, callback__ring_seconds=60),
        prompts=tonal_prompts,
    )
    platform.start()
    yield platform
    platform.stop()


async def test_gateway_killed_while_it_dials_calls_nobody_twice(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(server, tmp_path) as parties,
        at_home(server, tmp_path, answer_after=None) as owner,
    ):
        contact = await promised(parties, parties.new_number())
        async with parties.counselor() as counselor:
            await owner.rings()
            async with server.store() as store:
                (one,) = await store.promised()
                owned = await store._redis.hget(f"hotline:contact:{contact}", "gateway")
            assert (one.contact, one.attempts, one.state) == (contact, 1, "talking")
            name = str(owned).partition(".")[0]
            pid = server.pid_of(name)
            server.kill(name)

            failed = await parties.watch.expect(contact, e.CallbackFailed, seconds=LEASE + 10)
            assert (failed.reason, failed.attempt) == (Reason.GATEWAY_LOST, 1)
            free = await parties.watch.expect(
                counselor.extension, e.CounselorStateChanged, state=S.READY
            )
            assert free.reason == "callback_failed"
            await until(lambda: is_up(server, name, after=pid), seconds=30)
            await until(lambda: all_active(server), seconds=20)
            assert owner.phone.seen("incoming") == 0  # the one that rang was taken from the list
            assert parties.endings(contact) == []
            attempts = [x for x in parties.of(contact) if isinstance(x, e.CallbackDialled)]
            assert len(attempts) == 1
            server.command("caller", "callback-cancel", contact[:8])
            withdrawn = await parties.watch.expect(contact, e.CallbackWithdrawn)
            assert withdrawn.by.startswith("operator:")
    journalled_once(server)


async def test_promise_outlives_redis_and_every_gateway(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties:
        contact = await promised(parties, parties.new_number())
    pids = {name: server.pid_of(name) for name in ("redis", "gateway-1", "gateway-2")}
    for name in pids:
        server.kill(name)
    for name, pid in pids.items():
        await until(lambda: is_up(server, name, after=pid), seconds=40)  # noqa: B023
    await until(lambda: all_active(server), seconds=30)
    (tmp_path / "again").mkdir()
    async with (
        gathered(server, tmp_path / "again") as parties,
        at_home(server, tmp_path) as owner,
        parties.counselor(),
    ):
        call = await owner.rings()
        await owner.phone.expect("answered", call=call)
        dialled = await parties.watch.expect(contact, e.CallbackDialled)
        assert dialled.attempt == 1
        await owner.phone.digits(call, "1")
        await parties.watch.expect(contact, e.CallbackReached)
        await owner.phone.hang_up(call)
        await parties.watch.expect(contact, e.CallerLeft)
    journalled_once(server)
