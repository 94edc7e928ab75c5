"""A fault of ours inside a callback of the engine: the call goes on, and the gateway is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotline.call import DigitPressed, LegAnswered, LegEnded, LegFaulted, LegHeld, LegRang
from hotline.events import Reason
from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import seconds_with, write_tone
from tests.sip.line import Line, line_and_phone, until

HERTZ = 1000


def break_once(owner: object, name: str, *, times: int = 1) -> list[BaseException]:
    """Let the method `name` of `owner` fail the first `times` it is called; return its faults."""
    sound: Callable[..., Any] = getattr(owner, name)
    faults: list[BaseException] = []

    def broken(*facts: object) -> Any:
        if len(faults) < times:
            faults.append(RuntimeError("a fault that nobody thought of"))
            raise faults[-1]
        return sound(*facts)

    setattr(owner, name, broken)
    return faults


async def pressed_until(line: Line, phone: SoftphoneClient, call: int, done: list[Any]) -> None:
    """Press a key until `done` is not empty: one that is pressed while the two still agree on a
    codec is lost."""
    for _ in range(20):
        await phone.digits(call, "5")
        try:
            await until(lambda: done, seconds=2)
        except TimeoutError:
            continue
        return
    raise AssertionError("no key was heard")


def test_key_that_meets_a_fault_does_not_hang_up_and_the_next_one_is_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.policy(record=tmp_path)
            faults = break_once(line.endpoint._switch, "digit_heard")
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            await phone.expect("answered", call=call)
            line.endpoint.play(leg, [write_tone(tmp_path / "tone.wav", HERTZ)], loop=True)
            await pressed_until(line, phone, call, faults)
            await line.expect(LegFaulted, leg=leg)
            heard = tmp_path / f"{call}.wav"
            before = seconds_with(heard, HERTZ)
            await until(lambda: seconds_with(heard, HERTZ) > before + 0.5)
            await phone.digits(call, "7")
            await line.expect(DigitPressed, digit="7")
            await phone.hang_up(call)
            assert (await line.expect(LegEnded)).reason is Reason.CALLER_HUNG_UP

    with caplog.at_level(logging.ERROR):
        asyncio.run(scenario())
    assert len([r for r in caplog.records if "fault" in r.message]) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_media_that_meets_a_fault_is_read_once_more_and_nobody_is_hung_up_on(times: int) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            await phone.expect("answered", call=call)
            faults = break_once(line.endpoint._switch, "media_changed", times=times)
            await phone.hold(call)
            await line.expect(LegFaulted, leg=leg)
            assert len(faults) == times
            if times == 1:  # what the callback had to tell is told all the same
                await line.expect(LegHeld, leg=leg)
            await phone.expect("media", state="held")
            await phone.resume(call)
            await phone.expect("media", state="active")
            await phone.hang_up(call)
            assert (await line.expect(LegEnded)).reason is Reason.CALLER_HUNG_UP

    asyncio.run(scenario())


def test_answer_that_meets_a_fault_is_heard_of_all_the_same() -> None:
    async def scenario() -> None:
        async with line_and_phone(answering=False) as (line, phone, uri):
            call = await phone.dial(uri)
            await until(lambda: line.events)
            leg = line.events[0].leg
            line.endpoint.ring(leg)
            await line.expect(LegRang, leg=leg)
            break_once(line.endpoint._switch, "dialog_changed")
            line.endpoint.answer(leg)
            await line.expect(LegAnswered, leg=leg)
            await phone.expect("answered", call=call)
            await phone.hang_up(call)
            assert (await line.expect(LegEnded)).reason is Reason.CALLER_HUNG_UP

    asyncio.run(scenario())


def test_end_that_meets_a_fault_is_an_end_all_the_same() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            await phone.expect("answered", call=call)
            break_once(line.endpoint._switch, "dialog_changed")
            await phone.hang_up(call)
            assert (await line.expect(LegEnded, leg=leg)).reason is Reason.FAULT
            assert line.endpoint.legs == 0
            assert line.of(leg).count("LegEnded") == 1

    asyncio.run(scenario())
