"""Counselors' phones: they register with digest, and answer whatever rings, at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from tests.bench.callers import PHONES
from tests.bench.party import Arrived, Party
from tests.bench.speech import Speech
from tests.sip.wire import Address, Message, digest

AT_ONCE = 8
"""Registrations under way at the same time."""
EXPIRES = 3600
ACK_AFTER = 0.5


@dataclass(slots=True)
class Rang:
    """One INVITE to a phone; `rang` is when it arrived."""

    contact: str
    rang: float
    acknowledged: bool = False
    ended: bool = False


class Phones:
    """All phones of all `parties`: several addresses, as counselors have."""

    def __init__(self, parties: Sequence[Party], speech: Speech) -> None:
        self._parties = list(parties)
        self._speech = speech
        self._calls: dict[str, Rang] = {}
        self.rang: list[Rang] = []
        """Every INVITE since the start, or since the owner cleared the list."""
        for party in self._parties:
            party.handlers["INVITE"] = partial(self._invited, party)
            party.handlers["ACK"] = self._acknowledged
            party.handlers.setdefault("BYE", partial(self._bye, party))

    def bye(self, party: Party, arrived: Arrived) -> bool:
        """Take a BYE if it is for a phone: for a party that others use as well."""
        if arrived.message.get("Call-ID") not in self._calls:
            return False
        self._bye(party, arrived)
        return True

    @property
    def talking(self) -> int:
        """How many phones are in conversation."""
        return sum(1 for call in self._calls.values() if call.acknowledged)

    # --- registering ---------------------------------------------------------------------

    async def register(self, extensions: Iterable[str], password: str, edge: Address) -> int:
        """Register each extension from one of the addresses, in turn; return how many.

        Raises AssertionError when one is refused.
        """
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(party: Party, extension: str) -> None:
            async with limit:
                await _register(party, extension, password, edge)

        parties = self._parties
        work = [one(parties[n % len(parties)], ext) for n, ext in enumerate(extensions)]
        await asyncio.gather(*work)
        return len(work)

    # --- answering -----------------------------------------------------------------------

    def _invited(self, party: Party, arrived: Arrived) -> None:
        invite = arrived.message
        call = invite.get("Call-ID")
        rang = Rang(invite.get("X-Hotline-Contact"), arrived.at)
        self.rang.append(rang)
        self._calls[call] = rang
        party.reply(invite, 180)
        lane = self._speech.lane(PHONES)
        answer = party.reply(invite, 200, body=self._speech.sdp(lane))
        self._speech.send_to(lane, call, invite.body)
        asyncio.get_running_loop().call_later(
            ACK_AFTER, self._again, party, rang, answer, invite.source
        )

    def _again(self, party: Party, rang: Rang, answer: bytes, to: Address) -> None:
        """Repeat a 200 that was not acknowledged (RFC 3261 section 13.3.1.4)."""
        if not rang.acknowledged and not rang.ended:
            party.send_again(answer, to)
            asyncio.get_running_loop().call_later(
                2 * ACK_AFTER, self._again, party, rang, answer, to
            )

    def _acknowledged(self, arrived: Arrived) -> None:
        rang = self._calls.get(arrived.message.get("Call-ID"))
        if rang is not None:
            rang.acknowledged = True

    def _bye(self, party: Party, arrived: Arrived) -> None:
        party.reply(arrived.message, 200)
        call = arrived.message.get("Call-ID")
        rang = self._calls.pop(call, None)
        if rang is not None:
            rang.ended = True
            self._speech.hush(call)


async def _register(party: Party, extension: str, password: str, edge: Address) -> None:
    host, port = edge
    uri, address = f"sip:{host}:{port}", f"<sip:{extension}@{host}:{port}>"
    call = uuid4().hex

    def request(number: int, *extra: tuple[str, str]) -> Message:
        headers = [
            party.via(),
            ("Max-Forwards", "70"),
            ("From", f"{address};tag={call[:8]}"),
            ("To", address),
            ("Call-ID", call),
            ("CSeq", f"{number} REGISTER"),
            ("Contact", f"<sip:{extension}@{party.address[0]}:{party.address[1]}>"),
            ("Expires", str(EXPIRES)),
            *extra,
        ]
        return Message(f"REGISTER {uri} SIP/2.0", headers)

    challenge = (await party.ask(request(1), edge)).message
    assert challenge.status == 401, challenge.start
    proof = digest(
        challenge.get("WWW-Authenticate"), method="REGISTER", uri=uri, user=extension,
        password=password,
    )  # fmt: skip
    final = (await party.ask(request(2, ("Authorization", proof)), edge)).message
    assert final.status == 200, final.start
