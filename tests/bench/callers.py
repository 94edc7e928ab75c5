"""Callers: each calls over the trunk's address, is answered, presses keys, speaks, hangs up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import Protocol
from uuid import uuid4

from tests.bench.party import Arrived, Party, Unanswered
from tests.bench.speech import Speech
from tests.sip.wire import Address, Message

CALLERS, PHONES = 0, 1
KEYS = "#14"
"""Past the notice (which is consent to recording), Mandarin, 'something else'."""
THINKS = 0.2
"""Seconds before each key: a quick caller. Not in any figure."""


class Finished(Protocol):
    """Says whether a caller may hang up."""

    async def wait(self) -> object: ...


@dataclass(slots=True)
class Visit:
    """One call as its caller saw it; times are of `perf_counter`."""

    number: str
    invited: float
    answered: float | None = None
    pressed: float | None = None
    """The last key: from here on it is the platform's turn."""
    fault: str = ""
    """Why it failed; empty when nothing has gone wrong (yet)."""

    @property
    def to_answer(self) -> float:
        """Seconds from INVITE to 200."""
        return (self.answered or self.invited) - self.invited


class Callers:
    """All callers. `target` is what they dial, `line` the number; each presses `keys`, one by
    one, once answered."""

    def __init__(
        self, party: Party, speech: Speech, *, target: Address, line: str, keys: str
    ) -> None:
        self._party = party
        self._speech = speech
        self._target = target
        self._line = line
        self._keys = keys
        self._numbers = count(13_000_000_000)
        self._up: dict[str, Visit] = {}
        party.handlers["BYE"] = self._hung_up_on

    @property
    def up(self) -> int:
        """How many calls are up."""
        return len(self._up)

    async def visit(self, visits: list[Visit], until: Finished) -> None:
        """Make one call that lasts until `until`; append it to `visits`. Never raises."""
        visit = Visit(str(next(self._numbers)), perf_counter())
        visits.append(visit)
        call, lane = uuid4().hex, self._speech.lane(CALLERS)
        try:
            answer = await self._call(visit, call, lane)
            if answer is None:
                return
            self._up[call] = visit
            await self._talk(visit, answer, until)
        except Unanswered as error:
            visit.fault = visit.fault or f"no answer to {error}"
        finally:
            self._up.pop(call, None)
            self._speech.hush(call)

    async def _call(self, visit: Visit, call: str, lane: int) -> Message | None:
        """Call and acknowledge; return the 200, or None where there was another answer."""
        invite = self._invite(visit.number, call, self._speech.sdp(lane))
        visit.invited = perf_counter()
        final = await self._party.ask(invite, self._target)
        answer = final.message
        if answer.status != 200:
            visit.fault = f"answered {answer.status}"
            return None
        visit.answered = final.at
        self._party.keep_ack(self._within(answer, "ACK", 1), self._target)
        self._speech.send_to(lane, call, answer.body)
        return answer

    async def _talk(self, visit: Visit, answer: Message, until: Finished) -> None:
        for number, key in enumerate(self._keys, 2):
            await asyncio.sleep(THINKS)
            visit.pressed = perf_counter()
            signal = ("application/dtmf-relay", f"Signal={key}\r\nDuration=160\r\n")
            pressed = await self._party.ask(
                self._within(answer, "INFO", number, signal), self._target
            )
            if pressed.message.status != 200:
                visit.fault = f"INFO answered {pressed.message.status}"
        await until.wait()
        if not visit.fault:
            gone = await self._party.ask(self._within(answer, "BYE", 9), self._target)
            if gone.message.status != 200:
                visit.fault = f"BYE answered {gone.message.status}"

    def _invite(self, number: str, call: str, sdp: str) -> Message:
        host, port = self._target
        uri = f"sip:{self._line}@{host}:{port}"
        here = f"{self._party.address[0]}:{self._party.address[1]}"
        headers = [
            self._party.via(),
            ("Max-Forwards", "70"),
            ("From", f"<sip:{number}@{here}>;tag={call[:8]}"),
            ("To", f"<{uri}>"),
            ("Call-ID", call),
            ("CSeq", "1 INVITE"),
            ("Contact", f"<{self._party.contact}>"),
            ("P-Asserted-Identity", f"<sip:{number}@{here}>"),
            ("Content-Type", "application/sdp"),
        ]
        return Message(f"INVITE {uri} SIP/2.0", headers, sdp)

    def _within(
        self, answer: Message, method: str, number: int, body: tuple[str, str] = ("", "")
    ) -> Message:
        """Build a request within the dialog that `answer` made."""
        headers = [
            self._party.via(),
            ("Max-Forwards", "70"),
            *(("Route", one) for one in reversed(answer.all("Record-Route"))),
            ("From", answer.get("From")),
            ("To", answer.get("To")),
            ("Call-ID", answer.get("Call-ID")),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<{self._party.contact}>"),
        ]
        if body[0]:
            headers.append(("Content-Type", body[0]))
        target = answer.get("Contact").partition("<")[2].partition(">")[0]
        return Message(f"{method} {target} SIP/2.0", headers, body[1])

    def _hung_up_on(self, arrived: Arrived) -> None:
        self._party.reply(arrived.message, 200)
        visit = self._up.get(arrived.message.get("Call-ID"))
        if visit is not None:
            visit.fault = visit.fault or "the platform hung up"
