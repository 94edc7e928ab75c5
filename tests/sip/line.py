"""A real `Endpoint` for tests, with a listener that remembers and, if asked, answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from socket import SOCK_DGRAM
from typing import Any, TypeVar

from hotline.call import LegEvent, LegInvited
from hotline.ids import LegId
from hotline.sip.endpoint import Endpoint
from hotline.sip.softphone_client import SoftphoneClient
from tests.servers import free_port, rtp_port

E = TypeVar("E", bound=LegEvent)
PHONE = "127.0.0.9"


class Line:
    """What happened to the legs of `endpoint`. With `answering`, every INVITE is answered."""

    def __init__(self, endpoint: Endpoint, *, answering: bool) -> None:
        self.endpoint = endpoint
        self.events: list[LegEvent] = []
        self.on_event: Callable[[LegEvent], None] = lambda _event: None
        self._answering = answering
        self._news = asyncio.Condition()
        self._taken: set[int] = set()

    def leg_event(self, event: LegEvent) -> None:
        self.events.append(event)
        if isinstance(event, LegInvited) and self._answering:
            self.endpoint.ring(event.leg)
            self.endpoint.answer(event.leg)
        self.on_event(event)

    async def expect(self, kind: type[E], *, seconds: float = 20.0, **facts: Any) -> E:
        """Return the first event of that kind with these facts that was not taken before."""
        async with asyncio.timeout(seconds):
            while True:
                for n, event in enumerate(self.events):
                    if n in self._taken or not isinstance(event, kind):
                        continue
                    if all(getattr(event, name) == value for name, value in facts.items()):
                        self._taken.add(n)
                        return event
                await asyncio.sleep(0.005)

    def of(self, leg: LegId) -> list[str]:
        """Return the names of all events of `leg`."""
        return [type(event).__name__ for event in self.events if event.leg == leg]


@contextlib.asynccontextmanager
async def open_line(
    *, edge: tuple[str, int], answering: bool = True, **settings: Any
) -> AsyncIterator[Line]:
    """Run an endpoint on 127.0.0.1 that takes calls from `edge`."""
    endpoint = Endpoint(
        address="127.0.0.1",
        port=free_port(SOCK_DGRAM),
        first_rtp_port=rtp_port(),
        rtp_ports=2000,
        edge=edge,
        **settings,
    )
    line = Line(endpoint, answering=answering)
    endpoint.listener = line
    endpoint.start()
    running = asyncio.create_task(_polled(endpoint))
    try:
        yield line
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        endpoint.close()


async def _polled(endpoint: Endpoint) -> None:
    while True:  # as the gateway's process does, until cancelled
        endpoint.poll()
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def line_and_phone(
    *, answering: bool = True, **settings: Any
) -> AsyncIterator[tuple[Line, SoftphoneClient, str]]:
    """An endpoint, a softphone that stands where the edge is, and the URI it dials."""
    port = free_port(SOCK_DGRAM, PHONE)
    async with (
        SoftphoneClient(address=PHONE, port=port, rtp_port=rtp_port()) as phone,
        open_line(edge=(PHONE, port), answering=answering, **settings) as line,
    ):
        yield line, phone, uri_of(line)


def uri_of(line: Line, user: str = "12356") -> str:
    return f"sip:{user}@127.0.0.1:{line.endpoint.port}"


async def until(condition: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Poll `condition` on the loop until it holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is anything, no event tells of it
            await asyncio.sleep(0.005)


def complete(track: Path) -> bool:
    """Say whether a WAV has been closed: its header knows its length."""
    data = track.read_bytes()
    return len(data) > 44 and int.from_bytes(data[40:44], "little") == len(data) - 44
