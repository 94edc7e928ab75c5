"""The phone behind a caller's number, and how its owner is promised a callback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hotline import events as e
from hotline.ids import ContactId
from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import seconds_with, write_tone
from tests import tonal
from tests.hotline_server import HotlineServer
from tests.servers import free_port, rtp_port
from tests.sip.line import until
from tests.sip.parties import CALLER_HERTZ, Parties

OUTSIDE = "127.0.0.4"
HEARD = 0.2
"""Seconds of a tone that count as heard."""


def callback_settings(**more: object) -> dict[str, object]:
    """Settings of a platform that calls back as soon as possible."""
    return {
        "callback.enabled": True,
        "callback.windows": [],
        "callback.ring_seconds": 5,
        "edge.outbound_trunk": f"{OUTSIDE}:{free_port(host=OUTSIDE)}",
        "gateway.ring_timeout": 8,
        "queueing.wrap_up": 1,
        "queueing.first_position": 1,
        "queueing.position_every": 4,
        **{key.replace("__", "."): value for key, value in more.items()},
    }


@dataclass(frozen=True, slots=True)
class Owner:
    """The phone behind the caller's number."""

    phone: SoftphoneClient
    heard: Path

    async def rings(self) -> int:
        return int((await self.phone.expect("incoming", seconds=20))["call"])

    def hears(self, call: int, hertz: int) -> bool:
        path = self.heard / f"{call}.wav"
        return path.exists() and seconds_with(path, hertz) >= HEARD


@asynccontextmanager
async def at_home(
    server: HotlineServer, folder: Path, *, answer_after: float | None = 0.2
) -> AsyncIterator[Owner]:
    """The phone that the outside line leads to."""
    host, port = str(server.settings.edge.outbound_trunk).split(":")
    heard = folder / "heard-at-home"
    heard.mkdir()
    async with SoftphoneClient(address=host, port=int(port), rtp_port=rtp_port()) as phone:
        tone = write_tone(folder / "home.wav", CALLER_HERTZ)
        await phone.policy(answer_after=answer_after, play=tone, record=heard)
        yield Owner(phone, heard)


async def promised(parties: Parties, number: str) -> ContactId:
    """Wait until the announcement tells of the key, press it, choose, and be let go."""
    call, contact = await parties.queued(number=number)
    heard = parties.heard_by_caller(call)
    await until(lambda: seconds_with(heard, tonal.CALLBACK_HINT) >= HEARD)
    await parties.choose(call, "9")
    await until(lambda: seconds_with(heard, tonal.CALLBACK_CHOICE) >= HEARD)
    await parties.choose(call, "1")
    await parties.watch.expect(contact, e.CallbackPromised, choice="soon")
    await parties.trunk.expect("ended", call=call, seconds=20)
    # Of a tone as short as this the hang-up may cut half away.
    await until(lambda: seconds_with(heard, tonal.CALLBACK_PROMISED) >= HEARD / 2)
    return contact
