"""A gateway stalls for longer than its lease, with a call on it, and comes back: the other one has
given it up meanwhile. Redis and the journal say again within seconds what really goes on; it ends
no call for the time in which it heard nobody."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import CounselorState as S
from hotline.events import Reason, Result, Termination
from hotline.sip.tone import seconds_with
from tests.faults.test_process_killed import LEASE, LOST, ending_of, journalled_once
from tests.hotline_server import HotlineServer
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ, gathered

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path
) -> Iterator[HotlineServer]:
    platform = HotlineServer(
        tmp_path_factory.mktemp("silent"),
        {"queueing.wrap_up": 1, "queueing.position_every": 3, "gateway.rtp_silence": 5},
        prompts=tonal_prompts,
    )
    platform.start()
    yield platform
    platform.stop()


@contextmanager
def stalled(pid: int) -> Iterator[None]:
    """The process stands still, as a machine does whose host is busy with others."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_gateway_that_stalled_beyond_its_lease_has_its_talk_again_and_says_why(
    server: HotlineServer, tmp_path: Path
) -> None:
    async with gathered(server, tmp_path) as parties, parties.counselor() as counselor:
        call, _, contact = await parties.talking(counselor)
        [owner] = {x.gateway for x in parties.invites() if x.subject == contact}
        with stalled(server.pid_of(owner.partition(".")[0])):
            failed = await parties.watch.expect(contact, e.ContactFailed, seconds=LEASE + 10)
            assert failed.termination == LOST
            await parties.watch.expect(
                counselor.extension, e.CounselorStateChanged, reason="wrap_up_over"
            )
        revived = await parties.watch.expect(contact, e.ContactRevived)
        assert (revived.state, revived.counselor) == ("talking", counselor.extension)
        await parties.watch.expect(
            counselor.extension, e.CounselorStateChanged, reason="found_talking", by="system"
        )
        voice = parties.heard_by_caller(call)
        before = seconds_with(voice, COUNSELOR_HERTZ)
        await until(lambda: seconds_with(voice, COUNSELOR_HERTZ) > before + 0.5)
        other, waiting = await parties.queued()  # nobody is free for this one
        async with server.store() as store:
            presence = {one.profile.id: one for one in await store.counselors()}
            assert presence[counselor.extension].state is S.TALKING
            assert presence[counselor.extension].contact == contact
        await parties.trunk.hang_up(other)
        await parties.watch.expect(waiting, e.CallerLeft)
        assert e.ContactOffered not in {type(event) for event in parties.of(waiting)}
        await parties.trunk.hang_up(call)
        left = await parties.watch.expect(contact, e.CallerLeft)
        assert left.termination == Termination(Result.COMPLETED, Reason.CALLER_HUNG_UP)
        await until(lambda: ending_of(server, contact)[-1:] == ["CallerLeft"], seconds=20)
    journalled_once(server)
