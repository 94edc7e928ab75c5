"""The two kinds of load: so many conversations held, and so many calls a second."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from tests.bench.callers import Visit
from tests.bench.cpu import Reading
from tests.bench.phones import Rang
from tests.bench.speech import Heard
from tests.bench.system import Setup, System

RAMP = 20.0
"""Calls per second while conversations are built up."""
SETTLE = 3.0
PATIENCE = 10.0
ENOUGH = 0.98
"""Share of the conversations that must be up for a figure to count."""
PACKETS_PER_SECOND = 50
BYTES_PER_SECOND = 16000
TALK = 3.0
"""Seconds from the caller's key to the hang-up, in calls per second."""

Say = Callable[[str], None]


class LoadFailed(Exception):
    """The load could not be brought about: what is measured then would be something else."""


# --- conversations held ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One window with `conversations` going on. Shares are of one core."""

    conversations: int
    shares: dict[str, float]
    carriers: float
    """All processes that carry calls, per conversation."""
    system: float
    """Every process of the system, per conversation; the load's own not counted."""
    speech: float
    """RTP packets that reached the two ends, over those that were due."""
    recorded: float
    """Bytes of audio in the tracks, over those that were due."""


@dataclass(slots=True)
class Hold:
    """Builds up conversations and measures while they are held."""

    system: System
    say: Say
    lost: list[str] = field(default_factory=list)
    """What was not as it should be, though not so much that the figures mean nothing."""
    _visits: list[Visit] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def measure(self, conversations: int, *, windows: int, seconds: float) -> list[Held]:
        """Build up to `conversations` (more than are held now) and measure. Raises LoadFailed."""
        setup = self.system.setup
        loop = asyncio.get_running_loop()
        while len(self._tasks) < conversations:
            visit = setup.callers.visit(self._visits, self._over)
            self._tasks.append(loop.create_task(visit))
            await asyncio.sleep(1 / RAMP)
        await self._until_talking(conversations)
        await asyncio.sleep(SETTLE)
        held = []
        for n in range(windows):
            held.append(await _window(setup, conversations, seconds))
            self.say(
                f"{setup.name}: {conversations} conversations, window {n + 1} of {windows}: "
                f"{100 * held[-1].carriers:.3f} % of a core each"
            )
        self._check(conversations)
        return held

    async def _until_talking(self, conversations: int) -> None:
        setup = self.system.setup
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while setup.phones.talking < conversations and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        self._check(conversations)

    def _check(self, conversations: int) -> None:
        setup = self.system.setup
        talking, up = setup.phones.talking, setup.callers.up
        faults = Counter(visit.fault for visit in self._visits if visit.fault)
        if talking == conversations and up == conversations and not faults:
            return
        sentence = (
            f"of {conversations} conversations {up} callers and {talking} phones are up; "
            f"{dict(faults)}"
        )
        if talking < conversations * ENOUGH:
            raise LoadFailed(sentence)
        self.lost.append(sentence)
        self.say(f"{setup.name}: {sentence}")

    async def end(self) -> None:
        """Everybody hangs up."""
        self._over.set()
        await asyncio.gather(*self._tasks)
        await self.system.rest()


@dataclass(frozen=True, slots=True)
class _Look:
    """Everything that is counted, each with the moment at which it was."""

    cpu: Reading
    heard: Heard
    written: tuple[float, int]


async def _look(setup: Setup) -> _Look:
    cpu, heard = setup.meter.read(), await setup.speech.heard()
    return _Look(cpu, heard, (perf_counter(), setup.recorded_bytes()))


async def _window(setup: Setup, conversations: int, seconds: float) -> Held:
    before = await _look(setup)
    await asyncio.sleep(seconds)
    after = await _look(setup)
    shares = after.cpu.share_since(before.cpu)
    system = sum(share for part, share in shares.items() if part not in setup.load)
    packets = (after.heard.received - before.heard.received) / (after.heard.at - before.heard.at)
    written = (after.written[1] - before.written[1]) / (after.written[0] - before.written[0])
    talking = setup.phones.talking
    legs = 2 * talking
    return Held(
        conversations=conversations,
        shares=shares,
        carriers=sum(shares[part] for part in setup.carriers) / talking,
        system=system / talking,
        speech=packets / (legs * PACKETS_PER_SECOND),
        recorded=written / (legs * BYTES_PER_SECOND),
    )


