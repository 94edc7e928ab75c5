"""The whole platform as a system under load: `hotline up` in a folder of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import func, select

from admin import bootstrap
from hotline.database import unit_of_work
from hotline.events import Result
from hotline.tables import ContactRow
from recordings.tables import RecordingRow, RecordingState
from tests.bench.system import Setup
from tests.hotline_server import HotlineServer

PHONES_ADDRESS = "127.0.0.3"
"""Where the phones' speech comes from; their SIP comes from `DESKS` addresses of their own."""
DESKS = 16
WRAP_UP = 1
"""Seconds; the default of two minutes would need thousands of counselors."""
FIRST_EXTENSION = 4000
PATIENCE = 120.0

Say = Callable[[str], None]


class WholePlatform:
    """Everything between the trunk and the sealed recording."""

    def __init__(self, server: HotlineServer, setup: Setup) -> None:
        self._server = server
        self._engine = bootstrap.database(server.settings)
        self._seal = bootstrap.sealer(server.settings).seal
        self.setup = setup
        self._known: set[str] = set()

    async def numbers(self, contacts: int) -> Mapping[str, str]:
        """Wait until the journal has so many ended contacts more than at the last call; then tell
        them apart by the digest of the caller's number."""
        await _until(lambda: len(self._ended()) - len(self._known) >= contacts)
        ended = self._ended()
        fresh = {contact: digest for contact, digest in ended.items() if contact not in self._known}
        self._known |= set(fresh)
        return fresh

    def digest(self, number: str) -> str:
        return self._seal(number).digest

    async def rest(self) -> None:
        """Return when the worker has sealed what was recorded (or after a while)."""
        await _until(lambda: not self.unsealed())

    def unsealed(self) -> int:
        """How many recordings wait to be sealed."""
        with unit_of_work(self._engine) as session:
            raw = select(func.count()).where(RecordingRow.state == RecordingState.RAW)
            return int(session.scalar(raw) or 0)

    def unserved(self) -> int:
        """How many contacts have ended otherwise than completed, by the journal."""
        with unit_of_work(self._engine) as session:
            others = select(func.count()).where(
                ContactRow.ended_at.is_not(None), ContactRow.result != Result.COMPLETED
            )
            return int(session.scalar(others) or 0)

    def _ended(self) -> dict[str, str]:
        with unit_of_work(self._engine) as session:
            rows = session.execute(
                select(ContactRow.id, ContactRow.caller_digest).where(
                    ContactRow.ended_at.is_not(None)
                )
            )
            return {contact: digest or "" for contact, digest in rows}


async def _until(condition: Callable[[], Any]) -> bool:
    """Look twice a second, for `PATIENCE` at most; return whether it came."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - another process's doing, told by no event
                await asyncio.sleep(0.5)
    except TimeoutError:
        return False
    return True
