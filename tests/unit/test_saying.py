"""Flows that say what only the moment knows, and the time at which a line opens."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hotline.events import Priority
from hotline.menu import ivr
from hotline.menu.flow import Flow, Flows
from hotline.menu.opening import opening_playlist
from hotline.menu.saying import after_notice, saying
from hotline.prompts.texts import LANGUAGES, read_texts

FLOWS = Flows(Path("/nowhere"))
SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY_NIGHT = datetime(2026, 11, 20, 23, tzinfo=SHANGHAI)


def said(commands: tuple[ivr.Command, ...]) -> tuple[str, ...]:
    return next(command.prompts for command in commands if isinstance(command, ivr.Play))


def finish(commands: tuple[ivr.Command, ...]) -> ivr.Finish:
    return next(command for command in commands if isinstance(command, ivr.Finish))


def run(flow: Flow, *inputs: ivr.Input) -> tuple[ivr.MenuState, tuple[ivr.Command, ...]]:
    state, commands = ivr.step(flow, ivr.MenuState(), ivr.Entered())
    for given in inputs:
        state, commands = ivr.step(flow, state, given)
    return state, commands


def test_notice_is_said_once_and_leads_on_to_the_menu() -> None:
    flow = after_notice(FLOWS.find("main"), ["storm"])
    assert said(run(flow)[1]) == ("storm",)
    _, commands = run(flow, ivr.PlaybackFinished(), ivr.TimedOut())
    assert said(commands)[0] == "notice"


def test_any_key_passes_the_notice_over_without_any_consent() -> None:
    state, commands = run(after_notice(FLOWS.find("main"), ["storm"]), ivr.DigitPressed("1"))
    assert said(commands)[0] == "notice"
    assert state.consent is ivr.Consent.UNKNOWN


@pytest.mark.parametrize("menu", ["main", "blocked", "closed", "care"])
def test_danger_key_leads_to_a_human_from_the_notice_before_every_menu(menu: str) -> None:
    flow = after_notice(FLOWS.find(menu), ["storm"])
    assert finish(run(flow, ivr.DigitPressed("0"))[1]).priority is Priority.CRISIS


@pytest.mark.parametrize("menu", ["blocked", "closed", "care"])
def test_danger_key_leads_to_a_human_from_every_menu_that_turns_away(menu: str) -> None:
    flow = FLOWS.find(menu)
    assert finish(run(flow, ivr.DigitPressed("0"))[1]).priority is Priority.CRISIS
    again = run(flow, ivr.PlaybackFinished(), ivr.DigitPressed("5"), ivr.DigitPressed("0"))[1]
    assert finish(again).priority is Priority.CRISIS


def test_prompt_is_replaced_by_others_wherever_it_is_said() -> None:
    flow = saying(FLOWS.find("closed"), "opening_time", ["opens_mon", "clock_8"])
    prompts = said(run(flow)[1])
    assert prompts[:3] == ("closed", "opens_mon", "clock_8")
    assert "opening_time" not in flow.prompts


def test_shipped_flow_stays_as_it_is() -> None:
    before = FLOWS.find("closed")
    saying(before, "opening_time", ["opens_mon"])
    after_notice(before, ["storm"])
    assert FLOWS.find("closed").start == "closed"
    assert "opening_time" in FLOWS.find("closed").prompts


@pytest.mark.parametrize(
    ("day", "hour", "minute", "playlist"),
    [
        (20, 23, 30, ["opens_today", "clock_23", "minutes_30"]),
        (21, 8, 0, ["opens_tomorrow", "clock_8"]),
        (23, 0, 15, ["opens_mon", "clock_0", "minutes_15"]),
        (27, 22, 45, ["opens_fri", "clock_22", "minutes_45"]),
    ],
)
def test_opening_is_said_by_day_hour_and_minutes(
    day: int, hour: int, minute: int, playlist: list[str]
) -> None:
    opens = datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)
    assert opening_playlist(opens, FRIDAY_NIGHT) == playlist


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_opening_can_be_spoken(language: str) -> None:
    known = {text.prompt for text in read_texts() if text.language == language}
    for day in range(20, 29):
        for hour in range(24):
            for minute in (0, 15, 30, 45):
                opens = datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)
                assert set(opening_playlist(opens, FRIDAY_NIGHT)) <= known