# --- calls per second --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One call of a rate, with what its phone knows added. Seconds."""

    invited: float
    to_answer: float
    to_phone: float
    """INVITE to the INVITE at the counselor's phone, without the caller's own time in the menu."""
    fault: str

    def answer_ms(self) -> float:
        return 1000 * self.to_answer

    def phone_ms(self) -> float:
        return 1000 * self.to_phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Calls that came at `rate` per second for `seconds`."""

    rate: float
    seconds: float
    calls: list[Served]
    shares: dict[str, float]
    most_held: int
    """The most conversations there were at once."""
    sent_late: float
    """The longest that a call was sent after its time: how far behind the load itself was."""

    @property
    def faults(self) -> Counter[str]:
        return Counter(call.fault for call in self.calls if call.fault)

    def windows(self, count: int) -> list[list[Served]]:
        """Return the calls in `count` equal stretches of time."""
        start = self.calls[0].invited
        parts: list[list[Served]] = [[] for _ in range(count)]
        for call in self.calls:
            part = int((call.invited - start) / self.seconds * count)
            parts[min(part, count - 1)].append(call)
        return parts


class Pause:
    """A caller who has said all after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def wait(self) -> None:
        await asyncio.sleep(self._seconds)


async def call_at_rate(system: System, rate: float, *, seconds: float, say: Say) -> Rate:
    """Send calls at fixed times, whatever becomes of those before; return how all of them went."""
    setup = system.setup
    setup.phones.rang.clear()
    visits: list[Visit] = []
    tasks: list[asyncio.Task[None]] = []
    until = Pause(TALK)
    before, start, late, most = setup.meter.read(), perf_counter(), 0.0, 0
    for n in range(round(rate * seconds)):
        await asyncio.sleep(max(0.0, start + n / rate - perf_counter()))
        late = max(late, perf_counter() - start - n / rate)
        tasks.append(asyncio.create_task(setup.callers.visit(visits, until)))
        most = max(most, setup.phones.talking)
        if n and n % round(rate * 10) == 0:
            failed = sum(1 for visit in visits if visit.fault)
            say(f"{setup.name}: {rate:g} calls/s, {n} sent, {most} at once, {failed} failed")
    shares = setup.meter.read().share_since(before)
    await asyncio.gather(*tasks)
    calls = _joined(visits, setup.phones.rang, await _contacts(system, visits))
    return Rate(
        rate=rate, seconds=seconds, calls=calls, shares=shares, most_held=most, sent_late=late
    )


async def _contacts(system: System, visits: Sequence[Visit]) -> dict[str, str]:
    answered = [visit.number for visit in visits if visit.answered is not None]
    return dict(await system.contacts_of(answered))


def _joined(
    visits: Sequence[Visit], rang: Sequence[Rang], contact_of: dict[str, str]
) -> list[Served]:
    """Find for each caller the phone that rang for it: there must be exactly one."""
    phones: dict[str, list[Rang]] = {}
    for one in rang:
        phones.setdefault(one.contact, []).append(one)
    return [_served(visit, phones.get(contact_of.get(visit.number, ""), [])) for visit in visits]


def _served(visit: Visit, rang: list[Rang]) -> Served:
    fault = visit.fault
    if not fault and len(rang) != 1:  # none as well when the caller spoke to nobody
        fault = f"{len(rang)} conversations came of it"
    elif not fault and not rang[0].acknowledged:
        fault = "the phone's answer was not acknowledged"
    to_phone = 0.0
    if rang:
        to_phone = rang[0].rang - visit.invited
        if visit.pressed is not None and visit.answered is not None:
            to_phone -= visit.pressed - visit.answered
    return Served(invited=visit.invited, to_answer=visit.to_answer, to_phone=to_phone, fault=fault)
