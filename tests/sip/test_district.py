"""Two numbers, two districts, one pool: callers of a district go to its counselors first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hotline import events as e
from hotline.events import CounselorState
from hotline.ids import ContactId
from tests.hotline_server import HotlineServer
from tests.sip.parties import Counselor, Parties, gathered

NATIONAL, LOCAL = "12356", "96525"
EAST, WEST = "city/east", "city/west"
WESTERN = "1380571"
"""How the numbers of the west begin."""

MORE = f"""
[[lines]]
number = "{LOCAL}"
node = "{EAST}"

[[areas]]
prefix = "{WESTERN}"
node = "{WEST}"

[[areas]]
prefix = "138"
node = "{EAST}"
"""

FLOW = f"""
start = "district"

[nodes.district]
prompts = ["topics"]
timeout = 20
next = "topic"

[nodes.district.keys]
1 = {{ next = "topic", node = "{EAST}" }}
2 = {{ next = "topic", node = "{WEST}" }}
3 = {{ next = "topic" }}

[nodes.topic]
prompts = ["topic_other"]
timeout = 20

[nodes.topic.keys]
1 = {{ topic = "emotion", skills = ["emotion:2"] }}
"""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, tonal_prompts: Path) -> Iterator[HotlineServer]:
    """A platform with two numbers whose callers say which district they are of, if they like."""
    server = HotlineServer(
        tmp_path_factory.mktemp("districts"),
        {"gateway.processes": 2, "queueing.wrap_up": 1},
        prompts=tonal_prompts,
        more=MORE,
    )
    folder = server.settings.flows_dir
    folder.mkdir(mode=0o700, parents=True)
    (folder / "main.toml").write_text(FLOW)  # in place of the shipped one, for both numbers
    server.start()
    yield server
    server.stop()
    assert server.tracebacks() == []


@asynccontextmanager
async def own(parties: Parties, node: str) -> AsyncIterator[Counselor]:
    """The counselor of a district, ready; one of the other has been ready for longer."""
    other = WEST if node == EAST else EAST
    async with parties.counselor(node=other), parties.counselor(node=node) as counselor:
        yield counselor


async def arrive(
    parties: Parties, keys: str, *, number: str, dialled: str
) -> tuple[int, ContactId]:
    """Call, and press the key for the district, then the one for the topic."""
    call, contact = await parties.dial(number, dialled=dialled)
    await parties.hears_us(call)
    await parties.choose(call, keys)
    await parties.watch.expect(contact, e.ContactQueued, seconds=40)
    return call, contact


async def hang_up(parties: Parties, call: int, contact: ContactId) -> None:
    await parties.trunk.hang_up(call)
    await parties.watch.expect(contact, e.CallerLeft)


@pytest.mark.parametrize(
    ("keys", "number", "dialled", "node"),
    [
        pytest.param("31", f"{WESTERN}0001", NATIONAL, WEST, id="area-of-the-number"),
        pytest.param("31", f"{WESTERN}0002", LOCAL, WEST, id="area-before-the-line"),
        pytest.param("21", "13800000003", NATIONAL, WEST, id="menu-before-the-area"),
        pytest.param("21", "13900000004", LOCAL, WEST, id="menu-before-the-line"),
        pytest.param("11", f"{WESTERN}0005", NATIONAL, EAST, id="menu-before-both"),
        pytest.param("31", "13900000006", LOCAL, EAST, id="line"),
    ],
)
async def test_caller_of_a_district_goes_to_its_counselor_though_another_waits_longer_for_a_call(
    city: HotlineServer, tmp_path: Path, keys: str, number: str, dialled: str, node: str
) -> None:
    async with gathered(city, tmp_path) as parties, own(parties, node) as counselor:
        call, contact = await arrive(parties, keys, number=number, dialled=dialled)
        answered = await parties.watch.expect(contact, e.ContactAnswered, seconds=40)
        assert answered.counselor == counselor.extension
        (arrived,) = parties.invites()
        queued = await parties.watch.expect(contact, e.ContactQueued)
        assert (arrived.dnis, queued.node, queued.skills) == (dialled, node, ("emotion:2",))
        assert number not in repr(parties.events)
        await hang_up(parties, call, contact)


async def test_callers_of_two_numbers_are_served_in_order_of_arrival_by_one_counselor(
    city: HotlineServer, tmp_path: Path
) -> None:
    async with (
        gathered(city, tmp_path) as parties,
        parties.counselor(node="city", ready=False) as counselor,
    ):
        dialled = [NATIONAL, LOCAL, NATIONAL, LOCAL]
        calls = [
            await arrive(parties, "31", number=parties.new_number(), dialled=line)
            for line in dialled
        ]
        async with city.store() as store:
            await store.change_state(
                counselor.extension, CounselorState.READY, reason="", by="test"
            )
        for call, contact in calls:
            await parties.watch.expect(contact, e.ContactAnswered, seconds=60)
            await hang_up(parties, call, contact)
        answered = [x.subject for x in parties.events if isinstance(x, e.ContactAnswered)]
        assert answered == [contact for _, contact in calls]
        assert [x.dnis for x in parties.invites()] == dialled
