"""A caller who waits and asks to be called: no trap, no promise that the queue did not make."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hotline import events as e
from hotline.call import DigitPressed, LegEnded, PlaybackFinished
from hotline.contact import ContactState as S
from hotline.conversation.promising import GOODBYE_SECONDS
from hotline.events import Priority, Reason
from hotline.ids import GatewayId
from tests.unit.scene import CALLER, NOON, Scene

Act = Callable[[Scene], Awaitable[None]]
WINDOWS = ("mon-sun 18:00-21:00",)


def play(act: Act, *, windows: tuple[str, ...] = (), enabled: bool = True) -> Scene:
    """The caller is in line; then `act`."""

    async def whole() -> Scene:
        scene = Scene(windows=windows if enabled else None)
        await scene.wait_in_line()
        await act(scene)
        await scene.settle()
        return scene

    return asyncio.run(whole())


async def hear_the_place(s: Scene) -> None:
    await s.hear_out()
    await s.advance(10)


def heard(s: Scene) -> tuple[str, ...]:
    return s.audio.playing.get(CALLER, ())


def test_announcement_tells_of_the_key() -> None:
    assert heard(play(hear_the_place)) == ("position_next", "callback_hint")


def test_announcement_says_nothing_of_it_where_nobody_is_called_back() -> None:
    async def act(s: Scene) -> None:
        await hear_the_place(s)
        await s.press("91")

    scene = play(act, enabled=False)
    assert heard(scene) == ("position_next",)
    assert scene.state is S.QUEUED


def test_caller_chooses_is_promised_and_hears_so_before_we_hang_up() -> None:
    async def act(s: Scene) -> None:
        await s.press("9")
        assert heard(s) == ("callback_soon", "callback_stay")
        await s.press("1")
        assert heard(s) == ("callback_promised",)
        assert CALLER not in s.telephone.ended
        await s.hear_out()

    scene = play(act)
    assert CALLER in scene.telephone.ended
    assert scene.state is S.PROMISED
    assert "CallbackPromised" not in scene.journal.names  # the queue's script has said it
    (held,) = scene.callbacks.promises.values()
    assert (held.promise.choice, held.seq) == ("soon", scene.conversation.contact.seq)
    assert held.promise.waiting.gateway == GatewayId("")
    assert held.promise.waiting.priority is Priority.NORMAL
    assert held.promise.consent
    assert not scene.conversation.lives
    assert scene.conversation.over


def test_window_is_offered_by_the_next_key_and_has_the_callbacks_priority() -> None:
    async def act(s: Scene) -> None:
        await s.press("9")
        assert heard(s)[1:6] == (
            "callback_today", "clock_18", "callback_until", "clock_21", "callback_press",
        )  # fmt: skip
        await s.press("2")

    scene = play(act, windows=WINDOWS)
    (held,) = scene.callbacks.promises.values()
    assert held.promise.choice == "window"
    assert held.promise.waiting.priority is Priority.CALLBACK
    assert held.promise.openings[0].opens == NOON.replace(hour=18)
    assert scene.conversation.contact.id not in scene.queue.waiting


def test_nobody_is_called_who_may_still_hear_our_goodbye() -> None:
    asked = []

    async def act(s: Scene) -> None:
        asked.append(s.clock.now())
        await s.press("91")

    (held,) = play(act).callbacks.promises.values()
    assert held.promise.openings[0].opens >= asked[0] + timedelta(seconds=GOODBYE_SECONDS)


@pytest.mark.parametrize("key", ["2", "9", "#"])
def test_wrong_key_leaves_the_caller_in_line(key: str) -> None:
    async def act(s: Scene) -> None:
        await s.press(f"9{key}")

    scene = play(act)
    assert heard(scene) == ("callback_kept",)
    assert (scene.state, scene.callbacks.promises) == (S.QUEUED, {})


def test_silence_leaves_the_caller_in_line_and_the_key_means_nothing_later() -> None:
    async def act(s: Scene) -> None:
        await s.press("9")
        await s.hear_out()
        await s.advance(40)
        await s.press("1")

    scene = play(act)
    assert (scene.state, scene.callbacks.said) == (S.QUEUED, [])


def test_queue_that_is_away_promises_nothing_and_the_caller_waits_on() -> None:
    async def act(s: Scene) -> None:
        s.queue.away = True
        await s.press("91")
        await s.turn()
        await s.turn()
        assert heard(s) == ("callback_impossible",)
        s.queue.away = False
        s.queue.waiting.clear()  # whatever it believes
        await s.advance(2)

    scene = play(act)
    assert scene.state is S.QUEUED
    assert scene.conversation.contact.id in scene.queue.waiting


def test_queue_that_refuses_leaves_the_caller_in_line() -> None:
    async def act(s: Scene) -> None:
        contact = s.conversation.contact.id
        other = replace(s.queue.waiting[contact], gateway=GatewayId("gateway-9"))
        s.queue.waiting[contact] = other
        await s.press("91")

    scene = play(act)
    assert (heard(scene), scene.state) == (("callback_impossible",), S.QUEUED)


async def hang_up_while_the_queue_thinks(s: Scene) -> None:
    s.callbacks.thinking = asyncio.Event()
    s.conversation.leg_event(DigitPressed(leg=CALLER, digit="9"))
    s.conversation.leg_event(DigitPressed(leg=CALLER, digit="1"))
    await s.turn()
    s.conversation.leg_event(LegEnded(leg=CALLER, reason=Reason.CALLER_HUNG_UP, status=200))
    assert "CallerLeft" not in s.journal.names
    s.callbacks.thinking.set()
    await s.settle()


def test_caller_who_hangs_up_right_after_the_key_is_called_back() -> None:
    scene = play(hang_up_while_the_queue_thinks)
    assert scene.state is S.PROMISED
    assert "CallerLeft" not in scene.journal.names


def test_caller_who_hangs_up_and_is_promised_nothing_has_left() -> None:
    async def act(s: Scene) -> None:
        s.queue.waiting.clear()
        await hang_up_while_the_queue_thinks(s)

    scene = play(act)
    assert scene.state is S.ABANDONED
    assert scene.termination.reason is Reason.CALLER_HUNG_UP


def test_danger_key_during_the_choice_is_a_crisis_and_no_callback() -> None:
    async def act(s: Scene) -> None:
        await s.press("901")

    scene = play(act)
    assert scene.callbacks.promises == {}
    assert scene.queue.waiting[scene.conversation.contact.id].priority is Priority.CRISIS


def test_danger_key_after_the_promise_is_a_crisis_and_nobody_hangs_up() -> None:
    async def act(s: Scene) -> None:
        await s.press("91")
        await s.press("0")
        assert heard(s) == ("danger_confirmed",)
        await s.hear_out()
        await s.advance(60)

    scene = play(act)
    assert scene.queue.waiting[scene.conversation.contact.id].priority is Priority.CRISIS
    assert scene.state is S.QUEUED
    assert CALLER not in scene.telephone.ended


def test_caller_in_a_crisis_is_offered_no_callback() -> None:
    async def act(s: Scene) -> None:
        await s.press("0")
        await s.press("91")

    scene = play(act)
    assert (scene.callbacks.said, heard(scene)) == ([], ("danger_confirmed",))


def test_caller_whose_number_is_unknown_is_offered_none() -> None:
    async def act(s: Scene) -> None:
        s.conversation = s.converse(replace(s.conversation.arrival, dialable=False), None)  # type: ignore[arg-type]
        await s.wait_in_line()
        await s.press("91")

    assert play(act).callbacks.said == []


def test_key_means_nothing_while_a_counselors_phone_rings() -> None:
    async def act(s: Scene) -> None:
        await s.be_offered()
        await s.press("91")

    scene = play(act)
    assert (scene.callbacks.said, scene.state) == ([], S.OFFERED)


def test_late_events_of_the_callers_leg_after_the_promise_do_no_harm() -> None:
    async def act(s: Scene) -> None:
        await s.press("91")
        await s.hear(PlaybackFinished(leg=CALLER, playlist=999))
        await s.caller_hangs_up()
        s.conversation.fail(Reason.SHUTDOWN)

    scene = play(act)
    assert scene.state is S.PROMISED
    assert not [x for x in scene.journal.events if isinstance(x, e.CallerLeft | e.ContactFailed)]
