"""The short call that tells a counselor: what it says, how long it rings, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

import pytest

from hotline.call import LegAnswered, LegEnded, PlaybackFinished
from hotline.clock import ManualTimers
from hotline.conversation import notice
from hotline.conversation.notice import OTHERWISE, PROMPTS, Notice
from hotline.events import AlarmKind, Reason
from hotline.ids import CounselorId
from hotline.ports import NoticeOutcome
from hotline.prompts.texts import read_texts
from tests.fakes import FakeAlarms, FakeAudio, FakePrompts, FakeTelephone
from tests.unit.test_gateway import Exchange

ANNA = CounselorId("1001")


@dataclass
class Call:
    """A notice among fakes."""

    reason: str = "missed"
    telephone: FakeTelephone = field(default_factory=FakeTelephone)
    audio: FakeAudio = field(default_factory=FakeAudio)
    prompts: FakePrompts = field(default_factory=FakePrompts)
    timers: ManualTimers = field(default_factory=ManualTimers)
    alarms: FakeAlarms = field(default_factory=FakeAlarms)

    def __post_init__(self) -> None:
        self.notice = Notice(
            ANNA,
            self.reason,
            telephone=self.telephone,
            audio=self.audio,
            prompts=self.prompts,
            timers=self.timers,
            alarms=self.alarms,
        )
        self.leg = self.notice.leg

    @property
    def hung_up(self) -> bool:
        return self.leg in self.telephone.ended

    def ended(self, reason: Reason, status: int) -> None:
        self.notice.leg_event(LegEnded(leg=self.leg, reason=reason, status=status))


@pytest.mark.parametrize(
    ("reason", "prompt"), [*PROMPTS.items(), ("something_new", "told_not_ready")]
)
async def test_who_answers_hears_why_and_is_rung_off(reason: str, prompt: str) -> None:
    call = Call(reason)
    assert call.telephone.dialled[0][:2] == (ANNA, {"X-Hotline-Notice": reason})
    call.notice.leg_event(LegAnswered(leg=call.leg))
    assert call.audio.playing[call.leg] == (prompt,)
    assert not call.hung_up
    call.notice.leg_event(PlaybackFinished(leg=call.leg, playlist=1))
    assert call.hung_up
    call.ended(Reason.SERVED, 200)
    assert await call.notice.outcome() is NoticeOutcome.SPOKEN


async def test_it_rings_for_fifteen_seconds() -> None:
    call = Call()
    call.timers.advance(14.9)
    assert not call.hung_up
    call.timers.advance(0.2)
    assert call.hung_up
    call.ended(Reason.WITHDRAWN, 487)
    assert await call.notice.outcome() is NoticeOutcome.RANG


@pytest.mark.parametrize(
    ("reason", "status", "outcome"),
    [
        (Reason.DECLINED, 486, NoticeOutcome.RANG),
        (Reason.UNREACHABLE, 480, NoticeOutcome.AWAY),
        (Reason.OVER_CAPACITY, 503, NoticeOutcome.AWAY),
    ],
)
async def test_ending_says_whether_the_phone_rang(
    reason: Reason, status: int, outcome: NoticeOutcome
) -> None:
    call = Call()
    call.ended(reason, status)
    assert await call.notice.outcome() is outcome


async def test_answered_call_ends_although_its_words_never_do() -> None:
    call = Call()
    call.notice.leg_event(LegAnswered(leg=call.leg))
    call.timers.advance(notice.SPEAK_SECONDS + 0.1)
    assert call.hung_up


async def test_missing_prompt_is_an_alarm_and_no_silence_on_the_line() -> None:
    call = Call()
    call.prompts.missing.add("told_missed")
    call.notice.leg_event(LegAnswered(leg=call.leg))
    assert AlarmKind.PROMPT_MISSING in call.alarms.standing
    assert call.hung_up


async def test_cancelled_notice_hangs_up() -> None:
    call = Call()
    waiting = asyncio.create_task(call.notice.outcome())
    await asyncio.sleep(0)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert call.hung_up


async def test_gateway_leads_the_events_of_the_call_to_it() -> None:
    exchange = Exchange()
    telling = asyncio.create_task(exchange.gateway.notify(ANNA, "missed"))
    await exchange.settle()
    leg = exchange.scene.telephone.dialled[-1][2]
    exchange.gateway.leg_event(LegAnswered(leg=leg))
    exchange.gateway.leg_event(LegEnded(leg=leg, reason=Reason.COUNSELOR_HUNG_UP, status=200))
    async with asyncio.timeout(30):
        assert await telling is NoticeOutcome.SPOKEN
    assert exchange.gateway.contacts == 0


async def test_gateway_that_leaves_calls_nobody() -> None:
    exchange = Exchange()
    await exchange.gateway.leave()
    assert await exchange.gateway.notify(ANNA, "missed") is NoticeOutcome.AWAY
    assert exchange.scene.telephone.dialled == []


def test_every_notice_is_spoken_in_both_languages() -> None:
    spoken = {(text.prompt, text.language) for text in read_texts()}
    named = {*PROMPTS.values(), OTHERWISE}
    assert {(name, language) for name in named for language in ("zh", "en")} <= spoken
