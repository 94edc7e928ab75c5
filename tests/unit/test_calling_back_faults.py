"""A fault of ours in an attempt to call back: nobody sits in silence, and the promise stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from hotline.call import LegEnded
from hotline.contact import ContactState as S
from hotline.errors import PromptMissing
from hotline.events import AlarmKind, Reason
from hotline.events import CounselorState as C
from hotline.ids import LegId
from hotline.number import SealBroken
from tests.callback_scene import a_promise
from tests.unit.attempt import C1, NUMBER, ONE, Attempt, play

# --- the way to the conversation -----------------------------------------------------


def test_fault_of_ours_ends_the_attempt_and_keeps_the_promise() -> None:
    async def act(a: Attempt) -> None:
        await a.begin()
        a.visit.rescue()

    attempt = play(act)
    assert C1 in attempt.scene.callbacks.promises


# --- faults of ours ----------------------------------------------------------------------


def faulty(*_args: object, **_facts: object) -> NoReturn:
    raise RuntimeError(f"a fault that names {NUMBER}")


async def faulty_task(*_args: object, **_facts: object) -> None:
    raise RuntimeError("a fault that nobody thought of")


def no_number(a: Attempt) -> None:
    def broken(_sealed: object) -> str:
        raise SealBroken("sealed with another key")

    a.number_of = broken


def no_dialling(a: Attempt) -> None:
    a.scene.telephone.dial_caller = faulty  # type: ignore[method-assign]


def no_conversation(a: Attempt) -> None:
    a.scene.converse = faulty  # type: ignore[method-assign]


def no_fence(a: Attempt) -> None:
    a.scene.callbacks.dial = faulty_task  # type: ignore[method-assign,assignment]


@pytest.mark.parametrize("broken", [no_number, no_dialling, no_conversation, no_fence])
def test_fault_behind_the_counselors_yes_is_said_to_them_and_they_are_ready_again(
    broken: Callable[[Attempt], None], caplog: pytest.LogCaptureFixture
) -> None:
    async def act(a: Attempt) -> None:
        broken(a)
        await a.begin(a_promise())
        await a.pick_up()
        assert a.hears(a.desk) == ("callback_failed",)
        await a.words_are_over()

    a = play(act)
    assert a.desk in a.scene.telephone.ended
    assert a.scene.queue.states[ONE] is C.READY
    assert AlarmKind.FAULT in dict(a.scene.alarms.told)
    assert a.said[-1].startswith("release fault")
    assert NUMBER not in caplog.text + repr(a.scene.alarms.told)
    assert all(leg in a.scene.telephone.ended for _, _, leg in a.scene.telephone.called)
    assert a.visit.over


def test_fault_as_the_caller_takes_the_call_leaves_neither_of_the_two_in_silence() -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        conversation = a.visit._conversation
        assert conversation is not None
        conversation._talk.care.begin = faulty  # type: ignore[method-assign]
        with pytest.raises(RuntimeError):
            a.press("1")
        a.visit.rescue()
        assert a.hears(a.desk) == ("callback_failed",)
        await a.words_are_over()

    a = play(act)
    assert a.scene.audio.bridges == set()
    assert {a.desk, a.home} <= set(a.scene.telephone.ended)
    assert a.scene.queue.states[ONE] is C.READY
    assert "reached" not in a.said
    assert a.said[-1] == "release fault"


def no_announcement(a: Attempt) -> None:
    a.scene.prompts.missing.add("callback_announce")


def damaged_announcement(a: Attempt) -> None:
    play = a.scene.audio.play

    def refuses(leg: LegId, playlist: Sequence[Path], *, loop: bool = False) -> int:
        if leg == a.home:
            raise PromptMissing("callback_announce.wav cannot be opened")
        return play(leg, playlist, loop=loop)

    a.scene.audio.play = refuses  # type: ignore[method-assign]


def broken_player(a: Attempt) -> None:
    a.scene.audio.play = faulty  # type: ignore[method-assign]


@pytest.mark.parametrize("broken", [no_announcement, damaged_announcement, broken_player])
def test_caller_to_whom_the_announcement_cannot_be_said_gets_to_the_counselor_at_once(
    broken: Callable[[Attempt], None],
) -> None:
    async def act(a: Attempt) -> None:
        broken(a)
        await a.at_home()
        await a.settle()
        assert a.contact.state is S.TALKING
        await a.advance(60)  # and nothing ends it

    a = play(act)
    assert a.scene.audio.bridges == {frozenset({a.home, a.desk})}
    assert not {a.desk, a.home} & set(a.scene.telephone.ended)
    assert a.said[-1] == "reached"
    alarm = AlarmKind.FAULT if broken is broken_player else AlarmKind.PROMPT_MISSING
    assert alarm in dict(a.scene.alarms.told)


def test_counselor_who_cannot_be_told_of_the_callback_hears_music_until_the_caller_comes() -> None:
    async def act(a: Attempt) -> None:
        a.scene.prompts.missing.add("callback_counselor")
        await a.begin()
        await a.pick_up()
        assert a.hears(a.desk) == ("music",)

    play(act)


def test_words_that_cannot_be_said_by_a_fault_keep_nobody_on_the_line() -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        a.scene.audio.play = faulty  # type: ignore[method-assign]
        a.visit.leg_event(LegEnded(leg=a.home, reason=Reason.DECLINED, status=603))
        await a.settle()

    a = play(act)
    assert a.desk in a.scene.telephone.ended
    assert a.scene.queue.states[ONE] is C.READY


def test_fault_of_a_timer_ends_the_attempt() -> None:
    async def act(a: Attempt) -> None:
        await a.at_home()
        assert a.visit._conversation is not None
        a.visit._conversation.take_up = faulty  # type: ignore[method-assign]
        no_announcement(a)
        await a.advance(20)
        assert a.hears(a.desk) == ("callback_failed",)
        await a.words_are_over()

    a = play(act)
    assert {a.desk, a.home} <= set(a.scene.telephone.ended)
    assert AlarmKind.FAULT in dict(a.scene.alarms.told)


def test_callback_that_cannot_be_let_go_is_carried_no_more() -> None:
    async def act(a: Attempt) -> None:
        a.scene.callbacks.release = faulty_task  # type: ignore[method-assign,assignment]
        await a.at_home()
        await a.ends(a.home, Reason.DECLINED, 603)
        await a.words_are_over()

    a = play(act)
    assert a.visit.over
    assert AlarmKind.FAULT in dict(a.scene.alarms.told)


def test_menu_that_is_not_found_again_costs_nobody_the_callback() -> None:
    async def act(a: Attempt) -> None:
        a.scene._find_welcome = faulty_task  # type: ignore[method-assign,assignment]
        await a.at_home()
        a.press("1")

    a = play(act)
    assert a.contact.state is S.TALKING
    assert a.scene.audio.bridges == {frozenset({a.home, a.desk})}
