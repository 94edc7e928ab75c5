"""``hotline caller`` and ``hotline line`` with a real Redis behind them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

import pytest
import redis
from typer.testing import CliRunner

from admin import bootstrap
from admin.__main__ import app
from hotline import events as e
from hotline.configfile import load
from hotline.prompts.library import CUSTOM
from hotline.sip.tone import write_tone
from hotline.wire import decode
from queueing import care, keys
from queueing.blocks import Block, to_text
from tests.queue_scene import NOON

E = TypeVar("E", bound=e.Event)
NUMBER = "13800138000"


class Desk:
    """An operator with a configuration and a terminal."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.config = folder / "hotline.toml"
        self.config.write_text(
            f'[redis]\nurl = "{redis_url}"\n[[lines]]\nnumber = "12356"\n'
            '[[lines]]\nnumber = "96525"\nopen = []\nnotice = "storm"\n',
            "utf-8",
        )
        self.prompts = load(self.config).prompts_dir

    def says(self, *words: str, answers: str = "", fails: bool = False) -> str:
        """Give a command and return what is printed, lines of tables joined by single spaces."""
        done = CliRunner().invoke(
            app, [*words, "--config", str(self.config)], input=answers, env={"COLUMNS": "200"}
        )
        assert (done.exit_code != 0) is fails, done.output
        return re.sub(r"\s+", " ", done.output)

    @property
    def digest(self) -> str:
        return bootstrap.sealer(load(self.config)).seal(NUMBER).digest

    def journal(self, kind: type[E]) -> list[E]:
        """Return the events of `kind`, in order."""
        url = load(self.config).redis_url
        with redis.Redis.from_url(url, decode_responses=True) as connection:
            events = [decode(fields) for _, fields in connection.xrange(keys.JOURNAL)]
        return [event for event in events if isinstance(event, kind)]

    def has_prompt(self, name: str) -> None:
        path = self.prompts / CUSTOM / "zh" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tone(path, 440)


@pytest.fixture
def desk(tmp_path: Path, redis_url: str) -> Desk:
    return Desk(tmp_path, redis_url)


def block(desk: Desk, *words: str) -> str:
    return desk.says("caller", "block", "--reason", "drunk", *words, answers=f"{NUMBER}\n")


def test_blocked_caller_is_listed_without_the_number_and_can_be_unblocked(desk: Desk) -> None:
    said = block(desk)
    listed = desk.says("caller", "blocks")
    assert desk.digest[:12] in listed
    assert "drunk" in listed
    assert NUMBER not in said + listed
    desk.says("caller", "unblock", answers=f"{NUMBER}\n")
    assert desk.digest[:12] not in desk.says("caller", "blocks")


def test_unblocking_nobody_is_said(desk: Desk) -> None:
    assert "no block" in desk.says("caller", "unblock", answers=f"{NUMBER}\n", fails=True)
    assert "0 blocked" in desk.says("caller", "unblock", "--caller", "abc", fails=True)


def test_number_in_letters_is_refused(desk: Desk) -> None:
    said = desk.says("caller", "block", "--reason", "x", answers="Mr Li\n", fails=True)
    assert "no telephone number" in said


def test_review_lists_what_is_due_and_nothing_else(desk: Desk) -> None:
    block(desk, "--days", "7")
    assert desk.digest[:12] not in desk.says("caller", "review")


def test_block_that_is_due_is_kept_or_lifted_by_decision(desk: Desk, redis_url: str) -> None:
    due = Block(
        caller=desk.digest,
        reason="drunk",
        by="operator:lin",
        at=NOON,
        until=NOON.replace(year=NOON.year + 50),
        review=NOON.replace(year=NOON.year - 1),
    )
    with redis.Redis.from_url(redis_url) as connection:
        connection.hset(keys.BLOCKED, desk.digest, to_text(due))
    shown = desk.digest[:12]
    assert shown in desk.says("caller", "review")
    assert "either --keep or --lift" in desk.says("caller", "review", shown, fails=True)
    desk.says("caller", "review", shown, "--keep", "--days", "2")
    assert shown not in desk.says("caller", "review")
    assert shown in desk.says("caller", "blocks")
    desk.says("caller", "review", shown, "--lift", "--reason", "calm")
    assert shown not in desk.says("caller", "blocks")
    confirmed, lifted = desk.journal(e.CallerEvent)
    assert isinstance(confirmed, e.BlockConfirmed)
    assert isinstance(lifted, e.CallerUnblocked)
    assert (lifted.reason, lifted.by[:9]) == ("calm", "operator:")


def test_care_plan_is_set_shown_and_ended(desk: Desk) -> None:
    desk.has_prompt("for_li")
    desk.says(
        "caller", "care", "--time", "mon-fri 20:00-21:00", "--minutes", "20",
        "--minutes-per-day", "40", "--message", "for_li", "--high-risk", answers=f"{NUMBER}\n",
    )  # fmt: skip
    shown = desk.says("caller", "known")
    for word in (desk.digest[:12], "mon-fri 20:00-21:00", "20", "40", "for_li", "yes"):
        assert word in shown
    assert NUMBER not in shown
    desk.says("caller", "care", "--end", answers=f"{NUMBER}\n")
    assert desk.digest[:12] not in desk.says("caller", "known")
    changes = [change.plan for change in desk.journal(e.CarePlanChanged)]
    assert care.from_text(changes[0]).minutes_per_day == 40
    assert changes[1:] == [""]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--time", "funday 20:00-21:00"), "'funday' is no day"),
        (("--message", "nowhere"), "prompt nowhere"),
        (("--counselor", "9999"), "no counselor has the extension 9999"),
    ],
)
def test_care_plan_that_cannot_be_is_refused_before_the_number_is_asked_for(
    desk: Desk, words: tuple[str, ...], fault: str
) -> None:
    said = desk.says("caller", "care", *words, fails=True)
    assert fault in said
    assert "Number" not in said


def test_notice_of_a_line_is_switched_on_and_off(desk: Desk) -> None:
    desk.has_prompt("storm")
    desk.has_prompt("flood")
    desk.says("line", "notice", "96525", "on")
    assert "storm" in desk.says("line", "list")
    desk.says("line", "notice", "96525", "flood")
    assert "flood" in desk.says("line", "list")
    desk.says("line", "notice", "96525", "off")
    assert "flood" not in desk.says("line", "list")
    changes = desk.journal(e.LineNoticeChanged)
    assert [change.prompt for change in changes] == ["storm", "flood", ""]


def test_notice_that_cannot_be_played_or_has_no_line_is_refused(desk: Desk) -> None:
    assert "prompt storm" in desk.says("line", "notice", "96525", "on", fails=True)
    assert "the lines are 12356, 96525" in desk.says("line", "notice", "1", "off", fails=True)


def test_lines_are_shown_open_or_closed(desk: Desk) -> None:
    shown = desk.says("line", "list")
    assert re.search("12356.* open .*96525.* closed", shown)
