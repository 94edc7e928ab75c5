"""A caller for whom nobody is there, up to a message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hotline.ids import RecordingId
from hotline.overflow import Overflow
from tests.unit.scene import Scene

Act = Callable[[Scene], Awaitable[None]]
OFFER = ("nobody_there", "nobody_message")
SENTENCE = ("message_intro", "beep")
ONE = RecordingId("recording-1")
PARTNER = Overflow(name="north", to="sip:help@192.0.2.20", when_unstaffed=True, attempts=2)


def play(act: Act, *partners: Overflow, flow: str = "main", voicemail: bool = True) -> Scene:
    async def whole() -> Scene:
        scene = Scene(flow=flow, overflow=partners, voicemail=voicemail)
        await act(scene)
        return scene

    return asyncio.run(whole())


async def nobody_is_there(s: Scene) -> None:
    await s.wait_in_line()
    await s.hear_out()
    await s.wait_for(1, unstaffed=True)


async def choose_message(s: Scene) -> None:
    await nobody_is_there(s)
    await s.press("5")


async def speak(s: Scene, seconds: float = 5) -> None:
    await choose_message(s)
    await s.hear_out()
    await s.advance(seconds)
