"""The clock of the running platform's machine is set by an hour, under callers who wait, who are
being offered and who talk: the calls go on, the line stays as it was, the next are served, nobody
is stuck, and the figures are of what really happened.

Every process of the platform reads the clock that is set, Redis and the edge included; the phones
are other machines' and keep the true time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hotline import events as e
from hotline.events import AlarmKind
from hotline.events import CounselorState as S
from hotline.sip.tone import seconds_with
from tests.faults.test_process_killed import LEASE, journalled_once
from tests.faults.test_queue_killed import Crowd, a_crowd
from tests.hotline_server import HotlineServer
from tests.machine_clock import MachineClock
from tests.sip.line import until
from tests.sip.parties import COUNSELOR_HERTZ

HOUR = 3600
EACH = 2
"""So many wait, so many phones ring, so many talk: one of each on either gateway."""
OBSERVED = LEASE + 5
"""Seconds: longer than any lease of a gateway or of the scribe."""
LONGEST = 300
"""Seconds: nothing that the tests do takes so long."""
pytestmark = pytest.mark.timeout(LONGEST)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> MachineClock:
    return MachineClock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path, clock: MachineClock
) -> Iterator[HotlineServer]:
    platform = HotlineServer(
        tmp_path_factory.mktemp("clock-set"),
        {"queueing.wrap_up": 2, "queueing.position_every": 3, "gateway.ring_timeout": 90},
        prompts=tonal_prompts,
        clock=clock,
    )
    platform.start()
    yield platform
    platform.stop()
    assert platform.tracebacks() == []


@pytest.mark.parametrize(("before", "after"), [(0, HOUR), (HOUR, 0)], ids=["forward", "back"])
async def test_clock_set_by_an_hour_costs_nobody_the_talk_the_ringing_or_the_place(
    server: HotlineServer, clock: MachineClock, tmp_path: Path, before: int, after: int
) -> None:
    assert clock.off == before
    async with a_crowd(server, tmp_path, EACH) as crowd:
        parties = crowd.parties
        pids = processes(server)
        line, serving = await queue_of(server)
        assert line == [caller.contact for caller in crowd.waiting]
        clock.set_off(after)
        await register_again(crowd)

        voices = [parties.heard_by_caller(caller.call) for caller in crowd.talking]
        heard = [seconds_with(voice, COUNSELOR_HERTZ) for voice in voices]
        for voice, seconds in zip(voices, heard, strict=True):
            await until(
                lambda: seconds_with(voice, COUNSELOR_HERTZ) > seconds + OBSERVED,  # noqa: B023
                seconds=2 * OBSERVED,
            )
        await still_ringing(crowd, line, serving)
        assert all(parties.endings(caller.contact) == [] for caller in crowd.callers)
        late = await crowd.call()
        assert (await queue_of(server))[0] == [*line, late.contact]

        for caller, following in zip(crowd.talking, crowd.waiting, strict=True):
            await crowd.hang_up(caller)
            await crowd.answered(following)
        for caller, following in zip(crowd.waiting, [late], strict=False):
            await crowd.hang_up(caller)
            await crowd.answered(following)
        for caller in [*crowd.ringing, crowd.waiting[1], late]:
            await crowd.hang_up(caller)
        await crowd.all_become(S.READY)
        assert processes(server) == pids
        everybody = [*crowd.callers, late]
        assert all(len(parties.endings(caller.contact)) == 1 for caller in everybody)
        assert lost(crowd) == []
        way = "forward" if after > before else "back"
        assert told(parties.events) == {f"the clock was set {way} by {HOUR} s"}
        in_order(parties.events)
    journalled_once(server)
    figures_are_true(server, calls=len(everybody))


async def register_again(crowd: Crowd) -> None:
    """A registration ends by the edge's clock: set forward, none is left. Phones come again before
    the five minutes are over that the edge gives them; here at once."""
    for counselor in crowd.busy + crowd.called:
        await counselor.phone.refresh()
        await counselor.phone.expect("registered", status=200)


# --- what the test looks at ------------------------------------------------------------


def processes(server: HotlineServer) -> dict[str, int | None]:
    """Which processes run: none may have been started again."""
    status = server.status()
    assert status is not None
    return {child.name: child.pid for child in status.children}


async def still_ringing(crowd: Crowd, line: list[str], serving: dict[str, S]) -> None:
    """Nobody lost the place or the counselor. Where the edge gave up a phone that rang, the caller
    was the first in line again, and is served by now: such phones answer the next call."""
    now = await queue_of(crowd.parties.server)
    rings = {caller.contact for caller in crowd.ringing}
    assert now[0] == line
    assert now[1].keys() == serving.keys()
    changed = {contact for contact, state in now[1].items() if state is not serving[contact]}
    assert changed <= rings
    assert {now[1][contact] for contact in changed} <= {S.TALKING}


async def queue_of(server: HotlineServer) -> tuple[list[str], dict[str, S]]:
    """Who waits, in order, and in what state whose counselor is who is served."""
    async with server.store() as store:
        line = [str(waiting.contact) for waiting, _ in (await store.snapshot()).waiting]
        counselors = await store.counselors()
    return line, {str(one.contact): one.state for one in counselors if one.contact}


def told(events: list[e.Event]) -> set[str]:
    """What the journal says of the clock."""
    alarms = [event for event in events if isinstance(event, e.AlarmRaised)]
    return {alarm.detail for alarm in alarms if alarm.kind is AlarmKind.CLOCK_SET}


def figures_are_true(server: HotlineServer, *, calls: int) -> None:
    """Each call is counted once, and nothing lasted an hour, or less than nothing."""
    rows = [row for row in server.stats("--by", "day") if row["node"] == "city"]
    again = [row for row in server.stats("--by", "day", "--recompute") if row["node"] == "city"]
    assert sum(row["calls"] for row in rows) % calls == 0
    for row in rows:
        assert (row["failed"], row["open"]) == (0, 0)
        for name in ("wait", "talk", "hold", "wrap_up"):
            assert 0 <= row[name] < row["calls"] * LONGEST, (name, row[name])
    assert [without_floats(row) for row in again] == [without_floats(row) for row in rows]


def without_floats(row: dict[str, Any]) -> dict[str, Any]:
    """What is counted, which must agree exactly."""
    return {name: value for name, value in row.items() if not isinstance(value, float | dict)}


def lost(crowd: Crowd) -> list[e.Event]:
    """What may not come of a clock that was set."""
    kinds = (e.ContactFailed, e.CounselorLost, e.ContactRevived, e.PlaceKept)
    return [event for event in crowd.parties.events if isinstance(event, kinds)]


def in_order(events: list[e.Event]) -> None:
    """Nothing that is told of a contact is dated before, or long after, what came before it."""
    by_contact: dict[str, list[e.Event]] = defaultdict(list)
    for event in events:
        if isinstance(event, e.ContactEvent):
            by_contact[event.subject].append(event)
    for told in by_contact.values():
        told.sort(key=lambda event: event.seq)
        for one, following in pairwise(told):
            assert 0 <= (following.at - one.at).total_seconds() < LONGEST, (one, following)
