"""How a caller is welcomed, by what is known; an absent queue turns nobody away."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hotline.clock import ManualClock
from hotline.conversation.arrival import Arrival, DialledLine
from hotline.conversation.screening import Screener
from hotline.events import AlarmKind, Priority, Reason, SealedNumber
from hotline.ids import CounselorId, GatewayId, LegId, NodeId
from hotline.menu.flow import Flow, Flows
from hotline.menu.hours import read_hours
from hotline.menu.welcome import Welcome
from hotline.ports import Known
from tests.fakes import FakeAlarms, FakePrompts, FakeQueue

FLOWS = Flows(Path("/nowhere"))
SHANGHAI = ZoneInfo("Asia/Shanghai")
SATURDAY_NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
ARRIVAL = Arrival(
    gateway=GatewayId("gateway-1.test"),
    leg=LegId("leg"),
    trunk="carrier",
    dnis="12356",
    node=NodeId("city"),
    caller=SealedNumber("cipher", "digest"),
)
ALWAYS = DialledLine(flow="main", node=NodeId("city"))
WORKDAYS = DialledLine(
    flow="main", node=NodeId("city"), hours=read_hours(["mon-fri 08:30-22:00"]), closed="closed"
)


class Desk:
    """A screener with fakes around it."""

    def __init__(self, known: Known | None = None) -> None:
        self.queue = FakeQueue()
        self.prompts = FakePrompts()
        self.alarms = FakeAlarms()
        if known is not None:
            self.queue.known["digest"] = known

    async def welcome(self, line: DialledLine = ALWAYS) -> Welcome:
        screener = Screener(
            screening=self.queue,
            flows=FLOWS,
            prompts=self.prompts,
            alarms=self.alarms,
            clock=ManualClock(SATURDAY_NOON),
            zone=SHANGHAI,
        )
        return await screener.welcome(ARRIVAL, line)


def first_said(flow: Flow) -> tuple[str, ...]:
    return flow.nodes[flow.start].prompts


async def test_blocked_caller_hears_the_blocked_flow() -> None:
    welcome = await Desk(Known(blocked=True)).welcome()
    assert welcome.flow == FLOWS.find("blocked")
    assert welcome.refusal is Reason.BLOCKED


async def test_any_other_caller_hears_the_menu_of_the_line() -> None:
    assert await Desk().welcome() == Welcome(flow=FLOWS.find("main"))


async def test_absent_queue_turns_nobody_away() -> None:
    desk = Desk(Known(blocked=True, message="care_minutes", notice="storm"))
    desk.queue.away = True
    assert (await desk.welcome()).flow == FLOWS.find("main")


async def test_entry_that_nobody_can_read_turns_nobody_away() -> None:
    class Garbled(FakeQueue):
        async def known_of(self, caller_digest: str, *, line: str, at: datetime) -> Known:
            raise ValueError("no plan")

    desk = Desk()
    desk.queue = Garbled()
    assert (await desk.welcome()).flow == FLOWS.find("main")


async def test_closed_line_says_when_it_opens() -> None:
    welcome = await Desk().welcome(WORKDAYS)
    assert welcome.refusal is Reason.CLOSED
    assert first_said(welcome.flow)[:4] == ("closed", "opens_mon", "clock_8", "minutes_30")
    assert first_said(welcome.flow)[-3:] == (
        "other:opens_mon", "other:clock_8", "other:minutes_30",
    )  # fmt: skip


async def test_line_that_never_opens_says_no_time() -> None:
    never = DialledLine(flow="main", node=NodeId("city"), hours=read_hours(()))
    welcome = await Desk().welcome(never)
    assert first_said(welcome.flow)[:2] == ("closed", "opening_time")


async def test_line_is_closed_also_while_the_queue_is_away() -> None:
    desk = Desk()
    desk.queue.away = True
    assert (await desk.welcome(WORKDAYS)).refusal is Reason.CLOSED


async def test_blocked_caller_of_a_closed_line_is_blocked() -> None:
    assert (await Desk(Known(blocked=True)).welcome(WORKDAYS)).refusal is Reason.BLOCKED


async def test_caller_outside_the_plan_hears_its_message() -> None:
    welcome = await Desk(Known(message="for_li")).welcome()
    assert welcome.refusal is Reason.CARE_PLAN
    assert first_said(welcome.flow) == ("for_li", "menu_danger")


async def test_message_that_is_missing_gives_way_to_ours_and_raises_an_alarm() -> None:
    desk = Desk(Known(message="for_li"))
    desk.prompts.missing.add("for_li")
    assert first_said((await desk.welcome()).flow) == ("care_message", "menu_danger")
    assert AlarmKind.PROMPT_MISSING in desk.alarms.standing


@pytest.mark.parametrize(
    ("known", "line", "then"),
    [
        (Known(notice="storm"), ALWAYS, "notice"),
        (Known(notice="storm"), WORKDAYS, "closed"),
        (Known(notice="storm", blocked=True), ALWAYS, "blocked"),
    ],
)
async def test_notice_is_said_before_whatever_the_caller_meets(
    known: Known, line: DialledLine, then: str
) -> None:
    flow = (await Desk(known).welcome(line)).flow
    assert first_said(flow) == ("storm",)
    assert flow.nodes[flow.nodes[flow.start].next or ""].prompts[0] == then


async def test_our_own_notice_is_said_in_both_languages() -> None:
    flow = (await Desk(Known(notice="emergency_notice")).welcome()).flow
    assert first_said(flow) == ("emergency_notice", "emergency_notice_other")


async def test_notice_that_is_missing_costs_nobody_the_menu() -> None:
    desk = Desk(Known(notice="storm"))
    desk.prompts.missing.add("storm")
    assert (await desk.welcome()).flow == FLOWS.find("main")
    assert AlarmKind.PROMPT_MISSING in desk.alarms.standing


async def test_plan_says_who_is_asked_first_and_for_how_long() -> None:
    welcome = await Desk(Known(asked_for=CounselorId("1001"), seconds=900)).welcome()
    assert (welcome.asked_for, welcome.seconds) == ("1001", 900)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (Priority.CRISIS, Priority.CRISIS),
        (Priority.CALLBACK, Priority.HIGH_RISK),
        (Priority.NORMAL, Priority.HIGH_RISK),
    ],
)
async def test_caller_at_high_risk_goes_before_all_but_a_crisis(
    asked: Priority, given: Priority
) -> None:
    assert (await Desk(Known(high_risk=True)).welcome()).priority(asked) is given
    assert (await Desk(Known()).welcome()).priority(asked) is asked
