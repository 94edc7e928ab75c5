"""What `ports.Telephone` and `ports.Audio` promise, of the fakes and of a real `Endpoint`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from hotline.call import LegAnswered, LegEnded, LegInvited
from hotline.errors import PromptMissing
from hotline.ids import LegId
from hotline.ports import Audio, Telephone
from hotline.sip import tone as tones
from hotline.sip.softphone_client import SoftphoneClient
from hotline.wav import SAMPLE_RATE
from tests.bridging import bridge, part
from tests.fakes import FakeAudio, FakeTelephone
from tests.sip.line import Line, line_and_phone, until

PROMPTS = {"words": 800, "music": 1060}
"""What each says: a tone of its own."""
VOICES = (440, 620)
LATEST = 0.3
"""Seconds: what a leg hears is what it heard for so long, now."""


class Exchange(Protocol):
    """A telephone with callers, who are called by their legs. The first two who are answered say
    ``first`` and ``second`` all the time."""

    @property
    def telephone(self) -> Telephone: ...

    @property
    def audio(self) -> Audio: ...

    async def invited(self) -> LegId:
        """Return a leg that is neither rung nor answered yet."""
        ...

    async def answered(self, leg: LegId) -> bool:
        """Say whether the caller was told that somebody answered."""
        ...

    async def told(self, leg: LegId) -> int:
        """Return the status with which the caller was refused."""
        ...

    def wav(self, name: str) -> Path:
        """Return the file of a prompt; only `PROMPTS` can be opened."""
        ...

    async def hears(self, leg: LegId) -> set[str]:
        """Return which prompts and voices the caller hears now."""
        ...


@dataclass
class FakeExchange:
    """The two fakes."""

    telephone: FakeTelephone = field(default_factory=FakeTelephone)
    audio: FakeAudio = field(default_factory=FakeAudio)
    _legs: list[LegId] = field(default_factory=list)

    async def invited(self) -> LegId:
        self._legs.append(LegId(f"leg-{len(self._legs)}"))
        return self._legs[-1]

    async def answered(self, leg: LegId) -> bool:
        return ("answer", leg) in self.telephone.said

    async def told(self, leg: LegId) -> int:
        return self.telephone.ended[leg][0]

    def wav(self, name: str) -> Path:
        if name not in PROMPTS:
            self.audio.broken.add(name)
        return Path(f"/prompts/{name}.wav")

    async def hears(self, leg: LegId) -> set[str]:
        voices = dict(zip(self._legs, ("first", "second"), strict=False))
        others = {speaker for listener, speaker in self.audio.heard if listener == leg}
        return {*self.audio.playing.get(leg, ())} | {voices[other] for other in others - {leg}}


@dataclass
class RealExchange:
    """An endpoint, and a softphone that plays every caller."""

    line: Line
    phone: SoftphoneClient
    uri: str
    folder: Path
    _calls: dict[LegId, int] = field(default_factory=dict)

    @property
    def telephone(self) -> Telephone:
        return self.line.endpoint

    @property
    def audio(self) -> Audio:
        return self.line.endpoint

    async def invited(self) -> LegId:
        n = len(self._calls) % 2
        voice = tones.write_tone(self.folder / f"voice-{n}.wav", VOICES[n])
        await self.phone.policy(play=voice, record=self.folder)
        call = await self.phone.dial(self.uri)
        leg = (await self.line.expect(LegInvited)).leg
        self._calls[leg] = call
        return leg

    async def answered(self, leg: LegId) -> bool:
        if "LegEnded" in self.line.of(leg):
            return self.phone.seen("answered", call=self._calls[leg]) > 0
        await self.line.expect(LegAnswered, leg=leg)
        await self.phone.expect("answered", call=self._calls[leg])
        return True

    async def told(self, leg: LegId) -> int:
        await self.line.expect(LegEnded, leg=leg)
        return int((await self.phone.expect("ended", call=self._calls[leg]))["status"])

    def wav(self, name: str) -> Path:
        path = self.folder / f"{name}.wav"
        if name in PROMPTS and not path.exists():
            tones.write_tone(path, PROMPTS[name])
        return path

    async def hears(self, leg: LegId) -> set[str]:
        heard = self.folder / f"{self._calls[leg]}.wav"
        await until(heard.exists)
        goal = tones.seconds_of(heard) + 2 * LATEST
        await until(lambda: tones.seconds_of(heard) >= goal)
        window = tones.samples_of(heard)[-round(LATEST * SAMPLE_RATE) :]
        named = {**PROMPTS, **dict(zip(("first", "second"), VOICES, strict=True))}
        return {name for name, hertz in named.items() if tones.share(window, hertz) > tones.PRESENT}


OpenExchange = Callable[[], AbstractAsyncContextManager[Exchange]]


@asynccontextmanager
async def fake_exchange() -> AsyncIterator[Exchange]:
    yield FakeExchange()


@asynccontextmanager
async def real_exchange(folder: Path) -> AsyncIterator[Exchange]:
    async with line_and_phone(answering=False) as (line, phone, uri):
        yield RealExchange(line, phone, uri, folder)


@pytest.fixture(params=["fake", "real"])
def open_exchange(request: pytest.FixtureRequest, tmp_path: Path) -> OpenExchange:
    return fake_exchange if request.param == "fake" else partial(real_exchange, tmp_path)


async def hears(exchange: Exchange, leg: LegId, expected: set[str]) -> None:
    """Wait until the caller hears that and nothing else."""
    found: set[str] | None = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(20):
            while found != expected:
                found = await exchange.hears(leg)
    assert found == expected


async def talking(exchange: Exchange) -> LegId:
    leg = await exchange.invited()
    exchange.telephone.ring(leg)
    exchange.telephone.answer(leg)
    assert await exchange.answered(leg)
    return leg


async def test_refused_caller_is_told_the_first_status_and_not_answered_any_more(
    open_exchange: OpenExchange,
) -> None:
    async with open_exchange() as exchange:
        telephone = exchange.telephone
        for status in (486, 503):
            leg = await exchange.invited()
            if status == 486:
                telephone.end(leg)
            else:
                telephone.end(leg, status=status, retry_after=5)
            telephone.ring(leg)
            telephone.answer(leg)
            telephone.end(leg, status=404)
            assert await exchange.told(leg) == status
            assert not await exchange.answered(leg)


async def test_every_phone_that_is_dialled_is_a_leg_of_its_own(open_exchange: OpenExchange) -> None:
    async with open_exchange() as exchange:
        legs = [exchange.telephone.dial("1001", headers={"X-Hotline-Notice": "x"}) for _ in "ab"]
        assert len({*legs, await exchange.invited()}) == 3
        assert exchange.telephone.capacity >= 3
        for leg in legs:
            exchange.telephone.end(leg)


async def test_every_caller_who_is_called_is_a_leg_of_its_own(open_exchange: OpenExchange) -> None:
    async with open_exchange() as exchange:
        telephone = exchange.telephone
        legs = [telephone.dial_caller("13800138000", shown="12356") for _ in "ab"]
        assert len({*legs, telephone.dial("1001", headers={})}) == 3
        for leg in legs:
            telephone.end(leg)


async def test_commands_to_a_leg_that_nobody_knows_are_ignored(open_exchange: OpenExchange) -> None:
    async with open_exchange() as exchange:
        here, gone = await talking(exchange), LegId("gone")
        exchange.telephone.ring(gone)
        exchange.telephone.answer(gone)
        exchange.audio.play(gone, [exchange.wav("words")])
        exchange.audio.stop_playing(gone)
        part(exchange.audio, here, gone)
        exchange.telephone.end(gone)
        await hears(exchange, here, set())


async def test_leg_hears_the_last_that_was_played_to_it_until_that_is_stopped(
    open_exchange: OpenExchange,
) -> None:
    async with open_exchange() as exchange:
        leg, audio = await talking(exchange), exchange.audio
        first = audio.play(leg, [exchange.wav("words")], loop=True)
        second = audio.play(leg, [exchange.wav("music")], loop=True)
        assert second > first
        for playlist in ([], [exchange.wav("words"), exchange.wav("missing")]):
            with pytest.raises(PromptMissing):
                audio.play(leg, playlist)
        await hears(exchange, leg, {"music"})  # as if nobody had asked
        for _ in range(2):
            audio.stop_playing(leg)
        await hears(exchange, leg, set())
        assert audio.play(leg, [exchange.wav("words")]) > second


async def test_bridged_legs_hear_each_other_until_they_are_parted(
    open_exchange: OpenExchange,
) -> None:
    async with open_exchange() as exchange:
        one, other = await talking(exchange), await talking(exchange)
        for _ in range(2):
            bridge(exchange.audio, one, other)
        await hears(exchange, one, {"second"})
        await hears(exchange, other, {"first"})
        for _ in range(2):
            part(exchange.audio, other, one)
        await hears(exchange, one, set())
        await hears(exchange, other, set())


async def test_listener_hears_and_is_not_heard(open_exchange: OpenExchange) -> None:
    async with open_exchange() as exchange:
        one, other = await talking(exchange), await talking(exchange)
        exchange.audio.hear(one, other)
        await hears(exchange, one, {"second"})
        await hears(exchange, other, set())
        exchange.audio.hear(other, one)
        exchange.audio.unhear(one, other)
        await hears(exchange, one, set())
        await hears(exchange, other, {"first"})


async def test_words_to_one_of_two_bridged_legs_are_heard_there_alone_and_over_the_other(
    open_exchange: OpenExchange,
) -> None:
    async with open_exchange() as exchange:
        one, other = await talking(exchange), await talking(exchange)
        bridge(exchange.audio, one, other)
        exchange.audio.play(one, [exchange.wav("words")], loop=True)
        await hears(exchange, one, {"second", "words"})
        await hears(exchange, other, {"first"})
        exchange.audio.stop_playing(one)
        await hears(exchange, one, {"second"})
