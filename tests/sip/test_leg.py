"""Legs: real SIP between an `Endpoint` and a softphone on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path

import pytest

from hotline.call import (
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegHeld,
    LegInvited,
    LegRang,
    LegResumed,
)
from hotline.events import Reason
from hotline.sip.softphone_client import SoftphoneClient
from hotline.sip.tone import seconds_with, write_tone
from tests.sip.line import Line, line_and_phone, until, uri_of

HERTZ = 1000


def test_invite_tells_caller_number_dialled_and_headers_of_the_edge() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.dial(uri, headers={"X-Hotline-From": "trunk:east", "X-Other": "no"})
            invited = await line.expect(LegInvited)
            assert (invited.caller, invited.dialled) == ("phone", "12356")
            assert invited.headers == {"from": "trunk:east"}

    asyncio.run(scenario())


def test_asserted_identity_goes_before_from() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.dial(uri, headers={"P-Asserted-Identity": "<sip:13900000001@east>"})
            assert (await line.expect(LegInvited)).caller == "13900000001"

    asyncio.run(scenario())


def test_incoming_leg_is_answered_and_hung_up_by_the_caller() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            call = await phone.dial(uri)
            await phone.expect("ringing", call=call, status=180)
            await phone.expect("answered", call=call)
            leg = (await line.expect(LegAnswered)).leg
            await phone.hang_up(call)
            ended = await line.expect(LegEnded)
            assert (ended.reason, ended.status) == (Reason.CALLER_HUNG_UP, 200)
            assert line.of(leg) == ["LegInvited", "LegRang", "LegAnswered", "LegEnded"]
            assert line.endpoint.legs == 0

    asyncio.run(scenario())


def test_cancel_before_the_answer_ends_the_leg() -> None:
    async def scenario() -> None:
        async with line_and_phone(answering=False) as (line, phone, uri):
            call = await phone.dial(uri)
            leg = (await line.expect(LegInvited)).leg
            line.endpoint.ring(leg)
            await phone.expect("ringing", call=call)
            await phone.hang_up(call)
            ended = await line.expect(LegEnded)
            assert (ended.reason, ended.status) == (Reason.CALLER_CANCELLED, 487)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (486, Reason.DECLINED),
        (600, Reason.DECLINED),
        (603, Reason.DECLINED),
        (480, Reason.UNREACHABLE),
        (404, Reason.UNREACHABLE),
        (503, Reason.UNREACHABLE),
        (488, Reason.NO_CODEC),
    ],
)
def test_refused_offer_says_why(status: int, reason: Reason) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, _):
            await phone.policy(decline=status)
            leg = line.endpoint.dial("1001", headers={"X-Hotline-Contact": "c1"})
            incoming = await phone.expect("incoming")
            assert incoming["to"] == "1001"
            assert incoming["headers"] == {"contact": "c1"}
            ended = await line.expect(LegEnded, leg=leg)
            assert (ended.reason, ended.status) == (reason, status)

    asyncio.run(scenario())


def test_counselor_answers_and_hangs_up() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, _):
            await phone.policy(answer_after=0.1)
            leg = line.endpoint.dial("1001", headers={})
            await line.expect(LegRang, leg=leg)
            await line.expect(LegAnswered, leg=leg)
            call = (await phone.expect("answered"))["call"]
            await phone.hang_up(call)
            ended = await line.expect(LegEnded, leg=leg)
            assert (ended.reason, ended.status) == (Reason.COUNSELOR_HUNG_UP, 200)

    asyncio.run(scenario())


def test_withdrawn_offer_cancels_the_ringing_phone() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, _):
            leg = line.endpoint.dial("1001", headers={})
            await line.expect(LegRang, leg=leg)
            call = (await phone.expect("incoming"))["call"]
            line.endpoint.end(leg)
            ended = await line.expect(LegEnded, leg=leg)
            assert (ended.reason, ended.status) == (Reason.WITHDRAWN, 487)
            await phone.expect("ended", call=call, status=487)

    asyncio.run(scenario())


def test_leg_that_we_end_sends_a_bye_and_is_over_once() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            line.endpoint.end(leg)
            line.endpoint.end(leg)
            await phone.expect("ended", call=call)
            ended = await line.expect(LegEnded, leg=leg)
            assert ended.reason is Reason.SERVED
            assert line.of(leg).count("LegEnded") == 1

    asyncio.run(scenario())


def test_refusal_carries_status() -> None:
    async def scenario() -> None:
        async with line_and_phone(answering=False) as (line, phone, uri):
            call = await phone.dial(uri)
            leg = (await line.expect(LegInvited)).leg
            line.endpoint.end(leg, status=603)
            await phone.expect("ended", call=call, status=603)
            assert (await line.expect(LegEnded)).reason is Reason.BLOCKED

    asyncio.run(scenario())


@pytest.mark.parametrize("method", ["rfc4733", "info"])
def test_each_digit_is_heard_once(method: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            await phone.policy(record=tmp_path)
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            await phone.expect("answered")
            line.endpoint.play(leg, [write_tone(tmp_path / "tone.wav", HERTZ)], loop=True)
            heard = tmp_path / f"{call}.wav"  # from then on the two have agreed on a codec
            await until(lambda: heard.exists() and seconds_with(heard, HERTZ) > 0.1)
            await phone.digits(call, "1#", method=method)
            await line.expect(DigitPressed, digit="1")
            await line.expect(DigitPressed, digit="#")
            await phone.hang_up(call)
            await line.expect(LegEnded)
            pressed = [e.digit for e in line.events if isinstance(e, DigitPressed)]
            assert pressed == ["1", "#"]

    asyncio.run(scenario())


def test_hold_by_the_phone_and_back() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            call = await phone.dial(uri)
            leg = (await line.expect(LegAnswered)).leg
            await phone.expect("answered")
            await phone.hold(call)
            await line.expect(LegHeld, leg=leg)
            await phone.expect("media", state="held")
            await phone.resume(call)
            await line.expect(LegResumed, leg=leg)
            assert line.of(leg)[-2:] == ["LegHeld", "LegResumed"]

    asyncio.run(scenario())


def test_silent_leg_is_ended() -> None:
    async def scenario() -> None:
        async with line_and_phone(rtp_silence=1.5) as (line, phone, uri):
            call = await phone.dial(uri)
            await phone.expect("answered")
            leg = (await line.expect(LegAnswered)).leg
            with pytest.raises(TimeoutError):  # while it speaks, it lives
                await line.expect(LegEnded, seconds=3)
            await phone.go_silent()
            ended = await line.expect(LegEnded, leg=leg)
            assert ended.reason is Reason.RTP_SILENCE
            await phone.expect("ended", call=call)

    asyncio.run(scenario())


def test_phone_that_vanished_is_noticed_by_its_silence() -> None:
    async def scenario() -> None:
        async with line_and_phone(rtp_silence=1) as (line, phone, uri):
            await phone.dial(uri)
            await phone.expect("answered")
            await line.expect(LegAnswered)
            await phone.vanish()
            assert (await line.expect(LegEnded)).reason is Reason.RTP_SILENCE
            assert line.endpoint.legs == 0

    asyncio.run(scenario())


def test_held_leg_may_be_silent() -> None:
    async def scenario() -> None:
        async with line_and_phone(rtp_silence=1) as (line, phone, uri):
            call = await phone.dial(uri)
            await phone.expect("answered")
            await phone.hold(call)
            await line.expect(LegHeld)
            await phone.go_silent()
            with pytest.raises(TimeoutError):
                await line.expect(LegEnded, seconds=3)

    asyncio.run(scenario())


async def pressed_until_ended(line: Line, phone: SoftphoneClient, call: int) -> LegEnded:
    """Press a key until the leg has ended: one that is pressed while the two still agree on a
    codec is lost."""
    for _ in range(4):
        await phone.digits(call, "5")
        with contextlib.suppress(TimeoutError):
            return await line.expect(LegEnded, seconds=2)
    raise AssertionError("the leg did not end")


def test_fault_of_the_listener_ends_that_leg_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            first = await phone.dial(uri)
            await phone.expect("answered", call=first)
            spared = (await line.expect(LegAnswered)).leg

            def stumble(event: LegEvent) -> None:
                if isinstance(event, DigitPressed):
                    raise RuntimeError("a fault of the gateway")

            line.on_event = stumble
            second = await phone.dial(uri)
            await phone.expect("answered", call=second)
            ended = await pressed_until_ended(line, phone, second)
            assert ended.reason is Reason.FAULT
            assert ended.leg != spared
            await phone.expect("ended", call=second)
            assert line.endpoint.legs == 1

    with caplog.at_level(logging.ERROR):
        asyncio.run(scenario())
    assert len([r for r in caplog.records if "fault" in r.message]) == 1


def test_shutdown_ends_every_leg() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, uri):
            call = await phone.dial(uri)
            await phone.expect("answered", call=call)
            await line.expect(LegAnswered)
            line.endpoint.shut_down()
            assert (await line.expect(LegEnded)).reason is Reason.SHUTDOWN
            await phone.expect("ended", call=call)

    asyncio.run(scenario())


def test_sixty_calls_at_once_are_all_answered_and_all_end() -> None:
    async def scenario() -> None:
        async with line_and_phone() as (line, phone, _):
            uri = uri_of(line)
            calls = [await phone.dial(uri) for _ in range(60)]
            for call in calls:
                await phone.expect("answered", call=call, seconds=30)
            assert line.endpoint.legs == 60
            for call in calls:
                await phone.hang_up(call)
            await until(lambda: line.endpoint.legs == 0)
            reasons = [e.reason for e in line.events if isinstance(e, LegEnded)]
            assert reasons == [Reason.CALLER_HUNG_UP] * 60

    asyncio.run(scenario())
