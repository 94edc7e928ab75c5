"""A conversation and the place that is kept for its caller, in either direction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from hotline import events as e
from hotline.events import Reason
from hotline.ports import KeptPlace
from tests.unit.scene import NOON, Scene

SINCE = NOON - timedelta(minutes=5)


def play(act: Callable[[Scene], Awaitable[None]]) -> Scene:
    """Act in a scene on a loop of its own; return the scene."""

    async def run() -> Scene:
        scene = Scene()
        await act(scene)
        await scene.settle()
        return scene

    return asyncio.run(run())


def test_kept_place_is_journalled_and_asked_for_from_then_on() -> None:
    async def act(s: Scene) -> None:
        s.queue.kept = KeptPlace(SINCE, "fault")
        await s.wait_in_line()
        s.conversation.tell_again(s.conversation.contact.id)

    scene = play(act)
    kept = scene.last(e.PlaceKept)
    assert isinstance(kept, e.PlaceKept)
    assert (kept.since, kept.because) == (SINCE, "fault")
    assert scene.journal.names.count("PlaceKept") == 1
    assert scene.queue.waiting[scene.conversation.contact.id].arrived_at == SINCE


def test_contact_that_the_queue_has_lost_is_in_line_again() -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        s.queue.waiting.clear()
        s.conversation.tell_again(s.conversation.contact.id)

    scene = play(act)
    assert list(scene.queue.waiting) == [scene.conversation.contact.id]


def test_contact_that_does_not_wait_is_not_put_in_line() -> None:
    async def act(s: Scene) -> None:
        await s.ring_in()
        s.conversation.tell_again(s.conversation.contact.id)

    assert play(act).queue.waiting == {}


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason.CALLER_HUNG_UP, ["leave"]),
        (Reason.RTP_SILENCE, ["leave by fault"]),
        (Reason.SESSION_EXPIRED, ["leave by fault"]),
    ],
)
def test_queue_hears_whether_a_waiting_caller_hung_up_or_was_cut_off(
    reason: Reason, said: list[str]
) -> None:
    async def act(s: Scene) -> None:
        await s.wait_in_line()
        s.queue.said.clear()
        await s.caller_hangs_up(reason)

    assert [what for what, _ in play(act).queue.said] == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason.CALLER_HUNG_UP, ["finish"]),
        (Reason.RTP_SILENCE, ["leave by fault", "finish"]),
    ],
)
def test_queue_hears_whether_a_conversation_ended_or_was_cut_off(
    reason: Reason, said: list[str]
) -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        s.queue.said.clear()
        await s.caller_hangs_up(reason)

    assert [what for what, _ in play(act).queue.said] == said


def test_shutdown_keeps_the_place_of_who_talks() -> None:
    async def act(s: Scene) -> None:
        await s.talk()
        s.queue.said.clear()
        s.conversation.fail(Reason.SHUTDOWN)

    assert [what for what, _ in play(act).queue.said] == ["leave by fault", "finish"]
