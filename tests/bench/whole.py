"""The whole platform as a system under load: `hotline up` in a folder of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import func, select

from admin import bootstrap
from admin.roster import Person
from hotline.database import unit_of_work
from hotline.events import CounselorState, Result
from hotline.ids import CounselorId
from hotline.journal.tables import ContactRow
from recordings.tables import RecordingRow, RecordingState
from tests.bench.callers import KEYS, Callers
from tests.bench.cpu import Meter
from tests.bench.party import Party
from tests.bench.phones import Phones
from tests.bench.speech import Speech
from tests.bench.system import Setup
from tests.hotline_server import PASSWORD, TRUNK_ADDRESS, HotlineServer

PHONES_ADDRESS = "127.0.0.3"
"""Where the phones' speech comes from; their SIP has addresses of its own, as counselors have:
`DESKS` of them, each far below what the edge takes for a flood."""
DESKS = 16
WRAP_UP = 1
"""Seconds; the default of two minutes would need thousands of counselors."""
FIRST_EXTENSION = 4000
COMPLETED = Result.COMPLETED.value
PATIENCE = 120.0
SEALING = 45.0

Say = Callable[[str], None]


class WholePlatform:
    """Everything between the trunk and the sealed recording."""

    def __init__(self, server: HotlineServer, setup: Setup) -> None:
        self._engine = bootstrap.database(server.settings)
        self._seal = bootstrap.sealer(server.settings).seal
        self.setup = setup

    async def contacts_of(self, numbers: Sequence[str]) -> Mapping[str, str]:
        """Ask the journal, once all of them have ended there (or after a while). A contact that did
        not end as completed is left out: nobody spoke to that caller."""
        number_of = {self._seal(number).digest: number for number in numbers}

        def found() -> dict[str, tuple[str, str | None]]:
            ended = select(ContactRow.id, ContactRow.caller_digest, ContactRow.result).where(
                ContactRow.ended_at.is_not(None)
            )
            with unit_of_work(self._engine) as session:
                rows = session.execute(ended).all()
            return {number_of[d]: (id_, result) for id_, d, result in rows if d in number_of}

        await _until(lambda: len(found()) == len(number_of))
        return {number: id_ for number, (id_, result) in found().items() if result == COMPLETED}

    async def rest(self) -> None:
        """Return when every recording is sealed, or after a while: sealing uses idle time only,
        but it is better to have none of it beside what is measured."""
        await _until(lambda: not self.unsealed(), seconds=SEALING)

    def unsealed(self) -> int:
        """How many recordings wait to be sealed."""
        with unit_of_work(self._engine) as session:
            raw = select(func.count()).where(RecordingRow.state == RecordingState.RAW)
            return int(session.scalar(raw) or 0)

    def results(self) -> dict[str, int]:
        """How many contacts ended how, by the journal."""
        by_result = select(ContactRow.result, func.count()).group_by(ContactRow.result)
        with unit_of_work(self._engine) as session:
            return {str(result): count for result, count in session.execute(by_result)}

    def recordings(self) -> dict[str, int]:
        """How many recordings are in which state."""
        by_state = select(RecordingRow.state, func.count()).group_by(RecordingRow.state)
        with unit_of_work(self._engine) as session:
            return {str(RecordingState(state)): n for state, n in session.execute(by_state)}


async def _until(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Look twice a second, for so many seconds at most."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition() and loop.time() < deadline:  # noqa: ASYNC110 - no event tells of it
        await asyncio.sleep(0.5)


@asynccontextmanager
async def whole_platform(
    folder: Path, *, seats: int, bench_pid: int, say: Say
) -> AsyncIterator[WholePlatform]:
    """Run the platform with `seats` counselors, all registered and ready."""
    server = HotlineServer(folder, {"queueing.wrap_up": WRAP_UP})
    say("platform: starting (and speaking the prompts, once)")
    await asyncio.to_thread(server.start)
    async with AsyncExitStack() as stack:
        stack.callback(server.stop)
        speech = await Speech.start(TRUNK_ADDRESS, PHONES_ADDRESS)
        stack.push_async_callback(speech.stop)
        trunk = await Party.open(TRUNK_ADDRESS)
        stack.callback(trunk.close)
        desks = [await Party.open(f"127.0.1.{n + 1}") for n in range(DESKS)]
        for desk in desks:
            stack.callback(desk.close)
        setup = _setup(server, trunk, desks, speech, bench_pid)
        await _staff(server, setup.phones, seats, say)
        yield WholePlatform(server, setup)


def _setup(
    server: HotlineServer, trunk: Party, desks: list[Party], speech: Speech, bench_pid: int
) -> Setup:
    settings = server.settings
    status = server.status()
    assert status is not None
    sessions = {child.name: child.pid for child in status.children if child.pid is not None}
    load = {"sip load": bench_pid, "speech load": speech.process.pid}
    callers = Callers(
        trunk,
        speech,
        target=(settings.edge.address, settings.edge.port),
        line=settings.lines[0].number,
        keys=KEYS,
    )
    return Setup(
        name="platform",
        callers=callers,
        phones=Phones(desks, speech),
        speech=speech,
        meter=Meter(sessions=sessions, processes={"supervisor": status.pid, **load}),
        carriers=tuple(name for name in sessions if name.startswith("gateway-")),
        load=tuple(load),
        tracks=settings.recordings_dir,
    )


async def _staff(server: HotlineServer, phones: Phones, seats: int, say: Say) -> None:
    extensions = [str(FIRST_EXTENSION + n) for n in range(seats)]
    edge = (server.settings.edge.address, server.settings.edge.port)
    async with server.store() as store:
        roster = bootstrap.roster(server.settings, store)
        for n, extension in enumerate(extensions):
            person = Person(extension=extension, name="", kind="volunteer", node="city", skills={})
            await roster.add(person, PASSWORD)
            if n % 100 == 99:
                say(f"platform: {n + 1} of {seats} counselors hired")
        say(f"platform: {await phones.register(extensions, PASSWORD, edge)} phones registered")
        for extension in extensions:
            counselor = CounselorId(extension)
            await store.change_state(counselor, CounselorState.READY, reason="", by="bench")
