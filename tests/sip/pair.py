"""A caller and a counselor of one endpoint, who have both answered."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from hotline.call import LegAnswered
from hotline.ids import LegId
from hotline.sip import tone as tones
from hotline.sip.softphone_client import SoftphoneClient
from tests.sip.line import Line, complete, line_and_phone, until

CALLER, COUNSELOR = 440, 620


@dataclass(frozen=True)
class Pair:
    """A caller and a counselor who have both answered; each plays its own tone."""

    line: Line
    phone: SoftphoneClient
    caller: LegId
    counselor: LegId
    caller_call: int
    counselor_call: int
    folder: Path

    def heard_by(self, call: int) -> Path:
        return self.folder / f"{call}.wav"

    async def hang_up(self) -> None:
        """End both calls and wait until the recordings of both phones are closed."""
        for call in (self.caller_call, self.counselor_call):
            await self.phone.hang_up(call)
            await self.phone.expect("ended", call=call)
        calls = (self.caller_call, self.counselor_call)
        await until(lambda: all(complete(self.heard_by(call)) for call in calls))


@contextlib.asynccontextmanager
async def pair(folder: Path) -> AsyncIterator[Pair]:
    async with line_and_phone() as (line, phone, uri):
        await phone.policy(play=tones.write_tone(folder / "a.wav", CALLER), record=folder)
        caller_call = await phone.dial(uri)
        caller = (await line.expect(LegAnswered)).leg
        await phone.expect("answered", call=caller_call)
        tone = tones.write_tone(folder / "b.wav", COUNSELOR)
        await phone.policy(play=tone, record=folder, answer_after=0)
        counselor = line.endpoint.dial("1001", headers={})
        await line.expect(LegAnswered, leg=counselor)
        counselor_call = (await phone.expect("answered"))["call"]
        yield Pair(line, phone, caller, counselor, caller_call, counselor_call, folder)
