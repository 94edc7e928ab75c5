"""A caller and a counselor of one test, with tones of their own, at the shared platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from admin import bootstrap
from admin.demo.watch import Watch
from hotline.events import (
    ContactAnswered,
    ContactQueued,
    CounselorState,
    Event,
    InviteReceived,
    Termination,
)
from hotline.ids import ContactId, CounselorId
from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import QUIET, samples_of, tones_in, write_tone
from hotline.wav import SAMPLE_RATE as RATE
from queueing.store import QueueStore
from tests.hotline_server import HotlineServer, caller_id
from tests.sip.line import until

CALLER_HERTZ, COUNSELOR_HERTZ, PROFESSIONAL_HERTZ = 1700, 2300, 2140

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Counselor:
    """A registered phone of a counselor who has the one skill `skill`, which nobody else has."""

    extension: CounselorId
    skill: str
    phone: SoftphoneClient
    heard: Path


@dataclass(frozen=True, slots=True)
class Parties:
    """What a test needs to let somebody call somebody."""

    server: HotlineServer
    watch: Watch
    trunk: SoftphoneClient
    folder: Path
    events: list[Event] = field(default_factory=list)
    """Everything journalled since the scene began."""

    def new_number(self) -> str:
        """A caller's number that no other test has."""
        return f"137{next(_numbers):08d}"

    async def dial(self, number: str | None = None, *, dialled: str = "") -> tuple[int, ContactId]:
        """Call the hotline, playing the caller's tone and keeping what is heard; `dialled` is
        another of its numbers than the first."""
        number = number or self.new_number()
        heard = self.folder / "heard-by-caller"
        heard.mkdir(exist_ok=True)
        tone = self.folder / "caller.wav"
        if not tone.exists():  # written once: other calls may be opening it
            write_tone(tone, CALLER_HERTZ)
        await self.trunk.policy(play=tone, record=heard)
        digest = self.digest(number)
        before = self._arrivals(digest)
        line = f"sip:{dialled}@{self.server.edge}" if dialled else self.server.line
        call = await self.trunk.dial(line, headers=caller_id(number))
        await until(lambda: len(self._arrivals(digest)) > len(before))
        return call, ContactId(self._arrivals(digest)[-1].subject)

    def _arrivals(self, digest: str) -> list[InviteReceived]:
        return [arrival for arrival in self.invites() if arrival.caller.digest == digest]

    def digest(self, number: str) -> str:
        """By what the platform knows the caller."""
        return bootstrap.sealer(self.server.settings).seal(number).digest

    async def queued(
        self, keys: str = "#11", *, number: str | None = None
    ) -> tuple[int, ContactId]:
        """Call, go through the menu by `keys`, and wait in line."""
        call, contact = await self.dial(number)
        await self.hears_us(call)
        await self.choose(call, keys)
        await self.watch.expect(contact, ContactQueued)
        return call, contact

    async def hears_us(self, call: int) -> None:
        """Wait for the first sound: right behind the answer the phones agree on one codec, and
        lose keys that are pressed meanwhile."""
        await self.trunk.expect("answered", call=call, seconds=20)
        heard = self.heard_by_caller(call)
        await until(lambda: heard.exists() and seconds_of_sound(heard) > 0.1, seconds=15)

    async def talking(self, counselor: Counselor, keys: str = "#11") -> tuple[int, int, ContactId]:
        """Call and be answered by `counselor`; return both phones' call numbers."""
        call, contact = await self.queued(keys)
        await self.watch.expect(contact, ContactAnswered, counselor=counselor.extension)
        incoming = await counselor.phone.expect("incoming")
        return call, int(incoming["call"]), contact

    def of(self, subject: str) -> list[Event]:
        """What was journalled about `subject`, in order."""
        return [event for event in self.events if event.subject == subject]

    def endings(self, contact: ContactId) -> list[Termination]:
        """Every ending of `contact`: there must never be more than one."""
        return [e.termination for e in self.of(contact) if hasattr(e, "termination")]

    def invites(self) -> list[InviteReceived]:
        """Every arrival since the scene began."""
        return [event for event in self.events if isinstance(event, InviteReceived)]

    def heard_by_caller(self, call: int) -> Path:
        return self.folder / "heard-by-caller" / f"{call}.wav"

    @asynccontextmanager
    async def counselor(
        self,
        *,
        skill: str = "emotion",
        answer_after: float | None = 0.2,
        ready: bool = True,
        kind: str = "volunteer",
        hertz: int = COUNSELOR_HERTZ,
    ) -> AsyncIterator[Counselor]:
        """A counselor for the topic `skill`, ready unless told otherwise; offline afterwards."""
        extension = f"4{next(_numbers):04d}"
        await self.server.hire(extension, kind, **{skill: 3})
        heard = self.folder / f"heard-by-{extension}"
        heard.mkdir()
        tone = write_tone(self.folder / f"{extension}.wav", hertz)
        counselor = CounselorId(extension)
        async with self.server.phone(extension) as phone, self.server.store() as store:
            await phone.policy(answer_after=answer_after, play=tone, record=heard)
            if ready:
                await store.change_state(counselor, CounselorState.READY, reason="", by="test")
            try:
                yield Counselor(counselor, skill, phone, heard)
            finally:
                await store.change_state(counselor, CounselorState.OFFLINE, reason="", by="test")

    async def choose(self, call: int, keys: str = "#11") -> None:
        """Go through notice and menu by keys; the default asks for ``emotion``."""
        for key in keys:
            await self.trunk.digits(call, key)

    def tones_heard_by_caller(self, call: int) -> set[int]:
        return tones_in(self.heard_by_caller(call), (CALLER_HERTZ, COUNSELOR_HERTZ))

    def tones_heard_by_counselor(self, counselor: Counselor) -> set[int]:
        """Over all calls of the counselor."""
        files = counselor.heard.glob("*.wav")
        return set().union(*(tones_in(file, (CALLER_HERTZ, COUNSELOR_HERTZ)) for file in files))


async def in_place(store: QueueStore, contact: ContactId, position: int) -> None:
    """Wait until the contact has that place in line: the journal may tell of a change before the
    queue knows, which tells nobody."""
    async with asyncio.timeout(20):
        while (await store.place(contact)).position != position:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def seconds_of_sound(path: Path) -> float:
    """Return for how long a recording is anything but silent, crossings of zero left out."""
    return int(np.count_nonzero(abs(samples_of(path)) > QUIET)) / RATE


@asynccontextmanager
async def gathered(server: HotlineServer, folder: Path) -> AsyncIterator[Parties]:
    """The journal is watched and the operator's network has a phone."""
    async with AsyncExitStack() as stack:
        events: list[Event] = []
        watch = await stack.enter_async_context(server.watch(events))
        trunk = await stack.enter_async_context(server.trunk())
        yield Parties(server, watch, trunk, folder, events)
