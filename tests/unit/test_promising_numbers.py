"""A caller who asks to be called: whatever the queue answers, no event has another's number."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hotline import events as e
from hotline.call import DigitPressed
from hotline.contact import ContactState as S
from hotline.ids import GatewayId
from tests.unit.scene import CALLER, Scene
from tests.unit.test_promising import play


async def is_granted(s: Scene) -> None:
    await s.press("91")


async def is_refused(s: Scene) -> None:
    contact = s.conversation.contact.id
    s.queue.waiting[contact] = replace(s.queue.waiting[contact], gateway=GatewayId("gateway-9"))
    await s.press("91")


async def is_not_answered(s: Scene) -> None:
    s.queue.away = True
    await s.press("91")
    await s.turn()
    s.queue.away = False
    await s.advance(2)


async def is_granted_to_one_in_danger(s: Scene) -> None:
    s.callbacks.thinking = asyncio.Event()
    for digit in "91":
        s.conversation.leg_event(DigitPressed(leg=CALLER, digit=digit))
        await s.turn()
    s.conversation.leg_event(DigitPressed(leg=CALLER, digit="0"))
    s.callbacks.thinking.set()
    await s.settle()


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (is_granted, S.PROMISED),
        (is_refused, S.QUEUED),
        (is_not_answered, S.QUEUED),
        (is_granted_to_one_in_danger, S.QUEUED),
    ],
)
def test_no_number_of_a_caller_who_asks_to_be_called_is_given_twice_or_missing(
    answer: object, state: S
) -> None:
    scene = play(answer)  # type: ignore[arg-type]
    contact = scene.conversation.contact
    assert contact.state is state
    own = [x.seq for x in scene.journal.events if isinstance(x, e.ContactEvent)]
    scripts = [held.seq for held in scene.callbacks.promises.values()]
    assert sorted(own + scripts) == list(range(1, contact.seq + 1))


def test_event_that_takes_the_place_of_a_promise_nobody_heard_of_has_its_id() -> None:
    """Of two with one id the scribe takes the first."""
    asked = []

    async def act(s: Scene) -> None:
        promise = s.callbacks.promise

        async def overheard(*args: object, **facts: object) -> bool:
            asked.append((facts["event"], facts["seq"]))
            return await promise(*args, **facts)  # type: ignore[arg-type]

        s.callbacks.promise = overheard  # type: ignore[method-assign,assignment]
        await is_not_answered(s)

    scene = play(act)
    [(event, seq)] = asked
    (filled,) = [x for x in scene.journal.events if x.id == event]
    assert isinstance(filled, e.ContactQueued)
    assert filled.seq == seq + 1
