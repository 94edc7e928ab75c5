"""The peer as a system under load: see `peer`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from admin.initialize import choose_ports
from tests.bench.callers import Callers
from tests.bench.cpu import Meter
from tests.bench.party import Arrived, Party
from tests.bench.phones import Phones
from tests.bench.speech import Speech
from tests.bench.system import Setup
from tests.servers import free_port

CALLERS_ADDRESS, PHONES_ADDRESS = "127.0.0.2", "127.0.0.3"


class BarePeer:
    """Callers, and phones too, stand where the edge would be: the engine talks to it alone."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    async def contacts_of(self, numbers: Sequence[str]) -> Mapping[str, str]:
        """The peer gives a contact the caller's own number."""
        return {number: number for number in numbers}

    async def rest(self) -> None:
        """It has nothing to do once the calls are over."""


@asynccontextmanager
async def bare_peer(folder: Path, bench_pid: int) -> AsyncIterator[BarePeer]:
    """Run the peer."""
    edge = await Party.open(CALLERS_ADDRESS)
    speech = await Speech.start(CALLERS_ADDRESS, PHONES_ADDRESS)
    port, rtp_port = free_port(), choose_ports(1).first_rtp
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.peer", str(port), str(rtp_port), edge.address[0],
        str(edge.address[1]), str(folder), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert (await process.stdout.readline()).strip() == b"ready"
        yield BarePeer(_setup(folder, edge, speech, ("127.0.0.1", port), process.pid, bench_pid))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await speech.stop()
        edge.close()


def _setup(
    folder: Path, edge: Party, speech: Speech, at: tuple[str, int], pid: int, bench_pid: int
) -> Setup:
    callers = Callers(edge, speech, target=at, line="12356", keys="")
    phones = Phones([edge], speech)
    hung_up_on = edge.handlers["BYE"]

    def bye(arrived: Arrived) -> None:
        if not phones.bye(edge, arrived):
            hung_up_on(arrived)

    edge.handlers["BYE"] = bye
    load = {"sip load": bench_pid, "speech load": speech.process.pid}
    return Setup(
        name="peer",
        callers=callers,
        phones=phones,
        speech=speech,
        meter=Meter(sessions={}, processes={"peer": pid, **load}),
        carriers=("peer",),
        load=tuple(load),
        tracks=folder,
    )
